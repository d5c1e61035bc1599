"""Wipes what is older than it may be kept, some rows at a time, in the order of their ids."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, Table, delete, or_, select, update

from bridge import codec
from bridge.domain.records import Message, TimelineState
from bridge.domain.searching import fold
from bridge.domain.showing import words_of
from bridge.store import media
from bridge.store.among import among
from bridge.store.outbox import WIPED
from bridge.store.records import put_messages
from bridge.store.schema import (
    ATTEMPTS,
    AUDIT,
    DECISIONS,
    INBOX,
    MEDIA,
    MESSAGES,
    NEEDS,
    NOTES,
    OUTBOX,
    PASSES,
)
from bridge.store.search_index import forget_messages, forget_notes
from bridge.store.upsert import put

_OVER = ("done", "dropped")


class Subject(StrEnum):
    REQUESTS = "requests"
    DECISIONS = "decisions"
    EFFECTS = "effects"
    ATTEMPTS = "attempts"
    MESSAGES = "messages"
    FILES = "files"
    AUDIT = "audit"
    NOTES = "notes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """`last` is the id that was looked at last; None: there was none left to look at."""

    last: int | None
    wiped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """`position` is where to go on; `ended_at` of None: still under way."""

    subject: Subject
    position: int
    began_at: datetime
    ended_at: datetime | None = None
    wiped: int = 0


def passes(db: Connection, *, to_go_on: bool = False) -> Mapping[Subject, Pass]:
    """`to_go_on`: nobody else goes on with them until this transaction has ended."""
    rows = db.execute(select(PASSES).with_for_update() if to_go_on else select(PASSES)).mappings()
    found = [Pass(**{**row, "subject": Subject(row["subject"])}) for row in rows]
    return {one.subject: one for one in found}


def put_pass(db: Connection, one: Pass) -> None:
    row = {
        "subject": one.subject.value,
        "position": one.position,
        "began_at": one.began_at,
        "ended_at": one.ended_at,
        "wiped": one.wiped,
    }
    put(db, PASSES, ["subject"], [row])


def wipe(
    db: Connection, subject: Subject, after: int, until: datetime, now: datetime, limit: int
) -> Slice:
    """The next rows after this id: what is from before `until` is wiped."""
    return _WIPERS[subject](db, after, until, now, limit)


def _requests(db: Connection, after: int, until: datetime, now: datetime, limit: int) -> Slice:
    """Dead ones wait for a person, whatever their age; a later pass finds them done."""
    rows = (
        db.execute(
            select(INBOX.c.id, INBOX.c.received_at.label("at"), INBOX.c.state)
            .where(INBOX.c.id > after)
            .order_by(INBOX.c.id)
            .limit(limit)
        )
        .mappings()
        .all()
    )
    ids = [row["id"] for row in _old(rows, until) if row["state"] in _OVER]
    wiped = db.execute(
        update(INBOX)
        .where(among(INBOX.c.id, ids), INBOX.c.body != b"")
        .values(body=b"", headers=WIPED)
    )
    return _slice(rows, until, wiped.rowcount)


def _decisions(db: Connection, after: int, until: datetime, now: datetime, limit: int) -> Slice:
    rows = (
        db.execute(
            select(DECISIONS.c.id, DECISIONS.c.decided_at.label("at"))
            .where(DECISIONS.c.id > after)
            .order_by(DECISIONS.c.id)
            .limit(limit)
        )
        .mappings()
        .all()
    )
    ids = [row["id"] for row in _old(rows, until)]
    wiped = db.execute(
        update(DECISIONS)
        .where(among(DECISIONS.c.id, ids))
        .where(or_(DECISIONS.c.event.is_not(None), DECISIONS.c.facts.is_not(None)))
        .values(event=None, facts=None)
    )
    return _slice(rows, until, wiped.rowcount)


def _effects(db: Connection, after: int, until: datetime, now: datetime, limit: int) -> Slice:
    rows = (
        db.execute(
            select(OUTBOX.c.id, OUTBOX.c.created_at.label("at"), OUTBOX.c.state)
            .where(OUTBOX.c.id > after)
            .order_by(OUTBOX.c.id)
            .limit(limit)
        )
        .mappings()
        .all()
    )
    ids = [row["id"] for row in _old(rows, until) if row["state"] in _OVER]
    wiped = db.execute(
        update(OUTBOX).where(among(OUTBOX.c.id, ids), OUTBOX.c.effect != WIPED).values(effect=WIPED)
    )
    db.execute(delete(NEEDS).where(among(NEEDS.c.outbox_id, ids)))
    return _slice(rows, until, wiped.rowcount)


def _deleted(db: Connection, table: Table, after: int, until: datetime, limit: int) -> Slice:
    """Of a table whose rows go whole, by their `at`."""
    query = select(table.c.id, table.c.at).where(table.c.id > after)
    rows = db.execute(query.order_by(table.c.id).limit(limit)).mappings().all()
    ids = [row["id"] for row in _old(rows, until)]
    gone = db.execute(delete(table).where(among(table.c.id, ids)))
    return _slice(rows, until, gone.rowcount)


def _attempts(db: Connection, after: int, until: datetime, now: datetime, limit: int) -> Slice:
    return _deleted(db, ATTEMPTS, after, until, limit)


def _messages(db: Connection, after: int, until: datetime, now: datetime, limit: int) -> Slice:
    """All of them are looked at: what came late is old among the young."""
    rows = (
        db.execute(
            select(
                MESSAGES.c.seq.label("id"),
                MESSAGES.c.account,
                MESSAGES.c.occurred_at.label("at"),
                MESSAGES.c.value,
            )
            .where(MESSAGES.c.seq > after)
            .order_by(MESSAGES.c.seq)
            .limit(limit)
        )
        .mappings()
        .all()
    )
    found = [(row, codec.decode(Message, bytes(row["value"]))) for row in _old(rows, until)]
    told = [(row, message) for row, message in found if _says_something(message)]
    put_messages(
        db,
        {message.id: row["account"] for row, message in told},
        [without_words(message, now) for _, message in told],
        reworded=(),
    )
    media.forget_messages(db, [message.id for _, message in told], now)
    forget_messages(db, {m.id: (row["id"], fold(*words_of(m))) for row, m in told})
    return _whole(rows, len(told))


def _says_something(message: Message) -> bool:
    """One that still waits for its entry in the CRM is not touched."""
    return message.wiped_at is None and message.timeline is not TimelineState.WAITING


def without_words(message: Message, now: datetime) -> Message:
    return replace(
        message,
        text="",
        media=(),
        edits=(),
        author_name="",
        error="",
        first=None,
        versions=(),
        reactions=(),
        template=None,
        wiped_at=now,
    )


def _files(db: Connection, after: int, until: datetime, now: datetime, limit: int) -> Slice:
    rows = (
        db.execute(
            select(MEDIA.c.id, MEDIA.c.created_at.label("at"), MEDIA.c.state, MEDIA.c.message)
            .where(MEDIA.c.id > after)
            .order_by(MEDIA.c.id)
            .limit(limit)
        )
        .mappings()
        .all()
    )
    ended = [row for row in _old(rows, until) if row["state"] in ("stored", "failed")]
    gone = media.forget(db, among(MEDIA.c.id, [row["id"] for row in ended]), now) if ended else 0
    return _slice(rows, until, gone)


def _audit(db: Connection, after: int, until: datetime, now: datetime, limit: int) -> Slice:
    return _deleted(db, AUDIT, after, until, limit)


def _notes(db: Connection, after: int, until: datetime, now: datetime, limit: int) -> Slice:
    query = select(NOTES.c.id, NOTES.c.at, NOTES.c.text).where(NOTES.c.id > after)
    rows = db.execute(query.order_by(NOTES.c.id).limit(limit)).mappings().all()
    said = {row["id"]: fold(row["text"]) for row in _old(rows, until)}
    db.execute(delete(NOTES).where(among(NOTES.c.id, said)))
    forget_notes(db, said)
    return _slice(rows, until, len(said))


def _old(rows: Sequence[RowMapping], until: datetime) -> list[RowMapping]:
    return [row for row in rows if row["at"] < until]


def _slice(rows: Sequence[RowMapping], until: datetime, wiped: int) -> Slice:
    """Ids grow with time: behind the first young one there is nothing to do."""
    if not rows or rows[-1]["at"] >= until:
        return Slice(last=None, wiped=wiped)
    return Slice(last=rows[-1]["id"], wiped=wiped)


def _whole(rows: Sequence[RowMapping], wiped: int) -> Slice:
    return Slice(last=rows[-1]["id"] if rows else None, wiped=wiped)


_Wiper = Callable[[Connection, int, datetime, datetime, int], Slice]
_WIPERS: Mapping[Subject, _Wiper] = {
    Subject.REQUESTS: _requests,
    Subject.DECISIONS: _decisions,
    Subject.EFFECTS: _effects,
    Subject.ATTEMPTS: _attempts,
    Subject.MESSAGES: _messages,
    Subject.FILES: _files,
    Subject.AUDIT: _audit,
    Subject.NOTES: _notes,
}
