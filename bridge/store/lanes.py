"""Leases: at most one holder works on a lane, by the store's clock, fenced by a token."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, TextClause, select, text, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from bridge.store.outgoing import RUNNABLE
from bridge.store.schema import LANES
from bridge.store.types import microseconds

# The store's clock in microseconds: hosts whose clocks differ agree on leases.
CLOCK = {
    "postgresql": "(extract(epoch from clock_timestamp()) * 1000000)::bigint",
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
}
FREE = (
    "NOT paused AND (lease_until IS NULL OR lease_until < {clock})"
    " AND (held_until IS NULL OR held_until <= {clock})"
)

_ACQUIRE = (
    "UPDATE lanes SET lease_token = :token, lease_until = {clock} + :lease, fence = fence + 1,"  # noqa: S608
    " held_until = NULL WHERE name = :lane AND " + FREE
)
_KEEP = (
    "UPDATE lanes SET lease_until = {clock} + :lease WHERE name = :lane AND lease_token = :token"
)
_RELEASE = text(
    "UPDATE lanes SET lease_token = NULL, lease_until = NULL"
    " WHERE name = :lane AND lease_token = :token"
)
_SUCCESS = text(
    "UPDATE lanes SET last_success_at = :now, held_cause = '', troubled_since = NULL,"
    " outage_told = :no WHERE name = :lane"
)
_TROUBLED = (
    "UPDATE lanes SET troubled_since = {clock} WHERE name = :lane AND troubled_since IS NULL"
)
_SILENT_SINCE = (
    "SELECT name FROM lanes WHERE troubled_since <= {clock} - :span AND NOT outage_told"
    " AND NOT paused AND (EXISTS (SELECT 1 FROM outbox o WHERE o.lane = lanes.name"
    "   AND (o.state = 'pending' OR o.state = 'unknown' AND o.next_attempt_at IS NOT NULL)"
    "   AND o.state IN ('pending', 'leased', 'held', 'unknown'))"
    " OR EXISTS (SELECT 1 FROM refreshes r WHERE r.lane = lanes.name AND r.state = 'pending'))"
    " ORDER BY name"
)
_RUNNABLE_NOW = RUNNABLE.format(now="{clock}")
_DUE = f"""
SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM lanes WHERE name = :lane AND NOT ({FREE})) AND (
  EXISTS (SELECT 1 FROM inbox WHERE lane = :lane AND state IN ('pending', 'leased', 'held')
    AND (next_attempt_at IS NULL OR next_attempt_at <= {{clock}}))
  OR EXISTS (SELECT 1 FROM outbox WHERE lane = :lane AND state = 'leased')
  OR EXISTS (SELECT 1 FROM outbox WHERE lane = :lane
    AND state = 'unknown' AND next_attempt_at <= {{clock}})
  OR EXISTS (SELECT 1 FROM outbox o WHERE {_RUNNABLE_NOW})
  OR EXISTS (SELECT 1 FROM refreshes WHERE lane = :lane AND state = 'pending'
    AND (next_attempt_at IS NULL OR next_attempt_at <= {{clock}}))
)
"""  # noqa: S608 - put together from constants
_COPIES_DUE = f"""
SELECT DISTINCT m.lane FROM media m WHERE m.state IN ('pending', 'leased')
  AND (m.next_attempt_at IS NULL OR m.next_attempt_at <= {{clock}})
  AND NOT EXISTS (SELECT 1 FROM lanes WHERE name = m.lane AND NOT ({FREE}))
