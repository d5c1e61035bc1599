"""The single messages and answers of a time, in batches, for files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from bridge import codec
from bridge.domain.names import EmployeeId
from bridge.domain.numbers import Counted
from bridge.domain.records import Message
from bridge.store.counted import counted_of
from bridge.store.schema import COUNTED, MESSAGES
from bridge.store.sieving import Sieve, let_through


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """`since` is included, `until` is not."""

    since: datetime
    until: datetime


def answers(
    db: Connection, span: Span, person: EmployeeId | None, after: Counted | None, limit: int
) -> Sequence[Counted]:
    """In the order of their times; `person` of None: everybody's."""
    of = COUNTED.c
    query = select(COUNTED).where(of.answered_after.is_not(None), of.at < span.until)
    if person is not None:
        query = query.where(of.person == person)
    if after is None:
        query = query.where(of.at >= span.since)
    else:
        later = or_(of.at > after.at, and_(of.at == after.at, of.message > after.message))
        query = query.where(of.at >= after.at, later)
    return [counted_of(row) for row in db.execute(query.order_by(of.at, of.message).limit(limit))]


def messages(
    db: Connection, span: Span, sieve: Sieve | None, after: int, limit: int
) -> Sequence[tuple[int, Message]]:
    """In the order in which they came, each with its number; a `sieve` is a superset."""
    of = MESSAGES.c
    query = select(of.seq, of.value).where(of.seq > after)
    query = query.where(of.occurred_at >= span.since, of.occurred_at < span.until)
    if sieve is not None:
        query = query.where(let_through(of.conversation, sieve))
    rows = db.execute(query.order_by(of.seq).limit(limit))
    return [(row.seq, codec.decode(Message, bytes(row.value))) for row in rows]
