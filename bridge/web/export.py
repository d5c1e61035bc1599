"""One conversation whole, for those who may read it; decisions for managers and quality control."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bridge.codec import decode
from bridge.domain.facts import ChatFacts
from bridge.domain.names import MessageId
from bridge.domain.reasons import Reason
from bridge.domain.records import Message
from bridge.pipeline.ledger import Record
from bridge.store.exporting import messages_between, records_about
from bridge.store.notes import Note, notes_of
from bridge.web.chatview import open_chat
from bridge.web.feed import headline_of
from bridge.web.files import Files, files_of
from bridge.web.problems import invalid
from bridge.web.quoting import quotes_of
from bridge.web.viewer import Viewer

MOST_MESSAGES = 20_000
_BATCH = 500
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """`since` is included, `until` is not; None: without a limit."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One decision about a message; `event` is what explains it."""

    event: str
    kind: str
    verdict: str
    reason: Reason
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """`headlines` of None: decisions and earlier versions are not for these eyes."""

    chat: ChatFacts
    messages: tuple[Message, ...]
    quotes: Mapping[str, Message]  # what some of them answer, by the vendor's ids
    headlines: Mapping[MessageId, tuple[Headline, ...]] | None
    files: Files
    notes: tuple[Note, ...]  # colleagues', for each other


def export(db: Connection, viewer: Viewer, name: str, span: Span, by: str) -> Export:
    """Problem 404 for a chat that is not for these eyes, 422 for more than fits into one file.

    `by` is the principal that stands in the log: who took what, without a word of the client's.
    """
    chat, _ = open_chat(db, viewer, name)
    where = chat.conversation.id
    found = messages_between(db, where, span.since, span.until, MOST_MESSAGES + 1)
    noted = notes_of(db, where, span.since, span.until, MOST_MESSAGES + 1)
    if max(len(found), len(noted)) > MOST_MESSAGES:
        detail = f"holds more than {MOST_MESSAGES} messages: narrow it with `from` and `to`"
        raise invalid(detail, field="from")
    _log.info("conversation exported", principal=by, conversation=where, messages=len(found))
    return Export(
        chat=chat,
        messages=tuple(viewer.shown(message) for message in found),
        quotes=quotes_of(db, viewer, chat, found),
        headlines=_headlines(db, found) if viewer.reads_all else None,
        files=files_of(db, found),
        notes=noted,
    )


def _headlines(
    db: Connection, messages: Sequence[Message]
) -> Mapping[MessageId, tuple[Headline, ...]]:
    found: dict[MessageId, tuple[Headline, ...]] = {}
    for start in range(0, len(messages), _BATCH):
        batch = [message.id for message in messages[start : start + _BATCH]]
        for message, rows in records_about(db, batch).items():
            found[message] = tuple(_headline(event, record) for event, record in rows)
    return found


def _headline(event: int, stored: bytes) -> Headline:
    record = decode(Record, stored)
    return Headline(
        event=str(event),
        kind=record.kind,
        verdict=record.verdict,
        reason=headline_of(record),
        decided_at=record.decided_at,
    )
