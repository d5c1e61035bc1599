"""Counts attempts per address, so that nobody tries sign-in links by the thousand."""

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_MOST_ADDRESSES = 10_000


@dataclass
class Attempts:
    """At most `allowed` per address in any `window`; of this process only, which is enough against
    guessing 256 random bits."""

    allowed: int = 20
    window: timedelta = timedelta(minutes=1)
    _seen: dict[str, deque[datetime]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, address: str, now: datetime) -> bool:
        """Counts one more attempt, or says that there were too many."""
        with self._lock:
            if len(self._seen) > _MOST_ADDRESSES:
                self._forget(now)
            times = self._seen.setdefault(address, deque())
            while times and now - times[0] >= self.window:
                times.popleft()
            if len(times) >= self.allowed:
                return False
            times.append(now)
            return True

    def _forget(self, now: datetime) -> None:
        stale = [a for a, times in self._seen.items() if now - times[-1] >= self.window]
        for address in stale:
            del self._seen[address]
