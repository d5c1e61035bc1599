"""Reads what Twilio posts: a form, or the query of a GET."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from bridge.domain.errors import PayloadInvalid
from bridge.payload import storable
from bridge.ports import RawRequest
from connectors.twilio.words import MAX_ID

MAX_FIELDS = 1000
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """The fields by name, the first where one came twice; texts as any store can hold them."""

    fields: Mapping[str, str]

    def text(self, name: str) -> str:
        return storable(self.fields.get(name, ""))

    def identifier(self, name: str) -> str:
        """A field that must be there; too long a one is refused."""
        found = self.text(name)
        if not 0 < len(found) <= MAX_ID:
            said = "too long for an id" if found else "missing"
            raise PayloadInvalid(f"$.{name} is {said}", f"$.{name}")
        return found

    def flag(self, name: str) -> bool:
        return self.text(name).lower() == "true"

    def count(self, name: str, most: int) -> int:
        """A number from 0 to `most`; 0 when it is none."""
        found = self.text(name)
        is_number = found.isascii() and found.isdigit() and len(found) < 4
        return min(int(found), most) if is_number else 0

    def raw(self) -> str:
        return json.dumps(self.fields, separators=(",", ":"))


def content_type(request: RawRequest) -> str:
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


def pairs(request: RawRequest) -> Sequence[tuple[str, str]]:
    """Names and values as they came, blank ones too. Raises ValueError when there are too many."""
    if request.method == "GET":
        return _pairs(urlsplit(request.url).query)
    return _pairs(request.body.decode("utf-8", "replace"))


def form_of(request: RawRequest) -> Form:
    """Raises PayloadInvalid when it holds no field."""
    try:
        found = pairs(request)
    except ValueError as error:
        raise PayloadInvalid(f"more than {MAX_FIELDS} fields, or no address") from error
    if not any(value for _, value in found):
        raise PayloadInvalid("the form is empty")
    return Form({storable(name): value for name, value in reversed(found)})


def _pairs(text: str) -> Sequence[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
