"""Carries effects out at vendors: runs of rows in order, several calls in flight when it pays."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from bridge.domain.errors import BridgeError, ConfigError
from bridge.domain.names import AccountName
from bridge.pipeline import settling
from bridge.pipeline.commit import names
from bridge.pipeline.lanes import split
from bridge.pipeline.lease import Lease
from bridge.pipeline.own_files import made_ready
from bridge.pipeline.pacing import paced
from bridge.pipeline.parts import Parts
from bridge.pipeline.withholding import still_meant
from bridge.ports import (
    Account,
    CannotTell,
    Connector,
    Delivery,
    Outbound,
    Outcome,
    Unknown,
)
from bridge.store import lanes, outbox, outgoing
from bridge.store.deciding import deciding
from bridge.store.engine import writing
from bridge.store.outgoing import Row

IN_FLIGHT = 4
_Flight = Future[Sequence[Outcome]]
_Run = tuple[list[Row], list[Delivery]]
T = TypeVar("T")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vendor:
    """The vendor's side of one outbound lane."""

    account: AccountName
    connector: Connector
    outbound: Outbound
    settle_after: timedelta
    """How long after an attempt its traces can be trusted to be seen."""


def deliver(parts: Parts, lease: Lease, over: Callable[[], bool]) -> bool:
    """Works on the lane until it is empty, held, or the time is over; True when rows may be
    left."""
    vendor = _vendor(parts, lease)
    if vendor is None:
        return False
    turn = _Turn(parts, lease, vendor)
    unknown, runs = turn.begin(over)
    if unknown[0]:
        if not _look_up(parts, lease, vendor, unknown):
            return False
        runs = turn.exchange((), over)
    return turn.run(runs, over)


def _vendor(parts: Parts, lease: Lease) -> _Vendor | None:
    """None, and the lane held with the cause, when the account's configuration is broken."""
    _, account = split(lease.lane)
    try:
        connector = parts.vendors.connector(account)
        return _Vendor(
            account=account,
            connector=connector,
            outbound=parts.vendors.outbound(account),
            settle_after=_settle_after(connector, parts.active().accounts[account]),
        )
    except ConfigError as error:
        with writing(parts.engine) as db:
            lease.keep(db)
            until = parts.now() + timedelta(minutes=1)
            if lanes.hold(db, lease.lane, until, str(error)):
                _log.error("lane held", lane=lease.lane, cause=str(error))
        return None


def _settle_after(connector: Connector, account: Account) -> timedelta:
    """The account's option `look_up_after_seconds` says otherwise than the manifest, for a vendor
    whose real times are known to be shorter or longer."""
    seconds = connector.call_timeout_seconds + connector.index_lag_seconds
    try:
        given = account.options.get("look_up_after_seconds", str(seconds))
        return timedelta(seconds=float(given))
    except (ValueError, OverflowError):
        raise ConfigError(
            f"account {account.name}: option look_up_after_seconds is not a number of seconds"
        ) from None


class _Turn:
    """One turn on an outbound lane. Vendor calls run on threads, the store is touched here only:
    one transaction notes what has landed and takes what departs next."""

    def __init__(self, parts: Parts, lease: Lease, vendor: _Vendor) -> None:
        self._parts = parts
        self._lease = lease
        self._vendor = vendor
        self._flights: dict[_Flight, list[Row]] = {}
        self._stopped = False

    def begin(self, over: Callable[[], bool]) -> tuple[_Run, list[_Run]]:
        """What a dead holder left and is to be looked up now; if there is none, what departs: a
        quiet lane has one transaction before its call."""
        with deciding(self._parts.engine) as db:
            self._lease.keep(db)
            now = self._parts.now()
            outgoing.orphaned(db, self._lease.lane, now + self._vendor.settle_after)
            rows = outgoing.due_unknown(db, self._lease.lane, now, self._vendor.connector.max_run)
            unknown = (rows, _deliveries(self._parts, db, self._lease, rows))
            return unknown, [] if rows or self._closing(over) else self._take(db)

    def run(self, runs: Sequence[_Run], over: Callable[[], bool]) -> bool:
        with ThreadPoolExecutor(IN_FLIGHT) as threads:
            while True:
                self._depart(threads, runs)
                if not self._flights:
                    return not self._stopped and self._closing(over)
                # The lease is renewed in time, whether anything has ended or not.
                third = self._lease.seconds / 3
                ended = wait(self._flights, timeout=third, return_when=FIRST_COMPLETED).done
                runs = self.exchange(ended, over)

    def _closing(self, over: Callable[[], bool]) -> bool:
        return self._stopped or over()

    def exchange(self, ended: Collection[_Flight], over: Callable[[], bool]) -> list[_Run]:
        # Deciding changes the same records and messages: one waits for the other.
        with deciding(self._parts.engine) as db:
            self._lease.keep(db)
            for flight in ended:
                self._note(db, self._flights.pop(flight), flight.result())
            return [] if self._closing(over) else self._take(db)

    def _take(self, db: Connection) -> list[_Run]:
        """A run if there are rows; further ones only when a full batch waits for each."""
        runs: list[_Run] = []
        limit, now = self._vendor.connector.max_run, self._parts.now()
        taken = 0
        while len(self._flights) + len(runs) < IN_FLIGHT and taken in (0, limit):
            at_least = limit if self._flights or runs else 1
            rows = outgoing.take(db, self._lease.lane, now, limit, at_least=at_least)
            taken = len(rows)
            if not rows:
                break
            rows = still_meant(self._parts, db, rows)
            rows = paced(self._parts.paces, db, self._vendor.connector.per_chat, rows, now)
            if rows:
                runs.append((rows, _deliveries(self._parts, db, self._lease, rows)))
            else:
                taken = 0  # none of them may go: on with those behind
        return runs

    def _depart(self, threads: ThreadPoolExecutor, runs: Sequence[_Run]) -> None:
        for n, (rows, deliveries) in enumerate(runs):
            pause = _pause(self._parts, self._vendor, deliveries)
            if pause > 0:
                self._hold_for_budget([row for later, _ in runs[n:] for row in later], pause)
                break
            self._flights[threads.submit(_call, self._vendor, deliveries)] = rows

    def _hold_for_budget(self, rows: Sequence[Row], pause: float) -> None:
        with writing(self._parts.engine) as db:
            outgoing.give_back(db, [row.id for row in rows], "waits for the account's rate", None)
            _hold(db, self._parts, self._lease, pause)
        self._stopped = True

    def _note(self, db: Connection, rows: Sequence[Row], outcomes: Sequence[Outcome]) -> None:
        settle_at = self._parts.now() + self._vendor.settle_after
        notes = settling.Notes(
            lane=self._lease.lane,
            now=self._parts.now(),
            look_up_at=settle_at,
            active=self._parts.active(),
            public_url=self._parts.public_url,
        )
        down = settling.note(db, notes, list(zip(rows, outcomes, strict=True)))
        counts = _counted(outcomes)
        _log.info("delivered", lane=self._lease.lane, first_outbox_id=rows[0].id, **counts)
        if down is not None:
            self._stopped = True


