"""Stored decisions with what they were decided on, for trying other rules on them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import ColumnElement, Connection, func, select

from bridge.domain.names import ConversationId
from bridge.store.schema import CONVERSATIONS, DECISIONS

COUNTED = 20_000
_CHUNK = 100
_SPARE = 4  # of what is looked for in a sample, so many are of kinds that are not looked at
# They change no owner and nobody's view, and there are several for each message.
_BESIDES = ("MessageStatusChanged", "MessageReacted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    id: int
    kind: str
    event: bytes
    facts: bytes
    directory_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """`count` events, of which `chosen` are looked at: those that gave somebody a client before
    others, and of these evenly many from all of the span. Of very many, to count which is which
    would cost more than to look: `count` is then of all, and what is chosen evenly many of these.
    """

    count: int
    chosen: tuple[int, ...]


def span_since(db: Connection, since: datetime, limit: int) -> Span:
    start = _first_since(db, since)
    if start is None:
        return Span(count=0, chosen=())
    end = db.scalar(select(func.max(DECISIONS.c.id))) or start
    if end - start >= COUNTED:
        return _sampled(db, start, int(end), limit)
    wanted = _with_input(start)
    giving = [*wanted, DECISIONS.c.target.is_not(None)]
    others = [*wanted, DECISIONS.c.target.is_(None)]
    clients, rest = _count(db, giving), _count(db, others)
    chosen = _evenly(db, giving, clients, limit)
    chosen += _evenly(db, others, rest, max(limit - len(chosen), 0))
    return Span(count=clients + rest, chosen=tuple(sorted(chosen)))


def decided(db: Connection, ids: Sequence[int]) -> Iterator[Decided]:
    """In the order of the ids."""
    columns = (
        DECISIONS.c.id,
        DECISIONS.c.kind,
        DECISIONS.c.event,
        DECISIONS.c.facts,
        DECISIONS.c.directory_hash,
    )
    left = iter(ids)
    while chunk := list(islice(left, _CHUNK)):
        query = select(*columns).where(DECISIONS.c.id.in_(chunk)).order_by(DECISIONS.c.id)
        for row in db.execute(query).all():
            if row.event is not None and row.facts is not None:
                yield Decided(
                    id=row.id,
                    kind=row.kind,
                    event=bytes(row.event),
                    facts=bytes(row.facts),
                    directory_hash=row.directory_hash,
                )


def chats_since(
    db: Connection, since: datetime, limit: int
) -> tuple[int, tuple[ConversationId, ...]]:
    """How many chats had a message since then, and the latest of them."""
    recent = CONVERSATIONS.c.last_message_at >= since
    count = db.scalar(select(func.count()).select_from(CONVERSATIONS).where(recent)) or 0
    query = select(CONVERSATIONS.c.id).where(recent)
    ordered = query.order_by(CONVERSATIONS.c.last_message_at.desc(), CONVERSATIONS.c.id)
    return count, tuple(ConversationId(one) for one in db.scalars(ordered.limit(limit)))


def _sampled(db: Connection, start: int, end: int, limit: int) -> Span:
    count = end - start + 1
    tried = limit * _SPARE
    ids = sorted({start + n * count // tried for n in range(tried)})
    chosen: list[int] = []
    for at in range(0, len(ids), _CHUNK):
        wanted = [*_with_input(start), DECISIONS.c.id.in_(ids[at : at + _CHUNK])]
        chosen.extend(db.scalars(select(DECISIONS.c.id).where(*wanted)).all())
    chosen.sort()
    if len(chosen) > limit:
        chosen = [chosen[n * len(chosen) // limit] for n in range(limit)]
    return Span(count=count, chosen=tuple(chosen))


def _with_input(start: int) -> list[ColumnElement[bool]]:
    return [
        DECISIONS.c.id >= start,
        DECISIONS.c.event.is_not(None),
        DECISIONS.c.facts.is_not(None),
        DECISIONS.c.kind.not_in(_BESIDES),
    ]


def _count(db: Connection, wanted: Sequence[ColumnElement[bool]]) -> int:
    return db.scalar(select(func.count()).select_from(DECISIONS).where(*wanted)) or 0


def _evenly(
    db: Connection, wanted: Sequence[ColumnElement[bool]], count: int, limit: int
) -> list[int]:
    """At most `limit` of them, each as far from the next."""
    if limit <= 0 or count == 0:
        return []
    ids = db.scalars(select(DECISIONS.c.id).where(*wanted).order_by(DECISIONS.c.id)).all()
    if len(ids) <= limit:
        return list(ids)
    return [ids[n * len(ids) // limit] for n in range(limit)]


def _first_since(db: Connection, since: datetime) -> int | None:
    """The first decision of this time or later, by halves: they are numbered in their order."""
    low, high = (db.scalar(select(edge(DECISIONS.c.id))) for edge in (func.min, func.max))
    if low is None or high is None:
        return None
    while low < high:
        middle = (low + high) // 2
        row = db.execute(
            select(DECISIONS.c.id, DECISIONS.c.decided_at)
            .where(DECISIONS.c.id <= middle)
            .order_by(DECISIONS.c.id.desc())
            .limit(1)
        ).one()
        if row.decided_at < since:
            low = middle + 1
        else:
            high = middle
    return int(low) if _is_since(db, int(low), since) else None


def _is_since(db: Connection, start: int, since: datetime) -> bool:
    query = select(DECISIONS.c.decided_at).where(DECISIONS.c.id >= start).order_by(DECISIONS.c.id)
    when = db.scalar(query.limit(1))
    return when is not None and when >= since
