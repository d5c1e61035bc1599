"""Colleagues' notes by conversation; who may read the conversation may read them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from bridge.domain.changes import AddNote
from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.searching import Folded, fold
from bridge.store.among import among
from bridge.store.schema import MESSAGES, NOTES
from bridge.store.search_index import note_notes


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
        note_notes(db, db.scalars(insert(NOTES).returning(NOTES.c.id), rows))


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


def after(db: Connection, id: int, limit: int) -> tuple[Note, ...]:
    """The next ones by their ids."""
    query = select(NOTES).where(NOTES.c.id > id).order_by(NOTES.c.id).limit(limit)
    return tuple(Note(**row) for row in db.execute(query).mappings())


def by_id(db: Connection, ids: Iterable[int]) -> tuple[Note, ...]:
    query = select(NOTES).where(among(NOTES.c.id, ids)).order_by(NOTES.c.id)
    return tuple(Note(**row) for row in db.execute(query).mappings())


def ids_in(db: Connection, conversations: Iterable[ConversationId]) -> tuple[int, ...]:
    return tuple(db.scalars(select(NOTES.c.id).where(among(NOTES.c.conversation, conversations))))


def number_at(db: Connection, conversation: ConversationId, id: int) -> int | None:
    """The number of the first message after a note, by which a page with it is asked for; None
    where it stands behind all of them, or is not there."""
    at = select(NOTES.c.at).where(NOTES.c.id == id, NOTES.c.conversation == conversation)
    later = select(func.min(MESSAGES.c.seq)).where(
        MESSAGES.c.conversation == conversation, MESSAGES.c.occurred_at > at.scalar_subquery()
    )
    number: int | None = db.scalar(later)
    return number


def forget(db: Connection, conversations: Sequence[ConversationId]) -> Mapping[int, Folded]:
    """What each of them said until now."""
    theirs = among(NOTES.c.conversation, conversations)
    said = {row.id: row.text for row in db.execute(select(NOTES.c.id, NOTES.c.text).where(theirs))}
    db.execute(delete(NOTES).where(theirs))
    return {id: fold(text) for id, text in said.items()}
