"""Copies the files of messages from vendors into our storage, several at a time."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bridge.domain.errors import (
    ConfigError,
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
    StorageFailed,
)
from bridge.domain.files import type_of
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.announcing import Trouble, tell_managers
from bridge.pipeline.arriving import DIFFERS, Arriving, fetched
from bridge.pipeline.lanes import split
from bridge.pipeline.lease import Lease
from bridge.pipeline.parts import Parts
from bridge.pipeline.settling import back_off
from bridge.store import lanes, media
from bridge.store.deciding import deciding
from bridge.store.engine import writing
from bridge.store.lanes import LeaseLost
from bridge.store.media import Copy

IN_FLIGHT = 3
MAX_ATTEMPTS = 14
# The first two times it may have been another file that killed the worker.
MAX_DEATHS = MAX_ATTEMPTS + 2
MAX_OUTAGE = timedelta(days=1)
GAVE_UP = "gave_up"
REFUSED = "file_refused"
TOO_LARGE = "file_too_large"
DIED = "worker_died"
_SOON = timedelta(seconds=5)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    sha256: str
    size: int
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """For good: `code` says why."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """This file again, no sooner than `when`."""

    detail: str
    when: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Down:
    """No file of this account can be copied now. `is_ours`: only a person can mend it."""

    cause: str
    until: datetime | None = None
    is_ours: bool = False


Outcome = Stored | Refused | Later | Down
_Flight = Future[Outcome]


def copy(parts: Parts, lease: Lease, over: Callable[[], bool]) -> bool:
    """Copies what is due on the lane; True when the time was over before everything was."""
    return _Turn(parts, lease).run(over)


class _Turn:
    """Vendors and storage are called on threads, outcomes are noted here."""

    def __init__(self, parts: Parts, lease: Lease) -> None:
        self._parts = parts
        self._lease = lease
        self._account = split(lease.lane)[1]
        self._flights: dict[_Flight, Copy] = {}
        self._stopped = False

    def run(self, over: Callable[[], bool]) -> bool:
        with writing(self._parts.engine) as db:
            self._lease.keep(db)
            said = f"its worker died {MAX_DEATHS} times over it"
            media.bury(db, self._lease.lane, self._parts.now(), MAX_DEATHS, DIED, said)
        with ThreadPoolExecutor(IN_FLIGHT) as threads:
            while True:
                is_over = self._stopped or over()
                if not is_over:
                    self._depart(threads)
                if not self._flights:
                    return is_over and not self._stopped
                third = self._lease.seconds / 3
                self._note(wait(self._flights, third, FIRST_COMPLETED).done)

    def _depart(self, threads: ThreadPoolExecutor) -> None:
        room = IN_FLIGHT - len(self._flights)
        if not room:
            return
        flying = [copy.id for copy in self._flights.values()]
        with writing(self._parts.engine) as db:
            self._lease.keep(db)
            taken = media.take(db, self._lease.lane, self._parts.now(), room, besides=flying)
        for place, found in enumerate(taken):
            pause = self._pause(found)
            if pause > 0:
                self._hold_for_budget(taken[place:], pause)
                return
            flight = threads.submit(outcome_of, self._parts, self._lease, found)
            self._flights[flight] = found

    def _pause(self, found: Copy) -> float:
        """What is fetched with the account's key costs of its rate."""
        return self._parts.budgets.take(self._account, 1) if found.media.media_id else 0.0

    def _hold_for_budget(self, rest: Sequence[Copy], pause: float) -> None:
        until = self._parts.now() + timedelta(seconds=pause)
        cause = "waits for the account's rate"
        with writing(self._parts.engine) as db:
            self._lease.keep(db)
            for found in rest:
                media.again(db, found.id, until, cause, counts=False)
            lanes.hold(db, self._lease.lane, until, cause)
        self._stopped = True

    def _note(self, ended: Collection[_Flight]) -> None:
        """Also renews the lease, whether anything has ended or not."""
        outcomes = [(self._flights.pop(flight), flight.result()) for flight in ended]
        with deciding(self._parts.engine) as db:  # who tells managers decides
            self._lease.keep(db)
            for found, outcome in outcomes:
                self._settle(db, found, outcome)

    def _settle(self, db: Connection, found: Copy, outcome: Outcome) -> None:
        now = self._parts.now()
        _log.info(
            "copied" if isinstance(outcome, Stored) else "not copied",
            lane=self._lease.lane,
            media_id=found.id,
            attempt=found.attempts + 1,
            outcome=type(outcome).__name__.lower(),
        )
        match outcome:
            case Stored(sha256=sha256, size=size, content_type=content_type):
                media.stored(db, found.id, sha256, size, content_type, now)
                lanes.note_success(db, self._lease.lane, now)
            case Refused(code=code, detail=detail):
                media.failed(db, found.id, code, detail, now)
            case Later():
                _try_later(db, found, outcome, now)
            case Down():
                self._go_down(db, found, outcome, now)

    def _go_down(self, db: Connection, found: Copy, down: Down, now: datetime) -> None:
        """The lane is held, longer each time; managers are told, once, of what they must mend."""
        self._stopped = True
        waited = now - found.created_at
        if waited > MAX_OUTAGE:
            media.failed(db, found.id, GAVE_UP, f"for a day: {down.cause}", now)
        seconds = min(max(waited.total_seconds() / 4, 5.0), 900.0)
        until = max(down.until or now, now + timedelta(seconds=seconds))
        if waited <= MAX_OUTAGE:
            media.again(db, found.id, until, down.cause, counts=False)
        if not lanes.hold(db, self._lease.lane, until, down.cause):
            return
        _log.warning("lane held", lane=self._lease.lane, cause=down.cause)
        if down.is_ours:
            reason = Reason(ReasonCode.ACCOUNT_PAUSED, down.cause)
            trouble = Trouble(account=self._account, kind="AccountPaused", reason=reason)
            tell_managers(db, self._parts.active(), self._parts.public_url, trouble, now)


