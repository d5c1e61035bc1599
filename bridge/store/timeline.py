"""Decisions in the order in which things happened, the newest first, a bounded look at a time."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    literal_column,
    or_,
    select,
    type_coerce,
)

from bridge.store.feed import FeedRow, FeedWanted, narrowed, row_of
from bridge.store.schema import DECISIONS
from bridge.store.sieving import Sieve, let_through, settled

FEW_CHATS = 300
"""Whoever may read no more than these is looked up by them, else among all that happened."""
_AT, _ID = DECISIONS.c.occurred_at, DECISIONS.c.id


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPlace:
    """Where a feed goes on: after this decision."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """`last` is where to look next; None: nothing is further back."""

    rows: tuple[FeedRow, ...]
    last: FeedPlace | None


def stretch(
    db: Connection, wanted: FeedWanted, after: FeedPlace | None, limit: int, look_at: int
) -> Stretch:
    """At most `limit` decisions that are wanted among the next `look_at` there are; what is asked
    for by its contact or chat is found by that, however far back it lies."""
    if is_found_by_index(db, wanted):
        return _of_few(db, wanted, after, limit)
    end = _end(db, wanted, after, look_at)
    query = _sieved(db, wanted)
    if after is not None:
        # `<=` alone is what the index is entered with.
        query = query.where(_AT <= after.at, _is_after(after))
    if end is not None:
        query = query.where(_AT >= end.at, or_(_AT > end.at, _ID >= end.id))
    rows = _read(db, query.order_by(_AT.desc(), _ID.desc()).limit(limit))
    return Stretch(rows=rows, last=place_of(rows[-1]) if len(rows) == limit else end)


def newer(db: Connection, wanted: FeedWanted, after: int, limit: int) -> tuple[FeedRow, ...]:
    """What was decided after the decision of this number, the latest first."""
    return _read(db, narrowed(db, wanted).where(_ID > after).order_by(_ID.desc()).limit(limit))


def place_of(row: FeedRow) -> FeedPlace:
    return FeedPlace(at=row.occurred_at, id=row.id)


def is_found_by_index(db: Connection, wanted: FeedWanted) -> bool:
    named = (wanted.conversation, wanted.contacts, wanted.subject)
    if any(one is not None for one in named):
        return True
    return wanted.sieve is not None and _is_few(db, wanted.sieve)


def _is_few(db: Connection, sieve: Sieve) -> bool:
    chats = settled(db, sieve).chats
    return chats is not None and len(chats) <= FEW_CHATS


def _sieved(db: Connection, wanted: FeedWanted) -> "Select[*tuple[Any, ...]]":
    """Each decision of the stretch is asked whose it is, rather than all chats for their own."""
    if wanted.sieve is None or db.dialect.name != "sqlite":
        return narrowed(db, wanted)
    if wanted.sieve.chats is None:
        return narrowed(db, wanted)
    chat = literal_column("+decisions.conversation", Text)
    return narrowed(db, replace(wanted, sieve=None)).where(let_through(chat, wanted.sieve))


def _of_few(db: Connection, wanted: FeedWanted, after: FeedPlace | None, limit: int) -> Stretch:
    query = narrowed(db, wanted)
    if after is not None:
        query = query.where(_is_after(after))
    rows = _read(db, query.order_by(_unindexed(), _ID.desc()).limit(limit))
    return Stretch(rows=rows, last=place_of(rows[-1]) if len(rows) == limit else None)


def _unindexed() -> ColumnElement[int]:
    """By time, said so that no store walks through all times to find these few."""
    return (type_coerce(_AT, BigInteger) + 0).desc()


def _is_after(place: FeedPlace) -> ColumnElement[bool]:
    return or_(_AT < place.at, and_(_AT == place.at, _ID < place.id))


def _end(
    db: Connection, wanted: FeedWanted, after: FeedPlace | None, look_at: int
) -> FeedPlace | None:
    """The last of the next decisions within the time that is asked for; read from the index."""
    query = select(_AT, _ID)
    if after is not None:
        query = query.where(_AT <= after.at, _is_after(after))
    if wanted.since is not None:
        query = query.where(_AT >= wanted.since)
    if wanted.until is not None:
        query = query.where(_AT < wanted.until)
    query = query.order_by(_AT.desc(), _ID.desc()).offset(look_at - 1).limit(1)
    found = db.execute(query).first()
    return None if found is None else FeedPlace(at=found[0], id=found[1])


def _read(db: Connection, query: "Select[*tuple[Any, ...]]") -> tuple[FeedRow, ...]:
    return tuple(row_of(row) for row in db.execute(query).mappings())