"""  # noqa: S608 - put together from constants


class LeaseLost(Exception):
    """Somebody else holds the lane now: nothing of this turn may be committed any more."""


def acquire(db: Connection, lane: str, token: str, lease_seconds: float) -> bool:
    """Takes the lane if it is free and not held; False when it is not."""
    given = {"lane": lane, "token": token, "lease": _microseconds(lease_seconds)}
    if db.execute(_sql(db, _ACQUIRE), given).rowcount == 1:
        return True
    _make(db, lane)
    return db.execute(_sql(db, _ACQUIRE), given).rowcount == 1


def keep(db: Connection, lane: str, token: str, lease_seconds: float) -> None:
    """Renews the lease within the caller's transaction; LeaseLost when it is another's.

    Every transaction of a holder calls it, so that a holder who was away too long changes nothing.
    """
    given = {"lane": lane, "token": token, "lease": _microseconds(lease_seconds)}
    kept = db.execute(_sql(db, _KEEP), given)
    if kept.rowcount != 1:
        raise LeaseLost(f"the lease of {lane} has passed to another worker")


def release(db: Connection, lane: str, token: str) -> None:
    db.execute(_RELEASE, {"lane": lane, "token": token})


def hold(db: Connection, lane: str, until: datetime | None, cause: str) -> bool:
    """Nothing of this lane until then; without a time, until a person resumes it.

    True when the cause is new, so that it is told once.
    """
    _make(db, lane)
    known = db.scalar(select(LANES.c.held_cause).where(LANES.c.name == lane))
    db.execute(_sql(db, _TROUBLED), {"lane": lane})
    db.execute(
        update(LANES)
        .where(LANES.c.name == lane)
        .values(held_until=until, held_cause=cause, paused=until is None)
    )
    return bool(known != cause)


def resume(db: Connection, lane: str) -> None:
    """Lifts a hold or a pause: the next sweep finds the lane."""
    db.execute(
        update(LANES)
        .where(LANES.c.name == lane)
        .values(
            held_until=None,
            held_cause="",
            paused=False,
            troubled_since=None,
            outage_told=False,
        )
    )


def is_troubled(db: Connection, lane: str) -> bool:
    """Something went wrong since the last success."""
    return bool(db.scalar(select(LANES.c.held_cause).where(LANES.c.name == lane)))


def note_success(db: Connection, lane: str, now: datetime) -> None:
    db.execute(_SUCCESS, {"lane": lane, "now": microseconds(now), "no": False})


def note_answer(db: Connection, lane: str) -> None:
    """The vendor refuses, and so is there: no outage goes on."""
    over = {"troubled_since": None, "outage_told": False}
    db.execute(update(LANES).where(LANES.c.name == lane).values(**over))


def silent(db: Connection, seconds: float) -> tuple[str, ...]:
    """Lanes with work that have stood still for so long, and of which nobody has been told."""
    return tuple(db.scalars(_sql(db, _SILENT_SINCE), {"span": _microseconds(seconds)}))


def any_outage_told(db: Connection, names: Iterable[str]) -> bool:
    told = select(LANES.c.name).where(LANES.c.name.in_(list(names)), LANES.c.outage_told)
    return db.scalar(told.limit(1)) is not None


def held_cause(db: Connection, lane: str) -> str:
    return str(db.scalar(select(LANES.c.held_cause).where(LANES.c.name == lane)) or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a lane stands; one that nobody ever used is as good as any."""

    paused: bool = False
    cause: str = ""
    last_success_at: datetime | None = None


def standing(db: Connection, lane: str) -> Standing:
    row = db.execute(select(LANES).where(LANES.c.name == lane)).one_or_none()
    if row is None:
        return Standing()
    return Standing(paused=row.paused, cause=row.held_cause, last_success_at=row.last_success_at)


def note_outage_told(db: Connection, lane: str) -> bool:
    """False when somebody else has told of it just now, or it is over."""
    mine = (LANES.c.name == lane) & LANES.c.troubled_since.is_not(None) & ~LANES.c.outage_told
    return db.execute(update(LANES).where(mine).values(outage_told=True)).rowcount == 1


def due(db: Connection, names: Iterable[str]) -> tuple[str, ...]:
    """Those of these lanes that have work whose time has come, and that nobody holds."""
    statement = _sql(db, _DUE)
    return tuple(name for name in names if db.scalar(statement, {"lane": name}) is not None)


def due_copies(db: Connection, names: Iterable[str]) -> tuple[str, ...]:
    """Those of these lanes that have files to copy now, and that nobody holds; asked at once, as
    there are few such rows at a time."""
    wanted = set(names)
    found = db.scalars(_sql(db, _COPIES_DUE))
    return tuple(sorted(name for name in found if name in wanted))


def _make(db: Connection, lane: str) -> None:
    insert = postgres_insert if db.dialect.name == "postgresql" else sqlite_insert
    db.execute(
        insert(LANES)
        .values(name=lane, fence=0, held_cause="", paused=False)
        .on_conflict_do_nothing()
    )


def _sql(db: Connection, template: str) -> TextClause:
    return _by_clock(template, CLOCK[db.dialect.name])


@cache
def _by_clock(template: str, clock: str) -> TextClause:
    return text(template.format(clock=clock))


def _microseconds(seconds: float) -> int:
    return int(seconds * 1_000_000)
