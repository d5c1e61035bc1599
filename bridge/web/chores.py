"""What is swept out now and then: answers, links and sessions that nobody can use any more."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.store.answers import forget_old_answers
from bridge.store.provider_logouts import forget_logouts
from bridge.store.sessions import forget_expired_sessions

EVERY = timedelta(hours=1)


@dataclass
class Chores:
    """At most once an hour per process, within a transaction that writes anyway."""

    _last: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def do(self, db: Connection, now: datetime) -> None:
        if self._is_due(now):
            forget_old_answers(db, now)
            forget_expired_sessions(db, now)
            forget_logouts(db, now)

    def _is_due(self, now: datetime) -> bool:
        with self._lock:
            if self._last is not None and now - self._last < EVERY:
                return False
            self._last = now
            return True
