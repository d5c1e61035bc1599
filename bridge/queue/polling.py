"""Without Redis, or while it is down: looks into the tables and drains, with the same drain."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from bridge.queue.turn import LANE_SECONDS, Drain

SHORTEST_SECONDS = 0.05
LONGEST_SECONDS = 0.5
THREADS = 4
GRACE_SECONDS = 6.0


def end_soon_after(stopping: threading.Event) -> None:
    """Once it is set, the process ends in time even if a call to a vendor hangs or the store is
    locked; its leases then run out by themselves."""

    def end() -> None:
        stopping.wait()
        time.sleep(GRACE_SECONDS)
        os._exit(0)

    threading.Thread(target=end, daemon=True).start()


class Poller:
    """Several lanes at a time, on threads of one process, so that one process counts the vendors'
    budgets. `drain` and `due_lanes` never raise."""

    def __init__(
        self, due_lanes: Callable[[], Sequence[str]], drain: Drain, *, threads: int = THREADS
    ) -> None:
        self._due_lanes = due_lanes
        self._drain = drain
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="lane")
        self._in_hand: set[str] = set()
        self._lock = threading.Lock()
        self._drained = threading.Event()
        self._stopping = threading.Event()

    def run(self) -> None:
        """Until `stop`."""
        pause = SHORTEST_SECONDS
        while not self._stopping.is_set():
            pause = SHORTEST_SECONDS if self.look() else min(LONGEST_SECONDS, pause * 1.5)
            self._drained.wait(pause)
            self._drained.clear()

    def look(self) -> int:
        """Starts draining what is due and not in hand; how many lanes that were."""
        due = [lane for lane in self._due_lanes() if self._take(lane)]
        for lane in due:
            self._pool.submit(self._work, lane)
        return len(due)

    def stop(self) -> None:
        """Lanes in hand end their drain; nothing new is begun."""
        self._stopping.set()
        self._drained.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _take(self, lane: str) -> bool:
        with self._lock:
            fresh = lane not in self._in_hand
            self._in_hand.add(lane)
            return fresh

    def _over(self) -> Callable[[], bool]:
        end = time.monotonic() + LANE_SECONDS
        return lambda: self._stopping.is_set() or time.monotonic() >= end

    def _work(self, lane: str) -> None:
        try:
            if not self._stopping.is_set():
                self._drain(lane, self._over())
        finally:
            with self._lock:
                self._in_hand.discard(lane)
            self._drained.set()
