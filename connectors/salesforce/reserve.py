"""The last of a day's API calls are kept for clients and owners: timeline entries can wait.

An org allows so many calls in 24 hours, all its integrations together, and says on each answer how
many it has had.
"""

from datetime import datetime, timedelta
from threading import Lock

from connectors.salesforce.answers import Usage

SHARE_KEPT = 0.05
_PROBE = timedelta(minutes=15)


class Reserve:
    """Lets one run through each quarter of an hour, whose answers say how things stand by then.
    Any thread may call."""

    def __init__(self) -> None:
        self._until: datetime | None = None
        self._lock = Lock()

    def closed_until(self, usage: Usage | None, now: datetime) -> datetime | None:
        """When entries may be tried again; None: now."""
        with self._lock:
            if usage is None or usage.share < 1 - SHARE_KEPT:
                self._until = None
            elif self._until is None or now >= self._until:
                was_open = self._until is None
                self._until = now + _PROBE
                return self._until if was_open else None
            return self._until
