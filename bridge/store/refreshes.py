"""What is waiting to be read anew from a CRM."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select, update

from bridge.domain.changes import RefreshKind
from bridge.store.schema import REFRESHES


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """`requested_at` tells a wish from one for the same record that came while it was served."""

    id: int
    kind: RefreshKind
    key: str
    attempts: int
    requested_at: datetime


def take(db: Connection, lane: str, now: datetime, limit: int) -> list[Wish]:
    rows = db.execute(
        select(REFRESHES)
        .where(REFRESHES.c.lane == lane, REFRESHES.c.state == "pending")
        .where(or_(REFRESHES.c.next_attempt_at.is_(None), REFRESHES.c.next_attempt_at <= now))
        .order_by(REFRESHES.c.id)
        .limit(limit)
    )
    return [
        Wish(
            id=row.id,
            kind=RefreshKind(row.kind),
            key=row.key,
            attempts=row.attempts,
            requested_at=row.requested_at,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """`reason` is what went wrong last."""

    lane: str
    kind: RefreshKind
    reason: str


def failing(db: Connection, kinds: Iterable[RefreshKind], attempts: int) -> list[Failing]:
    """What of these has been tried so often in vain, one of each kind and lane."""
    rows = db.execute(
        select(REFRESHES.c.lane, REFRESHES.c.kind, REFRESHES.c.reason)
        .where(REFRESHES.c.attempts >= attempts)
        .where(REFRESHES.c.kind.in_([kind.value for kind in kinds]))
        .order_by(REFRESHES.c.id)
    )
    found = {
        (row.lane, row.kind): Failing(
            lane=row.lane, kind=RefreshKind(row.kind), reason=row.reason or ""
        )
        for row in rows
    }
    return list(found.values())


def finish(db: Connection, wishes: Iterable[Wish]) -> None:
    """Served: gone, unless it was asked for again meanwhile."""
    for wish in wishes:
        db.execute(
            delete(REFRESHES).where(
                REFRESHES.c.id == wish.id, REFRESHES.c.requested_at == wish.requested_at
            )
        )


def postpone(db: Connection, wishes: Sequence[Wish], until: datetime, reason: str) -> None:
    db.execute(
        update(REFRESHES)
        .where(REFRESHES.c.id.in_([wish.id for wish in wishes]))
        .values(next_attempt_at=until, reason=reason, attempts=REFRESHES.c.attempts + 1)
    )
