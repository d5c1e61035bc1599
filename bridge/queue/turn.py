"""One turn of a worker: drains its lane and those it fills, then lingers for the next ring."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from bridge.queue import clients
from bridge.queue.bell import Heard
from bridge.queue.lane_job import LANE

LANE_SECONDS = 2.0
_ASKED_EVERY_SECONDS = 0.2
_TOLD_EVERY_SECONDS = 1.0
QUIET_SECONDS = 5.0
TURN_SECONDS = 60.0
SLICE_SECONDS = 1.0

Drain = Callable[[str, Callable[[], bool]], tuple[str, ...]]
"""Drains a lane until it is empty or the time is over, as it asks before each step; the lanes that
it filled or left work in."""


class Rings(Protocol):
    def begin(self, lane: str) -> None: ...

    def draining(self, lane: str) -> None: ...

    def drained(self, lane: str) -> Heard: ...

    def others_wait(self) -> bool: ...

    def wait(self, seconds: float) -> Heard: ...

    def end(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    drain: Drain
    rings: Rings
    ring: Callable[[str], None]
    stopping: Callable[[], bool] = lambda: False
    quiet_seconds: float = QUIET_SECONDS
    turn_seconds: float = TURN_SECONDS

    def take(self, lane: str) -> None:
        """Ends when it was quiet, when its time is over, or when jobs wait for a worker; what is
        left then is rung for, behind them."""
        for waiting in self._drain_until_over(lane, time.monotonic() + self.turn_seconds):
            self.ring(waiting)

    def _drain_until_over(self, lane: str, end: float) -> deque[str]:
        lanes = deque([lane])
        try:
            self.rings.begin(lane)
            self._drain_and_linger(lanes, end)
            _add(lanes, self.rings.end())
        except clients.ERRORS:
            self._finish_without_bell(lanes, end)
        return lanes

    def _drain_and_linger(self, lanes: deque[str], end: float) -> None:
        while time.monotonic() < end and not self.stopping():
            if not lanes and not self._linger(lanes, end):
                return
            lane = lanes[0]
            self.rings.draining(lane)
            self._drain_first(lanes, end)
            heard = self.rings.drained(lane)
            _add(lanes, heard.lanes)
            if heard.jobs_wait:
                return

    def _drain_first(self, lanes: deque[str], end: float) -> None:
        lane = lanes.popleft()
        _add(lanes, self.drain(lane, self._over(lane, lanes, end)))

    def _over(self, lane: str, lanes: deque[str], end: float) -> Callable[[], bool]:
        """A lane has its seconds, and more for as long as no other lane waits: to end and to begin
        anew costs a vendor's whole answering time."""
        told_next = time.monotonic() + _TOLD_EVERY_SECONDS
        asked_next = min(end, time.monotonic() + LANE_SECONDS)

        def over() -> bool:
            nonlocal asked_next, told_next
            now = time.monotonic()
            if self.stopping() or now >= end:
                return True
            if now >= told_next:
                told_next = now + _TOLD_EVERY_SECONDS
                self._tell(lane)
            if now < asked_next:
                return False
            asked_next = now + _ASKED_EVERY_SECONDS
            return bool(lanes) or self._others_may_wait()

        return over

    def _tell(self, lane: str) -> None:
        with suppress(*clients.ERRORS):  # it will be noticed when the drain is over
            self.rings.draining(lane)

    def _others_may_wait(self) -> bool:
        try:
            return self.rings.others_wait()
        except clients.ERRORS:
            return True

    def _finish_without_bell(self, lanes: deque[str], end: float) -> None:
        while lanes and time.monotonic() < end and not self.stopping():
            self._drain_first(lanes, end)

    def _linger(self, lanes: deque[str], end: float) -> bool:
        """Waits for a ring; False when it stayed quiet, or jobs wait for a worker."""
        quiet_until = min(end, time.monotonic() + self.quiet_seconds)
        while (now := time.monotonic()) < quiet_until and not self.stopping():
            heard = self.rings.wait(min(SLICE_SECONDS, quiet_until - now))
            _add(lanes, heard.lanes)
            if lanes:
                return True
            if heard.jobs_wait:
                return False
        return False


def _add(lanes: deque[str], more: Iterable[str]) -> None:
    lanes.extend(name for name in more if name not in lanes and LANE.match(name))