def _try_later(db: Connection, found: Copy, later: Later, now: datetime) -> None:
    attempt = found.attempts + 1
    if attempt >= MAX_ATTEMPTS:
        media.failed(db, found.id, GAVE_UP, f"after {attempt} attempts: {later.detail}", now)
        return
    media.again(db, found.id, max(later.when or now, back_off(attempt, now)), later.detail)


def outcome_of(parts: Parts, lease: Lease, found: Copy) -> Outcome:
    try:
        return _kept(parts, lease, found)
    except (LeaseLost, SQLAlchemyError):
        raise
    except Exception as error:
        return _came_of(error)


def _came_of(error: Exception) -> Outcome:
    match error:
        case DeliveryRejected():
            return Refused(code=error.code or REFUSED, detail=str(error))
        case DeliveryTransient(account_wide=True):
            return Down(cause=str(error), until=error.retry_at)
        case DeliveryTransient():
            return Later(detail=str(error), when=error.retry_at)
        case OutcomeUnknown():
            return Later(detail=str(error))
        case StorageFailed():
            return Down(cause=str(error))
        case CredentialsInvalid() | ConfigError():
            return Down(cause=str(error), is_ours=True)
    # Of an error that nobody foresaw only the kind is told: its words may be a client's.
    return Later(detail=f"failed with {type(error).__name__}")


def _kept(parts: Parts, lease: Lease, found: Copy) -> Outcome:
    """Fetches, checks, and keeps; refers to the content before it is in the storage, so that it is
    never taken for one that nobody needs."""
    wanted, most = found.media, parts.active().policy.media.max_bytes
    if wanted.size is not None and wanted.size > most:
        detail = f"{wanted.size} bytes were told of, {most} are kept (media.max_megabytes)"
        return Refused(code=TOO_LARGE, detail=detail)
    with parts.storage.stage() as file:
        arriving = Arriving(file, wanted.size)
        source = parts.vendors.media(found.account, wanted)
        told = fetched(source, wanted, most, arriving)
        if wanted.sha256 and arriving.sha256 != wanted.sha256:
            return Refused(code=DIFFERS, detail="what came has another hash than was told")
        content_type = type_of(arriving.head, wanted.content_type or told)
        if not _claimed(parts, lease, found, arriving.sha256):
            return Later(detail="the same content is being removed", when=parts.now() + _SOON)
        parts.storage.put(arriving.sha256, file)
    return Stored(sha256=arriving.sha256, size=arriving.size, content_type=content_type)


def _claimed(parts: Parts, lease: Lease, found: Copy, sha256: str) -> bool:
    with writing(parts.engine) as db:
        lease.keep(db)
        return media.claim(db, found.id, sha256)
