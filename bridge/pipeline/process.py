"""Decides what came: a run of inbox rows of one lane, in order, in one transaction."""

import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bridge.domain.decisions import Wait
from bridge.domain.events import Event
from bridge.domain.facts import Facts
from bridge.domain.names import AccountName, EventKey, MessageId, message_id
from bridge.domain.parking import Later
from bridge.domain.routing import route
from bridge.pipeline import items
from bridge.pipeline.commit import Decided, commit
from bridge.pipeline.event_keys import vendor_message_of
from bridge.pipeline.gather import gather
from bridge.pipeline.items import Items
from bridge.pipeline.lease import Lease
from bridge.pipeline.ledger import stored_event, stored_facts
from bridge.pipeline.parts import Active, Parts
from bridge.pipeline.unit_of_work import UnitOfWork
from bridge.store import decisions, lanes, mirror, parking, work
from bridge.store.deciding import deciding
from bridge.store.engine import fleeting, is_trouble, reading, writing
from bridge.store.lanes import LeaseLost
from bridge.store.work import InboxRow

RUN = 100
MAX_ATTEMPTS = 5
# The first two times it may have been another row of the run that killed the worker.
MAX_DEATHS = MAX_ATTEMPTS + 2
_RETRY = timedelta(seconds=5)
_log = structlog.get_logger()


@dataclass
class _Run:
    """One run's outcome in the making."""

    decided: list[Decided] = field(default_factory=list)
    waits: dict[int, Wait] = field(default_factory=dict)
    seen: set[tuple[AccountName, EventKey]] = field(default_factory=set)


def process(parts: Parts, lease: Lease, rung: set[str]) -> tuple[bool, frozenset[str]]:
    """One run of the lane. Gives whether there may be more, and the lanes that it filled.

    `rung` holds the lanes that the runs before have rung for and that nobody has taken yet.
    """
    started = time.monotonic()
    with fleeting(parts.engine) as db:
        lease.keep(db)
        work.bury(db, lease.lane, MAX_DEATHS)
        rows = work.take(db, lease.lane, parts.now(), RUN)
    if not rows:
        return False, frozenset()
    try:
        filled = _decide(parts, lease, _read_all(parts, rows))
    except Exception as error:
        if not _is_the_rows(error):
            raise
        # Somewhere in this run is an item that breaks it: each row is tried alone.
        filled = frozenset().union(*(_alone(parts, lease, row) for row in rows))
    more = _more(parts, lease, len(rows) == RUN, filled, rung)
    _log.info(
        "processed",
        lane=lease.lane,
        rows=len(rows),
        first_inbox_id=rows[0].id,
        milliseconds=round((time.monotonic() - started) * 1000, 1),
    )
    return more, filled


def _more(
    parts: Parts, lease: Lease, was_full: bool, filled: frozenset[str], rung: set[str]
) -> bool:
    """Whether this lane goes on. After a full run it does, and what that filled is for another
    worker meanwhile. While he is on his way a second ring would leave a job that finds nothing to
    do, and that others would make room for."""
    if not was_full:
        return lease.end(parts.engine, lambda db: work.waits(db, lease.lane, parts.now()))
    with reading(parts.engine) as db:
        free = set(lanes.due(db, sorted(filled)))
    rung &= free
    for lane in sorted(free - rung):
        parts.bell.ring(lane)
    rung |= free
    return True


def _alone(parts: Parts, lease: Lease, row: InboxRow) -> frozenset[str]:
    """Each item in a transaction of its own, so that the good ones are decided; then the row."""
    filled: frozenset[str] = frozenset()
    errors: list[Exception] = []
    with _noted(errors):
        whole = _read(parts, row)
        for item in whole.each():
            with _noted(errors):
                filled |= _decide(parts, lease, [item], ends=False)
        if not errors:
            filled |= _decide(parts, lease, [whole])
    if errors:
        _fail(parts, lease, row, errors[0])
    return filled