def _look_up(parts: Parts, lease: Lease, vendor: _Vendor, unknown: _Run) -> bool:
    """What became of rows of unknown outcome, before anything else is sent; False when the lane
    is held instead, because the account's rate is used up."""
    rows, deliveries = unknown
    pause = _pause(parts, vendor, deliveries)
    if pause > 0:
        with writing(parts.engine) as db:
            _hold(db, parts, lease, pause)
        return False
    answers = lease.while_waiting(parts.engine, lambda: _find(vendor, deliveries))
    with deciding(parts.engine) as db:
        lease.keep(db)
        settling.note_found(db, parts.now(), list(zip(rows, answers, strict=True)))
    return True


def _pause(parts: Parts, vendor: _Vendor, deliveries: Sequence[Delivery]) -> float:
    """Takes what a call for these costs of the account's rate, or gives the seconds to wait."""
    return parts.budgets.take(vendor.account, vendor.connector.calls(deliveries))


def _hold(db: Connection, parts: Parts, lease: Lease, pause: float) -> None:
    lease.keep(db)
    until = parts.now() + timedelta(seconds=pause)
    lanes.hold(db, lease.lane, until, "the account's rate budget is used up")


def _find(vendor: _Vendor, deliveries: Sequence[Delivery]) -> Sequence[settling.Answer]:
    with _bounded(vendor, "find"):
        try:
            return _one_each(deliveries, vendor.outbound.find(deliveries))
        except Exception as error:
            return [CannotTell(reason=_what(error))] * len(deliveries)


def _call(vendor: _Vendor, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
    """A connector answers with outcomes; an error that escapes it says nothing of any row, and
    must not stop the lane."""
    with _bounded(vendor, "deliver"):
        try:
            return _one_each(deliveries, vendor.outbound.deliver(deliveries))
        except Exception as error:
            return [Unknown(reason=_what(error))] * len(deliveries)


def _one_each(deliveries: Sequence[Delivery], answers: Sequence[T]) -> Sequence[T]:
    if len(answers) != len(deliveries):
        raise ValueError(f"{len(answers)} answers for {len(deliveries)} deliveries")
    return answers


def _what(error: Exception) -> str:
    """Our own errors hold no client data; of others only the kind is told."""
    return str(error) if isinstance(error, BridgeError) else f"failed with {type(error).__name__}"


@contextmanager
def _bounded(vendor: _Vendor, operation: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    milliseconds = round((time.monotonic() - started) * 1000, 1)
    _log.info("called", account=vendor.account, operation=operation, milliseconds=milliseconds)


def _deliveries(parts: Parts, db: Connection, lease: Lease, rows: Sequence[Row]) -> list[Delivery]:
    _, account = split(lease.lane)
    known = outbox.vendor_ids(db, account, [name for row in rows for name in names(row.effect)])
    now = parts.now()
    ready = made_ready(parts, db, [row.effect for row in rows])
    return [
        Delivery(
            effect=one.effect,
            idempotency_key=row.idempotency_key,
            attempt=row.attempts,
            now=now,
            in_doubt_since=row.in_doubt_since,
            ids={n: known[n] for n in names(row.effect) if n in known},
            still_ours=lease.is_ours,
            file=one.file,
        )
        for row, one in zip(rows, ready, strict=True)
    ]


def _counted(outcomes: Sequence[Outcome]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for outcome in outcomes:
        kind = type(outcome).__name__.lower()
        counts[kind] = counts.get(kind, 0) + 1
    return counts
