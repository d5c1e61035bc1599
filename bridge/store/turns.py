"""Where the rotation of each pool stands, and every turn that was taken."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select

from bridge.codec import decode, encode
from bridge.domain.changes import TakeTurn
from bridge.domain.names import AccountName, EmployeeId, EventKey
from bridge.domain.rotation import Rotation
from bridge.store.schema import DECISIONS, TURN_LOG, TURNS
from bridge.store.upsert import append, put

_TURNS = select(TURNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A turn that a decision took."""

    change: TakeTurn
    account: AccountName
    event_key: EventKey


@dataclass(slots=True, kw_only=True)
class Turns:
    """By pool, as `Facts.turns` and `Facts.rotations`."""

    last: dict[str, EmployeeId] = field(default_factory=dict)
    rotations: dict[str, Rotation] = field(default_factory=dict)

    def take(self, change: TakeTurn) -> None:
        self.last[change.pool] = change.employee
        self.rotations[change.pool] = change.after


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTaken:
    """A line of the ledger. `event` is the decision's number; None once that is gone."""

    employee: EmployeeId
    taken_at: datetime
    event: int | None
    event_key: EventKey


def read_turns(db: Connection) -> Turns:
    found = Turns()
    for row in db.execute(_TURNS):
        found.last[row.pool] = EmployeeId(row.employee)
        if row.value is not None:
            found.rotations[row.pool] = decode(Rotation, bytes(row.value))
    return found


def put_turns(db: Connection, taken: Iterable[Taken], now: datetime) -> None:
    """In the order in which they were taken."""
    rows = list(taken)
    standing = {
        one.change.pool: {
            "pool": one.change.pool,
            "employee": one.change.employee,
            "taken_at": now,
            "value": encode(one.change.after),
        }
        for one in rows
    }
    put(db, TURNS, ["pool"], list(standing.values()))
    append(db, TURN_LOG, [_line(one, now) for one in rows])


def latest_turns(db: Connection, pool: str, limit: int) -> tuple[TurnTaken, ...]:
    """The newest first, each with the decision that took it."""
    same = (DECISIONS.c.account == TURN_LOG.c.account) & (
        DECISIONS.c.event_key == TURN_LOG.c.event_key
    )
    rows = db.execute(
        select(TURN_LOG, DECISIONS.c.id.label("event"))
        .join_from(TURN_LOG, DECISIONS, same, isouter=True)
        .where(TURN_LOG.c.pool == pool)
        .order_by(TURN_LOG.c.id.desc())
        .limit(limit)
    )
    return tuple(
        TurnTaken(
            employee=EmployeeId(row.employee),
            taken_at=row.taken_at,
            event=row.event,
            event_key=EventKey(row.event_key),
        )
        for row in rows
    )


def turn_counts(db: Connection, pool: str) -> Mapping[EmployeeId, int]:
    """How many turns each has had, those included who are in the pool no more."""
    rows = db.execute(
        select(TURN_LOG.c.employee, func.count())
        .where(TURN_LOG.c.pool == pool)
        .group_by(TURN_LOG.c.employee)
    )
    return {EmployeeId(employee): count for employee, count in rows}


def all_turn_counts(db: Connection) -> Mapping[str, Mapping[EmployeeId, int]]:
    """The same of every pool, by its turns' key."""
    log = TURN_LOG.c
    rows = db.execute(select(log.pool, log.employee, func.count()).group_by(log.pool, log.employee))
    found: dict[str, dict[EmployeeId, int]] = {}
    for pool, employee, count in rows:
        found.setdefault(pool, {})[EmployeeId(employee)] = count
    return found


def shares(
    db: Connection, since: datetime, until: datetime
) -> tuple[tuple[str, EmployeeId, int], ...]:
    """By pool and person, how many turns were taken from `since` until just before `until`."""
    log = TURN_LOG.c
    rows = db.execute(
        select(log.pool, log.employee, func.count())
        .where(log.taken_at >= since, log.taken_at < until)
        .group_by(log.pool, log.employee)
        .order_by(log.pool, func.count().desc(), log.employee)
    )
    return tuple((pool, EmployeeId(employee), n) for pool, employee, n in rows)


def _line(one: Taken, now: datetime) -> dict[str, object]:
    return {
        "pool": one.change.pool,
        "employee": one.change.employee,
        "account": one.account,
        "event_key": one.event_key,
        "taken_at": now,
    }
