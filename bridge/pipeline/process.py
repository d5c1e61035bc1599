"""Decides what came: a run of inbox rows of one lane, in order, in one transaction."""

import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bridge.domain.decisions import Wait
from bridge.domain.events import Event
from bridge.domain.names import AccountName, EventKey, message_id
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
from bridge.store import decisions, lanes, mirror, work
from bridge.store.deciding import deciding
from bridge.store.engine import writing
from bridge.store.work import InboxRow

RUN = 100
MAX_ATTEMPTS = 5
_RETRY = timedelta(seconds=5)
_log = structlog.get_logger()


@dataclass
class _Run:
    """One run's outcome in the making."""

    decided: list[Decided] = field(default_factory=list)
    waits: dict[int, Wait] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    seen: set[tuple[AccountName, EventKey]] = field(default_factory=set)


def process(parts: Parts, lease: Lease) -> tuple[bool, frozenset[str]]:
    """One run of the lane. Gives whether there may be more, and the lanes that it filled."""
    started = time.monotonic()
    with writing(parts.engine) as db:
        lease.keep(db)
        work.bury(db, lease.lane, MAX_ATTEMPTS)
        rows = work.take(db, lease.lane, parts.now(), RUN)
    if not rows:
        return False, frozenset()
    alone = len(rows) == 1
    try:
        filled = _decide(parts, lease, rows, alone=alone)
    except lanes.LeaseLost:
        raise
    except Exception:
        if alone:
            _fail(parts, lease, rows[0], traceback.format_exc())
            filled = frozenset()
        else:
            # Somewhere in this run is a row that breaks it: each is tried alone.
            filled = frozenset().union(*(_alone(parts, lease, row) for row in rows))
    _log.info(
        "processed",
        lane=lease.lane,
        rows=len(rows),
        first_inbox_id=rows[0].id,
        milliseconds=round((time.monotonic() - started) * 1000, 1),
    )
    return True, filled


def _alone(parts: Parts, lease: Lease, row: InboxRow) -> frozenset[str]:
    try:
        return _decide(parts, lease, [row], alone=True)
    except lanes.LeaseLost:
        raise
    except Exception:
        _fail(parts, lease, row, traceback.format_exc())
        return frozenset()


def _decide(parts: Parts, lease: Lease, rows: Sequence[InboxRow], *, alone: bool) -> frozenset[str]:
    active, now = parts.active(), parts.now()
    read = [items.read(row, parts.vendors.inbound(row.account), now) for row in rows]
    lookups = gather(parts, lease, [event for one in read for event in one.events])
    with deciding(parts.engine) as db:
        lease.keep(db)
        directory, directory_hash = mirror.directory_and_hash(db, active.policy.crm)
        unit = UnitOfWork(db, active, directory, parts.now(), parts.public_url)
        run = _Run(seen=_known(db, read))
        unit.load([event for one in read for event in one.events], lookups)
        for one in read:
            _decide_row(unit, active, one, run, alone=alone)
        filled = commit(db, active, directory_hash, unit.held, run.decided, parts.now())
        _settle(db, read, run, parts.now())
    return filled


def _known(db: Connection, read: Sequence[Items]) -> set[tuple[AccountName, EventKey]]:
    keys = [(event.account, event.event_key) for one in read for event in one.events]
    keys.extend((note.account, note.event_key) for one in read for note in one.noted)
    return set(decisions.known(db, keys))


def _decide_row(unit: UnitOfWork, active: Active, one: Items, run: _Run, *, alone: bool) -> None:
    for note in one.noted:
        _add(run, Decided(decision=note, event=None, facts=None, inbox_id=one.row.id))
    for event in one.events:
        if (event.account, event.event_key) in run.seen:
            continue
        try:
            _decide_event(unit, active, event, one.row, run)
        except Exception:
            if not alone:
                raise
            # The row's other events are decided all the same.
            run.failed[one.row.id] = traceback.format_exc()


def _decide_event(unit: UnitOfWork, active: Active, event: Event, row: InboxRow, run: _Run) -> None:
    facts = unit.facts(event)
    decision = route(event, facts, active.policy)
    if isinstance(decision, Wait):
        run.waits.setdefault(row.id, decision)
        return
    unit.apply(decision)
    vendor_id = vendor_message_of(event)
    decided = Decided(
        decision=decision,
        event=stored_event(event),
        facts=stored_facts(facts),
        message=message_id(event.account, vendor_id) if vendor_id else None,
        inbox_id=row.id,
    )
    _add(run, decided)


def _add(run: _Run, decided: Decided) -> None:
    key = (decided.decision.account, decided.decision.event_key)
    if key not in run.seen:
        run.seen.add(key)
        run.decided.append(decided)


def _settle(db: Connection, read: Sequence[Items], run: _Run, now: datetime) -> None:
    ended = []
    for one in read:
        row = one.row
        if row.id in run.failed:
            _again_or_dead(db, row, run.failed[row.id], now)
        elif row.id in run.waits:
            wait = run.waits[row.id]
            work.held(db, row.id, wait.until, wait.reason.detail)
        elif one.trouble:
            work.dead(db, row.id, one.trouble)
        else:
            ended.append(row.id)
    work.done(db, ended, now)


def _fail(parts: Parts, lease: Lease, row: InboxRow, trace: str) -> None:
    with writing(parts.engine) as db:
        lease.keep(db)
        _again_or_dead(db, row, trace, parts.now())


def _again_or_dead(db: Connection, row: InboxRow, trace: str, now: datetime) -> None:
    """`attempts` was read before this attempt was counted."""
    _log.error("row failed", inbox_id=row.id, account=row.account, attempt=row.attempts + 1)
    if row.attempts + 1 >= MAX_ATTEMPTS:
        work.dead(db, row.id, _without_values(trace))
    else:
        work.again(db, row.id, now + _RETRY * 2**row.attempts, _without_values(trace))


def _without_values(trace: str) -> str:
    """Where it broke and with which error, but no value, which might be a client's."""
    return "\n".join(_safe_lines(trace))[-4000:]


def _safe_lines(trace: str) -> Iterator[str]:
    lines = trace.strip().splitlines()
    yield from (line for line in lines[:-1] if line.lstrip().startswith("File "))
    yield lines[-1].split(":")[0] if lines else "unknown error"
