"""Reads the WABA templates of an account, and which of them the bridge can fill in."""

import re
from collections.abc import Iterator, Sequence

from bridge.domain.errors import OutcomeUnknown, PayloadInvalid
from bridge.payload import Payload
from bridge.ports import Account, TemplateReading
from connectors.wazzup.client import http_for, read
from connectors.wazzup.reading import identifier

_PATH = "/v3/templates/whatsapp"
PAGE = 100
_MOST_PAGES = 100
_PLACE = re.compile(r"\{\{\s*([^{}\s]{1,40})\s*\}\}")


def templates(account: Account) -> Sequence[TemplateReading]:
    """All of them, approved or not, once for each channel that they are connected to. Raises what
    a Reader raises."""
    http = http_for(account)
    found: list[TemplateReading] = []
    for page in range(_MOST_PAGES):
        path = f"{_PATH}?limit={PAGE}&offset={page * PAGE}"
        try:
            items = list(read(http, path).items())
            found.extend(reading for item in items for reading in _readings(item))
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"wazzup: GET {_PATH}: {error}") from error
        if len(items) < PAGE:
            break
    return found


def _readings(item: Payload) -> Iterator[TemplateReading]:
    parts = list(_listed(item, "components"))
    texts = {part.text_or("type").upper(): part.text_or("text") for part in parts}
    status = item.text_or("status").lower()
    refused = item.text_or("rejected_reason")
    obstacle = _obstacle(parts)
    told = f"{status}: {refused}" if refused and status != "approved" else status
    shown = (texts.get(kind, "") for kind in ("HEADER", "BODY", "FOOTER"))
    channels = [channel.identifier() for channel in _listed(item, "channels")]
    for channel_id in channels or [""]:
        yield TemplateReading(
            template_id=identifier(item, "templateGuid"),
            name=item.text_or("title") or item.text_or("name"),
            language=item.text_or("language"),
            text="\n".join(text for text in shown if text),
            usable=status == "approved" and not obstacle,
            places=len(set(_PLACE.findall(texts.get("BODY", "")))),
            channel_id=channel_id,
            detail=f"{told}; {obstacle}" if obstacle else told,
            category=item.text_or("category").lower(),
        )


def _obstacle(parts: Sequence[Payload]) -> str:
    """What keeps the bridge from sending it: it fills in the places of the text, and no others."""
    for part in parts:
        kind, text = part.text_or("type").upper(), part.text_or("text")
        if kind == "HEADER" and part.text_or("format", "TEXT").upper() not in ("", "TEXT"):
            return "its header is a file"
        if kind == "HEADER" and _PLACE.search(text):
            return "its header has a place"
        if kind == "BODY" and not all(place.isdecimal() for place in _PLACE.findall(text)):
            return "its places have names"
        if kind == "BUTTONS" and any(
            _PLACE.search(button.text_or("url")) for button in _listed(part, "buttons")
        ):
            return "a button of it wants a value"
    return ""


def _listed(item: Payload, key: str) -> Iterator[Payload]:
    found = item.get(key)
    return iter(()) if found is None else found.items()
