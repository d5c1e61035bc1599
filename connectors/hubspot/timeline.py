"""How a message reads in HubSpot's timeline, and the mark by which we know it again.

A communication has no field for the direction and none for a key of ours, so both stand in its
text. Source: https://developers.hubspot.com/docs/api-reference/latest/crm/activities/communications
"""

from collections.abc import Mapping
from html import escape

from bridge.domain.effects import WriteTimelineEntry
from bridge.domain.messaging import Direction, Media, Messenger
from bridge.domain.names import MessageId, digest_id

MAX_BODY = 65_536  # of a note; HubSpot tells none for communications
OTHER_CHANNEL = "CUSTOM_CHANNEL_CONVERSATION"
_CHANNEL_TYPES: Mapping[Messenger, str] = {
    Messenger.WHATSAPP: "WHATS_APP",
    Messenger.SMS: "SMS",
}
_ARROWS = {Direction.IN: "→", Direction.OUT: "←"}
_LINKABLE = ("https://", "http://")
_CUT = "… <em>(cut: the whole message is in the conversation)</em>"


def channel_type(entry: WriteTimelineEntry) -> str:
    """Documented are WHATS_APP, SMS and LINKEDIN_MESSAGE; the third word is seen in public code."""
    return _CHANNEL_TYPES.get(entry.messenger, OTHER_CHANNEL)


def mark(message: MessageId) -> str:
    """Made from our message's id, so that it outlives edits: `[bridge:ab12cd34ef]`."""
    return f"[bridge:{digest_id('', message)[1:11]}]"


def communication(entry: WriteTimelineEntry, note: str = "") -> dict[str, str]:
    """Properties of a communication; times are epoch milliseconds."""
    return {
        "hs_communication_channel_type": channel_type(entry),
        "hs_communication_logged_from": "CRM",
        "hs_communication_body": body(entry, note),
        **_when_and_who(entry),
    }


def comment(entry: WriteTimelineEntry, note: str = "") -> dict[str, str]:
    """Properties of a note, for accounts whose HubSpot refuses other channels than it knows."""
    return {"hs_note_body": body(entry, note), **_when_and_who(entry)}


def body(entry: WriteTimelineEntry, note: str = "") -> str:
    """A head line that says direction, channel and author, and below it the whole message."""
    head = f"<p><strong>{escape(_head(entry))}</strong>{_noted(note)}</p>"
    tail = "".join(_paragraph(line) for line in _tail(entry))
    text = escape(entry.text, quote=False).replace("\n", "<br>")
    room = MAX_BODY - len(head) - len(tail) - len("<p></p>")
    return head + _paragraph(_fitting(text, room)) + tail


def remark_body(subject: str, text: str, known: str) -> str:
    """A note or task of our own: a short line, if it has one, the text, and our mark."""
    head = f"<p><strong>{escape(subject)}</strong></p>" if subject else ""
    tail = _paragraph(escape(known))
    lines = escape(text, quote=False).replace("\n", "<br>")
    return head + _paragraph(_fitting(lines, MAX_BODY - len(head) - len(tail) - 7)) + tail


def _when_and_who(entry: WriteTimelineEntry) -> dict[str, str]:
    who = {} if entry.author is None else {"hubspot_owner_id": str(entry.author)}
    return {"hs_timestamp": str(round(entry.occurred_at.timestamp() * 1000)), **who}


def _head(entry: WriteTimelineEntry) -> str:
    missing = [word for word in (entry.channel, entry.author_name) if word not in entry.head]
    words = " · ".join(word for word in (entry.head, *missing) if word)
    return f"{_ARROWS[entry.direction]} {words}"


def _noted(note: str) -> str:
    return f" <em>({escape(note)})</em>" if note else ""


def _tail(entry: WriteTimelineEntry) -> list[str]:
    lines = [_file(media) for media in entry.media]
    if entry.link.startswith(_LINKABLE):
        lines.append(f'<a href="{escape(entry.link)}">Open the conversation</a>')
    return [*lines, f"{escape(entry.source)} {mark(entry.message)}"]


def _file(media: Media) -> str:
    """A link and what it is; a file that nothing can be clicked on is named all the same."""
    label = escape(" · ".join(word for word in (media.name, media.content_type) if word))
    shown = label or escape(media.kind.value)
    if not media.url.startswith(_LINKABLE):
        return shown
    return f'<a href="{escape(media.url)}">{shown}</a>'


def _paragraph(line: str) -> str:
    return f"<p>{line}</p>" if line else ""


def _fitting(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    kept = text[: room - len(_CUT)]
    # A cut through `&amp;` or `<br>` would leave half of it to be seen.
    for opening, closing in (("&", ";"), ("<", ">")):
        if kept.rfind(opening) > kept.rfind(closing):
            kept = kept[: kept.rfind(opening)]
    return kept + _CUT
