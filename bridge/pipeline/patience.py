"""Calls to a vendor within its rate: what it asks us to wait for is waited for."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from bridge.domain.errors import DeliveryTransient
from bridge.domain.names import AccountName
from bridge.pipeline.parts import Parts

T = TypeVar("T")
TRIES = 4
LONGEST_WAIT = 120.0
Wait = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """For commands, which may wait for minutes; a worker never does."""

    parts: Parts
    wait: Wait = time.sleep

    def call(self, account: AccountName, calls: int, ask: Callable[[], T]) -> T:
        """What it gives; a vendor that is busy is asked again. Raises what it raised at last."""
        for tried in range(1, TRIES):
            self._spend(account, calls)
            try:
                return ask()
            except DeliveryTransient as error:
                if error.retry_at is None and tried > 1:
                    raise  # it is down, and says nothing: a person should know soon
                self.wait(self._pause(error, tried))
        self._spend(account, calls)
        return ask()

    def _spend(self, account: AccountName, calls: int) -> None:
        while (pause := self.parts.budgets.take(account, calls)) > 0:
            self.wait(pause)

    def _pause(self, error: DeliveryTransient, tried: int) -> float:
        until = error.retry_at
        asked = 0.0 if until is None else (until - self.parts.now()).total_seconds()
        return min(max(asked, 2.0**tried), LONGEST_WAIT)
