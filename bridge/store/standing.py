"""How much waits in each lane and since when: for readiness and metrics."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, TextClause, and_, func, or_, select, text
from sqlalchemy.sql.elements import ColumnElement

from bridge.store.schema import INBOX, LANES, OUTBOX
from bridge.store.types import Moment

# Literal, as in the partial indices: with bound values the store would not use them.
_OPEN_INBOX = text("state IN ('pending', 'leased', 'held')")
_OPEN_OUTBOX = text("state IN ('pending', 'leased', 'held', 'unknown')")
_TRIED_SOON = timedelta(minutes=1)
_DEAD = text("state = 'dead'")
_LATELY = timedelta(minutes=5)
_PACED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Heap:
    """Rows of one lane in one state; `oldest_due` is when the oldest that could go now came."""

    lane: str
    state: str
    rows: int
    oldest_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneState:
    name: str
    paused: bool
    held_until: datetime | None
    lease_until: datetime | None  # past: its holder died and nobody took over yet
    last_success_at: datetime | None
    held_cause: str = ""
    troubled_since: datetime | None = None  # when its vendor last stopped answering
    is_told: bool = False  # managers know that it stands still


def heaps(db: Connection, now: datetime) -> tuple[Heap, ...]:
    """Everything that is not over, dead rows included."""
    inbox, outbox = INBOX.c, OUTBOX.c
    due_in = or_(inbox.next_attempt_at.is_(None), inbox.next_attempt_at <= now)
    due_out = or_(outbox.next_attempt_at.is_(None), outbox.next_attempt_at <= now)
    return (
        *_heaps(db, _OPEN_INBOX, inbox.lane, inbox.state, inbox.received_at, due_in),
        *_heaps(db, _OPEN_OUTBOX, outbox.lane, outbox.state, outbox.created_at, due_out),
        *_heaps(db, _DEAD, inbox.lane, inbox.state, inbox.received_at, due_in),
        *_heaps(db, _DEAD, outbox.lane, outbox.state, outbox.created_at, due_out),
    )


def oldest_due(found: tuple[Heap, ...], elsewhere: Collection[str] = ()) -> datetime | None:
    """When the row came that has waited longest for nothing but us: none of the lanes `elsewhere`,
    which wait for somebody else."""
    waiting = (heap.oldest_due for heap in found if heap.lane not in elsewhere)
    return min((since for since in waiting if since is not None), default=None)


def lanes_held(db: Connection, now: datetime) -> frozenset[str]:
    """Lanes that wait for their vendor, or for a person: paused, held until now or a moment ago,
    or being tried again after a hold. One that nobody tries again waits for us."""
    lane = LANES.c
    tried_again = and_(lane.held_cause != "", lane.lease_until > now)
    waits = or_(lane.paused, lane.held_until > now - _TRIED_SOON, tried_again)
    return frozenset(db.scalars(select(lane.name).where(waits)))


def lane_states(db: Connection) -> tuple[LaneState, ...]:
    rows = db.execute(select(LANES).order_by(LANES.c.name))
    return tuple(
        LaneState(
            name=row.name,
            paused=row.paused,
            held_until=row.held_until,
            lease_until=row.lease_until if row.lease_token is not None else None,
            last_success_at=row.last_success_at,
            held_cause=row.held_cause,
            troubled_since=row.troubled_since,
            is_told=row.outage_told,
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Rows of a lane that came and that were done lately, by the minute."""

    came: float
    done: float


def paces(db: Connection, now: datetime) -> Mapping[str, Pace]:
    """As of the newest rows of both tables: a look that costs the same however many there are."""
    inbox = select(INBOX.c.lane, INBOX.c.received_at, INBOX.c.done_at).order_by(INBOX.c.id.desc())
    outbox = select(OUTBOX.c.lane, OUTBOX.c.created_at, OUTBOX.c.done_at)
    newest = outbox.order_by(OUTBOX.c.id.desc())
    found: dict[str, Pace] = {}
    for query in (inbox, newest):
        rows = [(lane, at, done) for lane, at, done in db.execute(query.limit(_PACED))]
        found.update(_paces(rows, now))
    return found


def _paces(
    rows: Sequence[tuple[str, datetime, datetime | None]], now: datetime
) -> Iterator[tuple[str, Pace]]:
    if not rows:
        return
    is_all = len(rows) < _PACED
    oldest = now - _LATELY if is_all else max(rows[-1][1], now - _LATELY)
    minutes = max((now - oldest).total_seconds(), 1) / 60
    came = Counter(lane for lane, at, _ in rows if at >= oldest)
    done = Counter(lane for lane, _, at in rows if at is not None and at >= oldest)
    for lane in {*came, *done}:
        yield lane, Pace(came=came[lane] / minutes, done=done[lane] / minutes)


def _heaps(
    db: Connection,
    of_state: TextClause,
    lane: ColumnElement[str],
    state: ColumnElement[str],
    came: ColumnElement[datetime],
    due: ColumnElement[bool],
) -> tuple[Heap, ...]:
    oldest = func.min(came, type_=Moment()).filter(and_(state == "pending", due))
    rows = db.execute(
        select(lane, state, func.count(), oldest).where(of_state).group_by(lane, state)
    )
    return tuple(
        Heap(lane=name, state=word, rows=count, oldest_due=since)
        for name, word, count, since in rows
    )
