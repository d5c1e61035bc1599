"""The store's time, by which all hosts agree on when a row may be tried; their own may differ."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine

from bridge.store.engine import reading
from bridge.store.examining import store_clock


class StoreClock:
    """Called, it says what time it is at the store, as far as that was compared; costs nothing.

    From one comparison to the next it goes by a clock that nobody sets. SQLite has no clock but
    this host's, which is then followed wherever it is set.
    """

    def __init__(self, engine: Engine, host: Callable[[], datetime]) -> None:
        self._engine = engine
        self._host = host
        self._compared: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        if self._compared is None:
            return self._host()
        at_store, when = self._compared
        return at_store + timedelta(seconds=time.monotonic() - when)

    def compare(self) -> timedelta:
        """Asks the store; gives how far this host is ahead of it, less than zero when behind.

        Raises sqlalchemy.exc.SQLAlchemyError when the store can't be reached.
        """
        if self._engine.dialect.name == "sqlite":
            return timedelta()
        with reading(self._engine) as db:
            at_store = store_clock(db)
        self._compared = (at_store, time.monotonic())
        return self._host() - at_store
