"""Reads what Kannel calls with: the query that its configuration spells, and the text as body."""

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from bridge.domain.errors import PayloadInvalid
from bridge.payload import storable
from bridge.ports import RawRequest
from connectors.kannel.words import MAX_ID

MAX_FIELDS = 100
FORM = "application/x-www-form-urlencoded"
BINARY = "application/octet-stream"
_CHARSET = re.compile(r"charset=\"?([A-Za-z0-9._:-]{1,40})\"?", re.IGNORECASE)
# The only ones that Kannel makes; others that Python knows can blow a body up.
_CHARSETS = frozenset(
    {"utf-8", "utf-16-be", "utf-16", "iso8859-1", "iso8859-15", "cp1252", "ascii"}
)


@dataclass(frozen=True, slots=True)
class Fields:
    values: Mapping[str, str]

    def text(self, name: str) -> str:
        return storable(self.values.get(name, ""))

    def identifier(self, name: str) -> str:
        """A field that must be there; too long a one is refused."""
        found = self.text(name).strip()
        if not 0 < len(found) <= MAX_ID:
            said = "too long for an id" if found else "missing"
            raise PayloadInvalid(f"$.{name} is {said}", f"$.{name}")
        return found

    def raw(self) -> str:
        return json.dumps(self.values, separators=(",", ":"))


def fields_of(request: RawRequest) -> Fields:
    """The query's fields, and `text` from the body of a POST; a form's fields where it is one.

    Raises PayloadInvalid when there are too many, or none.
    """
    kind = request.headers.get("content-type", "")
    is_form = kind.split(";")[0].strip().lower() == FORM
    try:
        found = _read(urlsplit(request.url).query)
        if request.method == "POST" and is_form:
            found |= _read(request.body.decode("utf-8", "replace"))
    except ValueError as error:
        raise PayloadInvalid(f"more than {MAX_FIELDS} fields, or no address") from error
    if request.method == "POST" and not is_form and found:
        found["text"] = _body(request.body, kind)
    if not any(found.values()):
        raise PayloadInvalid("no field at all: the URL in Kannel's configuration has no query")
    return Fields(found)


def _read(query: str) -> dict[str, str]:
    """The first where a name comes twice; in the charset that the query names, or UTF-8."""
    plain = _pairs(query, "utf-8")
    named = charset_of(dict(plain).get("charset", ""))
    return dict(reversed(plain if named == "utf-8" else _pairs(query, named)))


def _pairs(query: str, charset: str) -> list[tuple[str, str]]:
    return parse_qsl(
        query,
        keep_blank_values=True,
        encoding=charset,
        errors="replace",
        max_num_fields=MAX_FIELDS,
    )


def _body(body: bytes, kind: str) -> str:
    if kind.split(";")[0].strip().lower() == BINARY:
        return f"(a binary message of {len(body)} bytes)" if body else ""
    found = _CHARSET.search(kind)
    return body.decode(charset_of(found[1] if found else ""), "replace")


def charset_of(name: str) -> str:
    """Python's name of a charset that Kannel may name; UTF-8 where it is none of those."""
    try:
        known = codecs.lookup(name.strip() or "utf-8").name
    except (LookupError, ValueError):
        return "utf-8"
    return known if known in _CHARSETS else "utf-8"
