"""Colleagues' notes by conversation; who may read the conversation may read them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from bridge.domain.changes import AddNote
from bridge.domain.names import ConversationId, EmployeeId
from bridge.store.among import among
from bridge.store.schema import NOTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    id: int
    conversation: ConversationId
    author: EmployeeId
    at: datetime
    text: str


def add(db: Connection, notes: Iterable[AddNote]) -> None:
    rows = [
        {"conversation": n.conversation, "author": n.author, "at": n.at, "text": n.text}
        for n in notes
    ]
    if rows:
        db.execute(insert(NOTES), rows)


def notes_of(
    db: Connection,
    conversation: ConversationId,
    since: datetime | None,
    until: datetime | None,
    limit: int,
) -> tuple[Note, ...]:
    """Those of a stretch of a conversation in their order, the newest `limit` of them; `since` is
    included, `until` is not, None ends nothing."""
    query = select(NOTES).where(NOTES.c.conversation == conversation)
    if since is not None:
        query = query.where(NOTES.c.at >= since)
    if until is not None:
        query = query.where(NOTES.c.at < until)
    rows = db.execute(query.order_by(NOTES.c.at.desc(), NOTES.c.id.desc()).limit(limit)).mappings()
    return tuple(reversed([Note(**row) for row in rows]))


def page(
    db: Connection, conversation: ConversationId, before: int | None, limit: int
) -> tuple[Note, ...]:
    """The newest first; `before` is the id of the last one of the page before."""
    query = select(NOTES).where(NOTES.c.conversation == conversation)
    if before is not None:
        query = query.where(NOTES.c.id < before)
    rows = db.execute(query.order_by(NOTES.c.id.desc()).limit(limit)).mappings()
    return tuple(Note(**row) for row in rows)


def forget(db: Connection, conversations: Sequence[ConversationId]) -> None:
    db.execute(delete(NOTES).where(among(NOTES.c.conversation, conversations)))
