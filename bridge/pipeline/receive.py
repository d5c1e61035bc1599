"""Makes a webhook durable before it is answered: one thread commits all that wait at once."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bridge.domain.errors import BridgeError
from bridge.pipeline.parts import Bell
from bridge.pipeline.shares import Shares
from bridge.ports import Answer, Inbound, RawRequest
from bridge.store.inbox import MOST_AT_ONCE, NewRow, append_durably

MAX_WAITING_BYTES = 128 * 1024 * 1024
TROUBLE_SECONDS = 30.0
CLOSE_SECONDS = 2.0
_STORE_DOWN = (OperationalError, InterfaceError, InternalError, PoolTimeout)
_ROW_BAD = (SQLAlchemyError, ValueError, OverflowError)


class NotStored(BridgeError):
    """The store is locked, full or down: answer 503, so that the vendor sends again."""


class Unstorable(BridgeError):
    """No store can hold this row; answer 400."""


@dataclass(slots=True)
class _Waiting:
    row: NewRow
    durable: Future[None] = field(default_factory=Future)

    def settle(self, error: BridgeError | None) -> None:
        if error is None:
            self.durable.set_result(None)
        else:
            self.durable.set_exception(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The vendor's answer, to be given once `durable` is done; None when nothing was to store."""

    answer: Answer
    durable: Future[None] | None = None


def receive(
    inbound: Inbound, request: RawRequest, store: Callable[[RawRequest], Future[None]]
) -> Received:
    """Raises SignatureInvalid before anything is stored, and what `store` raises."""
    challenge = inbound.handshake(request)
    if challenge is not None:
        return Received(answer=challenge)
    inbound.verify(request)
    durable = store(request)
    return Received(answer=inbound.accepted(request), durable=durable)


class Receiver:
    """Appends rows to the inbox for many callers; nobody has to wait in a thread of his own."""

    def __init__(
        self,
        engine: Engine,
        bell: Bell,
        *,
        observe_batch: Callable[[int], None] = lambda size: None,
        max_batch: int = MOST_AT_ONCE,
        max_waiting: int = 1024,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
    ) -> None:
        self._engine = engine
        self._bell = bell
        self._observe_batch = observe_batch
        self._max_batch = max_batch
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._rows = Shares(max_waiting)
        self._bytes = Shares(max_waiting_bytes)
        self._failure = ("", 0.0)  # the last one, and when (monotonic)
        self._closed = False
        self._door = threading.Lock()
        self._committer = threading.Thread(
            target=self._commit_forever, name="committer", daemon=True
        )
        self._committer.start()

    def append(self, row: NewRow) -> Future[None]:
        """Is done once the row is durable, or ends with NotStored or Unstorable when it is not.

        Raises NotStored at once when too many wait, and after `close`.
        """
        waiting = _Waiting(row)
        waiting.durable.set_running_or_notify_cancel()  # who stops waiting does not stop the commit
        with self._door:
            if self._closed:
                raise NotStored("the receiver is closed")
            if not self._rows.take(row.account, 1):
                raise NotStored("too many webhooks wait for the store")
            if not self._bytes.take(row.account, len(row.body)):
                self._rows.give_back(row.account, 1)
                raise NotStored("too many bytes wait for the store")
            self._waiting.put(waiting)
        return waiting.durable

    @property
    def waiting(self) -> int:
        """How many wait, without those that the committer has in hand."""
        return self._rows.held

    @property
    def waiting_bytes(self) -> int:
        """With those that the committer has in hand."""
        return self._bytes.held

    def trouble(self) -> str:
        """Why the store has kept nothing lately; empty once it has kept something again, or when
        nothing was brought for a while: who hears of trouble may bring nothing any more."""
        cause, since = self._failure
        return cause if time.monotonic() - since < TROUBLE_SECONDS else ""

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Commits what waits, for so long at most, then stops. A store that is locked must not
        keep a process that is told to end: who waits by then has long been asked to send again."""
        self._shut()
        self._waiting.put(None)
        self._committer.join(seconds)

    def _shut(self) -> None:
        with self._door:
            self._closed = True

    def _commit_forever(self) -> None:
        try:
            while (first := self._waiting.get()) is not None:
                batch, last = self._gather(first)
                with self._door:
                    for waiting in batch:
                        self._rows.give_back(waiting.row.account, 1)
                self._commit_and_settle(batch)
                if last:
                    break
        finally:
            self._shut()
            self._refuse_the_rest()

    def _commit_and_settle(self, batch: Sequence[_Waiting]) -> None:
        try:
            self._commit(batch)
        finally:
            with self._door:
                for waiting in batch:
                    self._bytes.give_back(waiting.row.account, len(waiting.row.body))
            # Nobody may wait for ever, whatever went wrong above.
            self._settle([w for w in batch if not w.durable.done()], NotStored("store: bug"))

    def _gather(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        """All that wait now, and whether the end was among them."""
        batch = [first]
        while len(batch) < self._max_batch:
            try:
                following = self._waiting.get_nowait()
            except queue.Empty:
                break
            if following is None:
                return batch, True
            batch.append(following)
        return batch, False

    def _refuse_the_rest(self) -> None:
        while True:
            try:
                waiting = self._waiting.get_nowait()
            except queue.Empty:
                return
            if waiting is not None:
                waiting.settle(NotStored("the receiver is closed"))

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        try:
            self._write([waiting.row for waiting in batch])
        except _STORE_DOWN as error:
            self._failure = (type(error).__name__, time.monotonic())
            self._settle(batch, NotStored(f"store: {type(error).__name__}"))
        except _ROW_BAD as error:
            self._commit_alone(batch, error)
        else:
            self._failure = ("", 0.0)
            self._settle(batch, None)
            for lane in dict.fromkeys(waiting.row.lane for waiting in batch):
                self._bell.ring(lane)

    def _commit_alone(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """One bad row must not fail its neighbours."""
        if len(batch) == 1:
            self._settle(batch, Unstorable(f"store: {type(error).__name__}"))
            return
        for waiting in batch:
            self._commit([waiting])

    def _write(self, rows: Sequence[NewRow]) -> None:
        append_durably(self._engine, rows)
        self._observe_batch(len(rows))

    @staticmethod
    def _settle(batch: Sequence[_Waiting], error: BridgeError | None) -> None:
        for waiting in batch:
            waiting.settle(error)
