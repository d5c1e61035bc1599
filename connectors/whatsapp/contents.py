"""What a WhatsApp message says: its text and files, whatever its type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bridge.domain.errors import PayloadInvalid
from bridge.domain.messaging import Media, MediaKind
from bridge.payload import Payload
from connectors.whatsapp.reading import (
    coordinate,
    digits_of,
    hex_of,
    identifier,
    identifier_or,
    phone_of,
    safe_word,
    word,
)
from connectors.whatsapp.words import FILES, NOT_SHOWN, PLACEHOLDER

MAX_LINES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    text: str = ""
    media: tuple[Media, ...] = ()
    pressed: str | None = None


def content_of(item: Payload) -> Content:
    """Of a message, of the message within an edit, of an echo: never silent. A type that we do not
    know, or that WhatsApp does not hand over, has a text that says so."""
    kind = item.text_or("type")
    if kind in FILES:
        return _file(item.at(kind), FILES[kind])
    read = _READERS.get(kind)
    if read is None:
        return Content(text=_unknown(item, kind))
    found = item.get(kind)
    return Content(text=_unknown(item, kind)) if found is None else read(found)


def _unknown(item: Payload, kind: str) -> str:
    if kind == "media_placeholder":
        return PLACEHOLDER
    if kind != "unsupported":
        return f"{NOT_SHOWN[:-1]}: {safe_word(kind)})" if kind else NOT_SHOWN
    told = item.get("unsupported")
    inner = word(told, "type") if told is not None and isinstance(told.value, dict) else "other"
    return NOT_SHOWN if inner in ("other", "unknown") else f"{NOT_SHOWN[:-1]}: {inner})"


def _text(item: Payload) -> Content:
    return Content(text=item.at("body").text())


def _file(item: Payload, kind: MediaKind) -> Content:
    voice = kind is MediaKind.AUDIO and item.mapping().get("voice") is True
    media = Media(
        kind=MediaKind.VOICE if voice else kind,
        media_id=identifier_or(item, "id"),
        name=item.text_or("filename"),
        content_type=item.text_or("mime_type"),
        sha256=hex_of(item.text_or("sha256")),
    )
    return Content(text=item.text_or("caption"), media=(media,))


def _location(item: Payload) -> Content:
    name, address = item.text_or("name"), item.text_or("address")
    place = Media(
        kind=MediaKind.LOCATION,
        url=f"geo:{coordinate(item, 'latitude')},{coordinate(item, 'longitude')}",
        name=name or address,
    )
    told = (name, address, item.text_or("url"))
    return Content(text="\n".join(line for line in told if line), media=(place,))


def _cards(item: Payload) -> Content:
    cards = [_card(card) for card in item.items()]
    media = tuple(Media(kind=MediaKind.CONTACT_CARD, name=name) for name, _ in cards)
    lines = [f"{name}: {', '.join(ways)}" if ways else name for name, ways in cards]
    return Content(text="\n".join(lines[:MAX_LINES]), media=media[:MAX_LINES])


def _card(item: Payload) -> tuple[str, tuple[str, ...]]:
    """The name and all numbers and addresses; a card of Meta's own request holds a number alone."""
    named = item.get("name") or Payload({}, item.path)
    phones = tuple(_number(phone) for phone in _listed(item, "phones"))
    mails = tuple(mail.text_or("email") for mail in _listed(item, "emails"))
    name = named.text_or("formatted_name") or named.text_or("first_name")
    ways = tuple(way for way in (*phones, *mails) if way)
    return (name, ways) if name else (ways[0] if ways else "?", ways[1:])


def numbers_on(card: Payload) -> list[str]:
    """The numbers of a card, in international form; others are left out."""
    told = [_number(phone) for phone in _listed(card, "phones")]
    found = (phone_of(digits_of(number)) for number in told if number.strip().startswith("+"))
    return [number for number in found if number]


def _number(item: Payload) -> str:
    return item.text_or("phone") or phone_of(identifier_or(item, "wa_id")) or ""


def _listed(item: Payload, key: str) -> list[Payload]:
    found = item.get(key)
    return [] if found is None else list(found.items())


def _order(item: Payload) -> Content:
    lines = [_order_line(product) for product in _listed(item, "product_items")]
    said = item.text_or("text")
    return Content(text="\n".join(("(order)", *lines[:MAX_LINES], *([said] if said else ()))))


def _order_line(item: Payload) -> str:
    price = item.get("item_price")
    each = "" if price is None else f" at {_amount(price)} {item.text_or('currency')}".rstrip()
    return f"{_amount(item.at('quantity'))} × {identifier(item, 'product_retailer_id')}{each}"


def _amount(item: Payload) -> str:
    value = item.value
    if isinstance(value, float) and abs(value) < 1e12:
        return f"{value:g}" if value == round(value) else f"{value:.2f}"
    return item.identifier()


def _button(item: Payload) -> Content:
    pressed = identifier_or(item, "payload") or None
    return Content(text=item.text_or("text") or pressed or NOT_SHOWN, pressed=pressed)


def _interactive(item: Payload) -> Content:
    kind = item.text_or("type")
    read = _ANSWERS.get(kind)
    found = item.get(kind) if read is not None else None
    if read is None or found is None:
        return Content(text=f"{NOT_SHOWN[:-1]}: {safe_word(kind)})")
    return read(found)


def _reply(item: Payload) -> Content:
    """A reply button, or a row of a list with its second line."""
    lines = (item.at("title").text(), item.text_or("description"))
    text = "\n".join(line for line in lines if line)
    return Content(text=text, pressed=identifier_or(item, "id") or None)


def _form(item: Payload) -> Content:
    """A filled-in form; its answers come as JSON within a string. The token says nothing to
    people, and is a secret of the form's own server."""
    told = item.text_or("response_json")
    try:
        answers = Payload.from_bytes(told.encode()).mapping()
    except PayloadInvalid:
        lines = [line for line in (item.text_or("body"), told) if line]
        return Content(text="\n".join(lines) or "(form)")
    lines = [
        f"{Payload(name).text()}: {_shown(value)}"
        for name, value in answers.items()
        if name != "flow_token"
    ]
    text = "\n".join((item.text_or("body") or "(form)", *lines[:MAX_LINES]))
    return Content(text=text)


def _shown(value: object) -> str:
    found = Payload(value)
    return found.text() if isinstance(value, str) else found.raw()


def _call_permission(item: Payload) -> Content:
    return Content(text=f"(call permission: {word(item, 'response')})")


_ANSWERS: Mapping[str, Callable[[Payload], Content]] = {
    "button_reply": _reply,
    "list_reply": _reply,
    "nfm_reply": _form,
    "call_permission_reply": _call_permission,
}
_READERS: Mapping[str, Callable[[Payload], Content]] = {
    "text": _text,
    "location": _location,
    "contacts": _cards,
    "order": _order,
    "button": _button,
    "interactive": _interactive,
}