@contextmanager
def _noted(errors: list[Exception]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not _is_the_rows(error):
            raise
        errors.append(error)


def _is_the_rows(error: Exception) -> bool:
    """Not where the lease has passed on, nor where the store is down, locked or full."""
    if isinstance(error, SQLAlchemyError):
        return not is_trouble(error)
    return not isinstance(error, LeaseLost)


def _read_all(parts: Parts, rows: Sequence[InboxRow]) -> list[Items]:
    inbounds = {name: parts.vendors.inbound(name) for name in {row.account for row in rows}}
    now = parts.now()
    return [items.read(row, inbounds[row.account], now) for row in rows]


def _read(parts: Parts, row: InboxRow) -> Items:
    return items.read(row, parts.vendors.inbound(row.account), parts.now())


def _decide(
    parts: Parts, lease: Lease, read: Sequence[Items], *, ends: bool = True
) -> frozenset[str]:
    """One transaction for all of it; without `ends` the rows stay open."""
    active = parts.active()
    lookups = gather(parts, lease, [event for one in read for event in one.events])
    with deciding(parts.engine) as db:
        lease.keep(db)
        directory, directory_hash = mirror.directory_and_hash(db, active.policy.crm)
        unit = UnitOfWork(db, active, directory, parts.now(), parts.public_url)
        known = _known(db, read)
        run = _Run(seen=set(known.settled))
        unit.load([event for one in read for event in one.events], lookups, known.parked)
        for one in read:
            _decide_row(unit, active, one, run)
        filled = commit(db, active, directory_hash, unit.held, run.decided, parts.now())
        if ends:
            _settle(db, read, run, parts.now())
            lanes.note_success(db, lease.lane, parts.now())
        # At last: what waits may be another item of these requests.
        parking.wake(db, read[0].row.account, unit.held.arrived)
    return filled


def _known(db: Connection, read: Sequence[Items]) -> decisions.Known:
    keys = [(event.account, event.event_key) for one in read for event in one.events]
    keys.extend((note.account, note.event_key) for one in read for note in one.noted)
    return decisions.known(db, keys)


def _decide_row(unit: UnitOfWork, active: Active, one: Items, run: _Run) -> None:
    for note in one.noted:
        _add(run, Decided(decision=note, event=None, facts=None, inbox_id=one.row.id))
    for event in one.events:
        if (event.account, event.event_key) not in run.seen:
            _decide_event(unit, active, event, one.row, run)


def _decide_event(unit: UnitOfWork, active: Active, event: Event, row: InboxRow, run: _Run) -> None:
    event = unit.at_home(event)
    facts = unit.facts(event, row.request.received_at)
    decision = route(event, facts, active.policy)
    if isinstance(decision, Wait):
        run.waits.setdefault(row.id, decision)
        return
    unit.apply(decision)
    unit.remember(event, facts)
    decided = Decided(
        decision=decision,
        event=stored_event(event),
        facts=stored_facts(facts),
        message=_message_of(event, facts),
        inbox_id=row.id,
    )
    _add(run, decided)


def _message_of(event: Event, facts: Facts) -> MessageId | None:
    """What is told of a message of ours is told of it under the name that it has here."""
    if facts.message is not None and isinstance(event, Later):
        return facts.message.id
    vendor_id = vendor_message_of(event)
    return message_id(event.account, vendor_id) if vendor_id else None


def _add(run: _Run, decided: Decided) -> None:
    key = (decided.decision.account, decided.decision.event_key)
    if key not in run.seen:
        run.seen.add(key)
        run.decided.append(decided)


def _settle(db: Connection, read: Sequence[Items], run: _Run, now: datetime) -> None:
    ended = []
    for one in read:
        row = one.row
        if row.id in run.waits:
            wait = run.waits[row.id]
            work.held(db, row.id, wait.until, wait.reason.detail)
        elif one.trouble:
            work.dead(db, row.id, one.trouble)
        else:
            ended.append(row.id)
    work.done(db, ended, now)


def _fail(parts: Parts, lease: Lease, row: InboxRow, error: Exception) -> None:
    """`attempts` was read before this attempt was counted."""
    attempt, where, now = row.attempts + 1, _where(error), parts.now()
    _log.error("row failed", inbox_id=row.id, account=row.account, attempt=attempt)
    with writing(parts.engine) as db:
        lease.keep(db)
        if attempt >= MAX_ATTEMPTS:
            work.dead(db, row.id, where)
        else:
            work.again(db, row.id, now + _RETRY * 2**row.attempts, where)


def _where(error: BaseException) -> str:
    """Where it broke and with which errors, but not what they say, which might be a client's."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    return "\n".join(line for cause in reversed(causes) for line in _frames(cause))[-4000:]


def _frames(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{frame.filename}:{frame.lineno} in {frame.name}"
    yield type(error).__name__
