"""Reads the account's templates: Twilio's Content API, with what Meta said to each."""

import re
from collections.abc import Iterator, Sequence

from bridge.domain.errors import OutcomeUnknown, PayloadInvalid
from bridge.payload import Payload
from bridge.ports import Account, TemplateReading
from connectors.twilio.client import CONTENT, Client

PATH = "/v1/ContentAndApprovals?PageSize=500"
_PLACE = re.compile(r"\{\{\s*([^{}\s]{1,40})\s*\}\}")


def read_templates(account: Account) -> Sequence[TemplateReading]:
    """Raises what `Reader` raises."""
    return tuple(templates_of(Client(account)))


def templates_of(client: Client) -> Iterator[TemplateReading]:
    for item in client.items(PATH, "contents", host=CONTENT):
        try:
            yield _template(item)
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"twilio: GET /v1/ContentAndApprovals: {error}") from error


def _template(item: Payload) -> TemplateReading:
    approval = item.get("approval_requests") or Payload({}, f"{item.path}.approval_requests")
    status = approval.text_or("status")
    text = _text(item.get("types"))
    named = item.get("variables")
    places = set(_PLACE.findall(text)) | set({} if named is None else named.mapping())
    numbered = all(place.isdecimal() for place in places)
    said = approval.text_or("rejection_reason") or status
    return TemplateReading(
        template_id=item.at("sid").text(),
        name=item.text_or("friendly_name"),
        language=item.text_or("language"),
        text=text,
        usable=status == "approved" and numbered,
        places=len(places),
        detail=said if numbered else f"{said}; its places have names",
        category=approval.text_or("category").lower(),
    )


def _text(types: Payload | None) -> str:
    """How it reads: the first of its forms that has words."""
    if types is None:
        return ""
    for kind in types.mapping():
        form = types.get(kind)
        body = None if form is None or not isinstance(form.value, dict) else form.get("body")
        if body is not None and isinstance(body.value, str):
            return body.text()
    return ""
