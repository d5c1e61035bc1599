"""Makes a webhook durable before it is answered: one thread commits all that wait at once."""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bridge.domain.errors import BridgeError
from bridge.pipeline.parts import Bell
from bridge.ports import Answer, Inbound, RawRequest
from bridge.store.engine import writing
from bridge.store.inbox import NewRow, append

_STORE_DOWN = (OperationalError, InterfaceError, InternalError, PoolTimeout)
_ROW_BAD = (SQLAlchemyError, ValueError, OverflowError)


class NotStored(BridgeError):
    """The store is locked, full or down: answer 503, so that the vendor sends again."""


class Unstorable(BridgeError):
    """No store can hold this row; answer 400."""


@dataclass(slots=True)
class _Waiting:
    row: NewRow
    settled: threading.Event = field(default_factory=threading.Event)
    error: BridgeError | None = None

    def settle(self, error: BridgeError | None) -> None:
        self.error = error
        self.settled.set()


def receive(inbound: Inbound, request: RawRequest, store: Callable[[RawRequest], None]) -> Answer:
    """The vendor's answer; raises SignatureInvalid before, or NotStored instead of, storing."""
    challenge = inbound.handshake(request)
    if challenge is not None:
        return challenge
    inbound.verify(request)
    store(request)
    return inbound.accepted(request)


class Receiver:
    """Appends rows to the inbox for many threads; a row is committed before `append` returns."""

    def __init__(
        self,
        engine: Engine,
        bell: Bell,
        *,
        observe_batch: Callable[[int], None] = lambda size: None,
        max_batch: int = 256,
        max_waiting: int = 1024,
    ) -> None:
        self._engine = engine
        self._bell = bell
        self._observe_batch = observe_batch
        self._max_batch = max_batch
        self._waiting: queue.Queue[_Waiting | None] = queue.Queue(max_waiting)
        self._closed = False
        self._door = threading.Lock()
        self._committer = threading.Thread(
            target=self._commit_forever, name="committer", daemon=True
        )
        self._committer.start()

    def append(self, row: NewRow) -> None:
        """Returns once the row is durable; raises NotStored or Unstorable when it is not."""
        waiting = _Waiting(row)
        with self._door:
            if self._closed:
                raise NotStored("the receiver is closed")
            try:
                self._waiting.put_nowait(waiting)
            except queue.Full:
                raise NotStored("too many webhooks wait for the store") from None
        waiting.settled.wait()
        if waiting.error is not None:
            raise waiting.error

    def close(self) -> None:
        """Commits what waits, then stops."""
        self._shut()
        self._waiting.put(None)
        self._committer.join()

    def _shut(self) -> None:
        with self._door:
            self._closed = True

    def _commit_forever(self) -> None:
        try:
            while (first := self._waiting.get()) is not None:
                batch, last = self._gather(first)
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
            # Nobody may wait for ever, whatever went wrong above.
            self._settle([w for w in batch if not w.settled.is_set()], NotStored("store: bug"))

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
            self._settle(batch, NotStored(f"store: {type(error).__name__}"))
        except _ROW_BAD as error:
            self._commit_alone(batch, error)
        else:
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
        with writing(self._engine) as db:
            append(db, rows)
        self._observe_batch(len(rows))

    @staticmethod
    def _settle(batch: Sequence[_Waiting], error: BridgeError | None) -> None:
        for waiting in batch:
            waiting.settle(error)
