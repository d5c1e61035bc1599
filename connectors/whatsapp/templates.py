"""Reads the templates of an account, and which of them the bridge can fill in."""

import re
from collections.abc import Sequence

from bridge.domain.errors import OutcomeUnknown, PayloadInvalid
from bridge.payload import Payload
from bridge.ports import Account, TemplateReading
from connectors.whatsapp.client import http_for, pages, version_of, wabas_of
from connectors.whatsapp.reading import identifier

_FIELDS = "id,name,language,status,category,components,parameter_format,rejected_reason"
_PLACE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_APPROVED = "APPROVED"


def templates(account: Account) -> Sequence[TemplateReading]:
    """All of them, approved or not. Raises what a Reader raises."""
    http, version = http_for(account), version_of(account)
    params = {"fields": _FIELDS, "limit": "100"}
    found = (
        item
        for waba in wabas_of(account)
        for item in pages(http, f"/{version}/{waba}/message_templates", params)
    )
    try:
        return [_template(item) for item in found]
    except PayloadInvalid as error:
        raise OutcomeUnknown(f"whatsapp: GET message_templates: {error}") from error


def _template(item: Payload) -> TemplateReading:
    status = item.text_or("status")
    parts = _parts(item)
    texts = {part.text_or("type"): part.text_or("text") for part in parts}
    body = texts.get("BODY", "")
    obstacle = _obstacle(item, parts)
    refused = item.text_or("rejected_reason")
    detail = status if refused in ("", "NONE") else f"{status}: {refused}"
    shown = (texts.get(kind, "") for kind in ("HEADER", "BODY", "FOOTER"))
    return TemplateReading(
        template_id=identifier(item, "id"),
        name=item.at("name").text(),
        language=item.at("language").text(),
        text="\n".join(text for text in shown if text),
        usable=status == _APPROVED and not obstacle,
        places=len(set(_PLACE.findall(body))),
        detail=f"{detail}; {obstacle}" if obstacle else detail,
        category=item.text_or("category").lower(),
    )


def _parts(item: Payload) -> list[Payload]:
    found = item.get("components")
    return [] if found is None else list(found.items())


def _obstacle(item: Payload, parts: Sequence[Payload]) -> str:
    """What keeps the bridge from sending a template that Meta has approved: it fills in the places
    of the text, in order, and nothing else."""
    if item.text_or("parameter_format").upper() == "NAMED":
        return "its places have names"
    if item.text_or("category") == "AUTHENTICATION":
        return "it is for one-time codes"
    for part in parts:
        kind = part.text_or("type")
        if kind == "HEADER" and part.text_or("format", "TEXT") not in ("", "TEXT"):
            return "its header is a file"
        if kind == "HEADER" and _PLACE.search(part.text_or("text")):
            return "its header has a place"
        if kind == "BUTTONS" and _wants_values(part):
            return "a button of it wants a value"
        if kind in ("CAROUSEL", "LIMITED_TIME_OFFER"):
            return f"it is a {kind.lower()}"
    return ""


def _wants_values(part: Payload) -> bool:
    """An address with a place, a form, a catalogue or a code to copy."""
    buttons = part.at("buttons").items()
    plain = ("QUICK_REPLY", "PHONE_NUMBER", "REQUEST_CONTACT_INFO", "VOICE_CALL")
    return any(
        button.text_or("type") not in plain
        and (button.text_or("type") != "URL" or bool(_PLACE.search(button.text_or("url"))))
        for button in buttons
    )
