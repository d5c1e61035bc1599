"""Counts failed attempts per visitor, so that nobody tries sign-in links by the thousand."""

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

_MOST_VISITORS = 10_000
_HOME_BITS = 64  # who has one address of IPv6 has a whole network of that size


@dataclass
class Attempts:
    """At most `allowed` per visitor in any `window`; of this process and until it ends, which is
    enough: what is guessed here are 256 random bits (decision 0023)."""

    allowed: int = 20
    window: timedelta = timedelta(minutes=1)
    most_visitors: int = _MOST_VISITORS
    _seen: OrderedDict[str, deque[datetime]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_over(self, visitor: str, now: datetime) -> bool:
        """Whether there were too many lately."""
        with self._lock:
            return len(self._lately(visitor, now)) >= self.allowed

    def count(self, visitor: str, now: datetime) -> None:
        with self._lock:
            times = self._lately(visitor, now)
            times.append(now)
            self._seen[visitor] = times
            self._seen.move_to_end(visitor)
            if len(self._seen) > self.most_visitors:
                self._seen.popitem(last=False)

    def admit(self, visitor: str, now: datetime) -> bool:
        """Counts one more, or says that there were too many."""
        if self.is_over(visitor, now):
            return False
        self.count(visitor, now)
        return True

    def _lately(self, visitor: str, now: datetime) -> deque[datetime]:
        times = self._seen.get(visitor, deque(maxlen=self.allowed))
        while times and now - times[0] >= self.window:
            times.popleft()
        return times


def household(address: str) -> str:
    """Whom an address is counted as."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return f"{int(parsed) >> (128 - _HOME_BITS):x}/{_HOME_BITS}"
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
