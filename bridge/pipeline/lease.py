"""A worker's hold on one lane, from its first transaction to giving it back."""

import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from bridge.store import lanes, undone
from bridge.store.engine import fleeting, is_trouble, writing
from bridge.store.lanes import LeaseLost

# A store that was killed is back within seconds; a worker that waits for it misses nothing.
GIVE_BACK_SECONDS = 10.0
_AGAIN_SECONDS = 0.2
T = TypeVar("T")


@dataclass(slots=True)
class Lease:
    lane: str
    token: str
    seconds: float
    _kept_at: float | None = None

    def keep(self, db: Connection) -> None:
        """Takes it within the caller's transaction, the first time, and then renews it; raises
        LeaseLost when another has it, or the lane is held."""
        began = time.monotonic()
        if self._kept_at is not None:
            lanes.keep(db, self.lane, self.token, self.seconds)
        elif not lanes.acquire(db, self.lane, self.token, self.seconds):
            raise LeaseLost(f"another worker has {self.lane}, or it is held")
        self._kept_at = began

    def end(self, engine: Engine, stays: Callable[[Connection], bool]) -> bool:
        """One transaction for the last look and for giving it back, unless there is reason to stay;
        whether there is. What comes later finds nobody on the lane and is rung for."""
        with fleeting(engine) as db:
            if stays(db):
                return True
            lanes.release(db, self.lane, self.token)
        self._kept_at = None
        return False

    @property
    def is_held(self) -> bool:
        return self._kept_at is not None

    def is_ours(self) -> bool:
        """Whether nobody else can have it yet, by this machine's own clock: for what can't be done
        within a transaction. Time goes on while a process is stopped."""
        return self._kept_at is not None and time.monotonic() < self._kept_at + self.seconds

    def while_waiting(self, engine: Engine, call: Callable[[], T]) -> T:
        """The call's result; the lease is renewed as long as it lasts."""
        with ThreadPoolExecutor(1) as thread:
            pending = thread.submit(call)
            while wait([pending], timeout=self.seconds / 3).not_done:
                with fleeting(engine) as db:
                    self.keep(db)
            return pending.result()


@contextmanager
def leased(engine: Engine, lane: str, seconds: float) -> Iterator[Lease]:
    """A lease that the holder's first transaction takes; given back at the end.

    After a kill it runs out by itself. Where the store fails the holder, what it had taken is given
    back with the lease as if it had never been tried, as soon as the store is there again.
    """
    lease = Lease(lane, secrets.token_hex(8), seconds)
    store_failed = False
    try:
        yield lease
    except SQLAlchemyError as error:
        store_failed = is_trouble(error)
        raise
    finally:
        if lease.is_held:
            _give_back(engine, lease, store_failed)


def _give_back(engine: Engine, lease: Lease, store_failed: bool) -> None:
    end = time.monotonic() + (GIVE_BACK_SECONDS if store_failed else 0.0)
    while True:
        try:
            _give_back_now(engine, lease, store_failed)
            return
        except SQLAlchemyError as error:
            if time.monotonic() >= end or not is_trouble(error):
                raise
            time.sleep(_AGAIN_SECONDS)


def _give_back_now(engine: Engine, lease: Lease, store_failed: bool) -> None:
    # A store that has just failed may do so again: what is given back has to be there then.
    transaction = writing if store_failed else fleeting
    with suppress(LeaseLost), transaction(engine) as db:
        if store_failed:
            lease.keep(db)
            undone.give_back(db, lease.lane)
        lanes.release(db, lease.lane, lease.token)
