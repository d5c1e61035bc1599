"""How a message reads as a Salesforce task: plain text, bounded, its time in words.

A task has a date and no time, so the time stands in its text. Lengths:
https://developer.salesforce.com/docs/atlas.en-us.sfFieldRef.meta/sfFieldRef/
salesforce_field_reference_Task.htm (Subject 255, Description 32,000).
"""

from datetime import UTC

from bridge.domain.effects import WriteTimelineEntry
from bridge.domain.messaging import Direction, Media
from connectors.salesforce.soql import seen

MAX_SUBJECT = 255
MAX_DESCRIPTION = 32_000
_ARROWS = {Direction.IN: "→", Direction.OUT: "←"}
_LINKABLE = ("https://", "http://")
_CUT = "… (cut: the whole message is in the conversation)"


def subject(entry: WriteTimelineEntry, note: str = "") -> str:
    missing = [word for word in (entry.channel, entry.author_name) if word not in entry.head]
    words = " · ".join(word for word in (entry.head, *missing) if word)
    noted = f" ({note})" if note else ""
    head = f"{_ARROWS[entry.direction]} {_line(words)}"
    return _fitting(head, MAX_SUBJECT - len(noted), "…") + noted


def description(entry: WriteTimelineEntry, note: str = "") -> str:
    """The whole message between a line that says when, and links to its files and the chat."""
    when = entry.occurred_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    top = " · ".join(word for word in (when, entry.messenger.value, entry.channel, note) if word)
    tail = [_file(media) for media in entry.media]
    if entry.link.startswith(_LINKABLE):
        tail.append(f"Conversation: {entry.link}")
    tail.append(entry.source)
    bottom = "\n".join(_line(line) for line in tail)
    room = MAX_DESCRIPTION - len(top) - len(bottom) - 4
    parts = (_line(top), _fitting(_lines(entry.text), room, _CUT), bottom)
    return _fitting("\n\n".join(part for part in parts if part), MAX_DESCRIPTION, "…")


def fitting_line(text: str) -> str:
    """As a subject."""
    return _fitting(_line(text), MAX_SUBJECT, "…")


def fitting_text(text: str) -> str:
    """As a description."""
    return _fitting(_lines(text), MAX_DESCRIPTION, "…")


def _file(media: Media) -> str:
    """A link and what it is; a file that nothing can be clicked on is named all the same."""
    label = " · ".join(word for word in (media.name, media.content_type) if word)
    shown = label or media.kind.value
    return f"{shown}: {media.url}" if media.url.startswith(_LINKABLE) else shown


def _line(text: str) -> str:
    return " ".join(seen(text.replace("\n", " ")).split())


def _lines(text: str) -> str:
    """Without what hides or turns text; line ends and tabs stay."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("\t".join(seen(part) for part in line.split("\t")) for line in lines)


def _fitting(text: str, room: int, cut: str) -> str:
    return text if len(text) <= room else text[: max(0, room - len(cut))] + cut
