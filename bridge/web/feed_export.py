"""What a feed lists, as a file: one row for each entry, for those eyes."""

from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from bridge.store.feed import FeedWanted
from bridge.store.timeline import FeedPlace
from bridge.web.chatview import title_of
from bridge.web.feed import Entry, list_feed
from bridge.web.problems import invalid
from bridge.web.viewer import Viewer

MOST_ENTRIES = 5_000
_BATCH = 500
_ROUNDS = 200
"""Of looks at what happened, each bounded: who may read little of much finds an end as well."""
HEAD = (
    *("event", "occurred_at", "decided_at", "kind", "verdict", "source", "conversation"),
    *("client", "contact", "channel", "messenger", "direction", "author", "status", "text"),
    *("files", "target", "reason", "because"),
)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedExport:
    entries: tuple[Entry, ...]


def export_feed(db: Connection, viewer: Viewer, wanted: FeedWanted, by: str) -> FeedExport:
    """Problem 422 for more than fits into one file. `by` is who took it, for the log."""
    found: list[Entry] = []
    place: FeedPlace | None = None
    for _ in range(_ROUNDS):
        page = list_feed(db, viewer, wanted, place, _BATCH)
        found.extend(page.entries)
        place = page.next
        if place is None or len(found) > MOST_ENTRIES:
            break
    if place is not None or len(found) > MOST_ENTRIES:
        detail = f"holds more than {MOST_ENTRIES} entries: narrow it with `from` and `to`"
        raise invalid(detail, field="from")
    _log.info("feed exported", principal=by, entries=len(found))
    return FeedExport(entries=tuple(found))


def rows_of(found: FeedExport) -> Iterator[tuple[str, ...]]:
    for entry in found.entries:
        yield (*_of_event(entry), *_of_chat(entry), *_of_message(entry), *_of_decision(entry))


def _of_event(entry: Entry) -> tuple[str, ...]:
    return (
        str(entry.event),
        entry.occurred_at.isoformat(),
        entry.decided_at.isoformat(),
        entry.kind,
        entry.verdict,
        entry.source,
    )


def _of_chat(entry: Entry) -> tuple[str, ...]:
    if entry.chat is None:
        return ("",) * 5
    conversation = entry.chat.conversation
    return (
        conversation.id,
        title_of(entry.chat),
        conversation.contact or "",
        conversation.channel,
        conversation.messenger,
    )


def _of_message(entry: Entry) -> tuple[str, ...]:
    message = entry.message
    if message is None:
        return ("",) * 5
    files = [file for one in (message, *entry.also) for file in one.media]
    return (
        message.direction,
        message.author_name or message.author or "",
        message.status,
        "\n".join(one.text for one in (message, *entry.also) if one.text),
        "\n".join(file.name or file.kind for file in files),
    )


def _of_decision(entry: Entry) -> tuple[str, ...]:
    return (entry.target or "", entry.headline.code, entry.headline.detail)
