"""What a Telegram message holds: its text, its files, and a line for everything else; pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bridge.domain.messaging import Media, MediaKind
from bridge.payload import Payload, storable
from connectors.telegram.reading import number, person_name, short_text, size_of
from connectors.telegram.words import CONTENT_TYPES, FILES, STAND_INS, UNKNOWN_CONTENT

MAX_PARTS = 100  # of a poll or a checklist


def text_of(message: Payload) -> str:
    """What people read; empty only where a file speaks for itself."""
    for key, entities in (("text", "entities"), ("caption", "caption_entities")):
        if message.text_or(key):
            return _with_links(message.text_or(key), message.get(entities))
    for key, line in _LINES.items():
        if (found := message.get(key)) is not None:
            return line(found)
    for key, stand_in in STAND_INS.items():
        if message.has(key):
            return stand_in
    return "" if media_of(message) else UNKNOWN_CONTENT


def media_of(message: Payload) -> tuple[Media, ...]:
    """A file is named by its id: its link would tell the bot's token."""
    place = _place(message)
    if place is not None:
        return (place,)
    card = message.get("contact")
    if card is not None:
        return (Media(kind=MediaKind.CONTACT_CARD, name=person_name(card)),)
    return tuple(_files(message))


def _files(message: Payload) -> Iterator[Media]:
    for key, kind in FILES.items():
        found = message.get(key)
        if found is None or (key == "document" and message.has("animation")):
            continue  # an animation comes as a document too, for old bots
        file = _largest(found) if key == "photo" else found
        if file is not None:
            yield Media(
                kind=kind,
                media_id=file.at("file_id").text(),
                name=file.text_or("file_name") or file.text_or("title"),
                content_type=file.text_or("mime_type") or _content_type(key, file),
                size=size_of(file),
            )


def _largest(sizes: Payload) -> Payload | None:
    """Of the sizes of a photo."""
    areas = [(_side(size, "width") * _side(size, "height"), size) for size in sizes.items()]
    return max(areas, key=lambda found: found[0])[1] if areas else None


def _side(size: Payload, key: str) -> int:
    found = size.get(key)
    return 0 if found is None else found.integer()


def _content_type(key: str, file: Payload) -> str:
    if key == "sticker" and file.mapping().get("is_animated") is True:
        return "application/x-tgsticker"
    if key == "sticker" and file.mapping().get("is_video") is True:
        return "video/webm"
    return CONTENT_TYPES.get(key, "")


def _place(message: Payload) -> Media | None:
    venue = message.get("venue")
    found = message.get("location") if venue is None else venue.at("location")
    if found is None:
        return None
    at = f"geo:{_degrees(found, 'latitude')},{_degrees(found, 'longitude')}"
    return Media(
        kind=MediaKind.LOCATION, url=at, name="" if venue is None else venue.text_or("title")
    )


def _degrees(place: Payload, key: str) -> str:
    found = place.at(key)
    if isinstance(found.value, float) and abs(found.value) <= 180:
        return f"{found.value:.6f}".rstrip("0").rstrip(".")
    return str(found.integer())


def _with_links(text: str, entities: Payload | None) -> str:
    """Links that hide behind words are written out after them; offsets count UTF-16 units."""
    if entities is None:
        return text
    units = text.encode("utf-16-le")
    for end, url in sorted(_hidden_links(entities), reverse=True):
        at = min(max(end, 0) * 2, len(units))
        units = units[:at] + f" ({url})".encode("utf-16-le") + units[at:]
    return storable(units.decode("utf-16-le", "replace"))


def _hidden_links(entities: Payload) -> Iterator[tuple[int, str]]:
    for entity in entities.items():
        if entity.text_or("type") == "text_link":
            yield (
                entity.at("offset").integer() + entity.at("length").integer(),
                entity.text_or("url"),
            )


def _card(card: Payload) -> str:
    said = (person_name(card), short_text(card, "phone_number"))
    return ", ".join(part for part in said if part)


def _venue(venue: Payload) -> str:
    return ", ".join(part for key in ("title", "address") if (part := venue.text_or(key)))


def _dice(dice: Payload) -> str:
    return f"{dice.text_or('emoji', '🎲')} {number(dice, 'value')}"


def _sticker(sticker: Payload) -> str:
    return sticker.text_or("emoji")


def _poll(poll: Payload) -> str:
    return _list(poll.text_or("question"), poll.get("options"))


def _checklist(checklist: Payload) -> str:
    return _list(checklist.text_or("title"), checklist.get("tasks"))


def _list(head: str, parts: Payload | None) -> str:
    items = [] if parts is None else [f"• {part.text_or('text')}" for part in parts.items()]
    return "\n".join([head, *items[:MAX_PARTS]])


def _web_app(data: Payload) -> str:
    return ": ".join(part for key in ("button_text", "data") if (part := data.text_or(key)))


def _rich(message: Payload) -> str:
    lines = (line for line in _blocks(message.at("blocks").value) if line)
    return storable("\n".join(lines)) or UNKNOWN_CONTENT


def _blocks(value: Any) -> Iterator[str]:
    """The lines of a formatted message in their order, its formatting left out."""
    for block in value if isinstance(value, list) else [value]:
        if isinstance(block, list):
            yield from _blocks(block)
        elif isinstance(block, dict):
            yield from (_words(block.get(key)) for key in ("summary", "text"))
            for key in ("blocks", "items", "cells"):
                yield from _blocks(block.get(key, []))
            yield from (_words(block.get(key)) for key in ("caption", "credit"))


def _words(value: Any) -> str:
    """A run of text, in whatever it is wrapped."""
    if isinstance(value, list):
        return "".join(_words(part) for part in value)
    if isinstance(value, dict):
        return _words(value.get("text"))
    return value if isinstance(value, str) else ""


_LINES: Mapping[str, Callable[[Payload], str]] = {
    "contact": _card,
    "venue": _venue,
    "dice": _dice,
    "sticker": _sticker,
    "poll": _poll,
    "checklist": _checklist,
    "web_app_data": _web_app,
    "rich_message": _rich,
}
