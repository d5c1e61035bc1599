"""One turn of a worker: drains its lane and those it fills, then lingers for the next ring."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bridge.queue import clients
from bridge.queue.lane_job import LANE

LANE_SECONDS = 2.0
_ASKED_EVERY_SECONDS = 0.2
QUIET_SECONDS = 5.0
TURN_SECONDS = 60.0
SLICE_SECONDS = 1.0

Drain = Callable[[str, Callable[[], bool]], tuple[str, ...]]
"""Drains a lane until it is empty or the time is over, as it asks before each step; the lanes that
it filled or left work in."""


class Rings(Protocol):
    def begin(self, lane: str) -> None: ...

    def others_wait(self) -> bool: ...

    def wait(self, seconds: float) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    drain: Drain
    rings: Rings
    ring: Callable[[str], None]
    stopping: Callable[[], bool] = lambda: False
    quiet_seconds: float = QUIET_SECONDS
    turn_seconds: float = TURN_SECONDS

    def take(self, lane: str) -> None:
        """Ends when it was quiet, when its time is over, or when others wait for a worker; what is
        left then is rung for, behind them."""
        left = self._drain_until_over(lane, time.monotonic() + self.turn_seconds)
        for waiting in left:
            self.ring(waiting)

    def _drain_until_over(self, lane: str, end: float) -> deque[str]:
        lanes = deque([lane])
        try:
            self.rings.begin(lane)
            while time.monotonic() < end and not self.stopping():
                if not lanes and not self._linger(lanes, end):
                    break
                self._drain_first(lanes, end)
                if self.rings.others_wait():
                    break
        except clients.ERRORS:
            self._finish_without_bell(lanes, end)
        return lanes

    def _drain_first(self, lanes: deque[str], end: float) -> None:
        lane = lanes.popleft()
        more = self.drain(lane, self._over(lanes, end))
        lanes.extend(name for name in more if name not in lanes)

    def _over(self, lanes: deque[str], end: float) -> Callable[[], bool]:
        """A lane has its seconds, and more for as long as no other lane waits: to end and to begin
        anew costs a vendor's whole answering time."""
        asked_next = min(end, time.monotonic() + LANE_SECONDS)

        def over() -> bool:
            nonlocal asked_next
            now = time.monotonic()
            if self.stopping() or now >= end:
                return True
            if now < asked_next:
                return False
            asked_next = now + _ASKED_EVERY_SECONDS
            return bool(lanes) or self._others_may_wait()

        return over

    def _others_may_wait(self) -> bool:
        try:
            return self.rings.others_wait()
        except clients.ERRORS:
            return True

    def _finish_without_bell(self, lanes: deque[str], end: float) -> None:
        while lanes and time.monotonic() < end and not self.stopping():
            self._drain_first(lanes, end)

    def _linger(self, lanes: deque[str], end: float) -> bool:
        """Waits for a ring; False when it stayed quiet, or others wait for a worker."""
        quiet_until = min(end, time.monotonic() + self.quiet_seconds)
        while (now := time.monotonic()) < quiet_until and not self.stopping():
            rung = self.rings.wait(min(SLICE_SECONDS, quiet_until - now))
            if rung is not None and LANE.match(rung):
                lanes.append(rung)
                return True
            if self.rings.others_wait():
                return False
        return False
