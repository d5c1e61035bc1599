"""What was answered to attempts that did not settle their delivery: a log for people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from bridge.domain.names import AccountName
from bridge.store.among import among
from bridge.store.outgoing import Row
from bridge.store.schema import ATTEMPTS, OUTBOX
from bridge.store.upsert import append

_NEWEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    row: Row
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """`said` holds no secret and nothing of a client, as no reason does."""

    number: int
    at: datetime
    said: str


def add(db: Connection, tried: Iterable[Tried], now: datetime) -> None:
    rows = [
        {"outbox_id": one.row.id, "number": one.row.attempts, "at": now, "said": one.said}
        for one in tried
    ]
    if rows:
        append(db, ATTEMPTS, rows)


def newest_by_account(db: Connection) -> Mapping[AccountName, Attempt]:
    """The last thing that each vendor said against an attempt, as far as the newest tell."""
    newest = select(ATTEMPTS).order_by(ATTEMPTS.c.id.desc()).limit(_NEWEST).subquery()
    rows = db.execute(
        select(OUTBOX.c.account, newest)
        .join(OUTBOX, OUTBOX.c.id == newest.c.outbox_id)
        .order_by(newest.c.id)
    )
    return {
        AccountName(row.account): Attempt(number=row.number, at=row.at, said=row.said)
        for row in rows
    }


def of(db: Connection, rows: Sequence[int]) -> Mapping[int, tuple[Attempt, ...]]:
    """By outbox row, the first attempt first."""
    found: dict[int, tuple[Attempt, ...]] = {}
    query = select(ATTEMPTS).where(among(ATTEMPTS.c.outbox_id, rows)).order_by(ATTEMPTS.c.id)
    for one in db.execute(query):
        attempt = Attempt(number=one.number, at=one.at, said=one.said)
        found[one.outbox_id] = (*found.get(one.outbox_id, ()), attempt)
    return found
