"""Questions to a vendor within its rate: what it asks us to wait for is waited for."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.domain.errors import BridgeError, DeliveryTransient
from bridge.domain.names import AccountName
from bridge.pipeline.parts import Parts
from bridge.pipeline.patience import TRIES, Patience, Wait
from bridge.pipeline.settling import Answer
from bridge.ports import CannotTell, Delivery

Progress = Callable[[str, int, int], None]
"""Told of every step: what, how many are done, how many there are."""


def say_nothing(what: str, done: int, total: int) -> None:
    """Nobody looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One comparison: `since` which moment, `until` when; `account` of None: all of them."""

    parts: Parts
    since: datetime
    until: datetime
    account: AccountName | None = None
    dry_run: bool = False
    progress: Progress = say_nothing
    wait: Wait = time.sleep
    patience_seconds: float = 60.0  # without anything getting done

    @property
    def patience(self) -> Patience:
        return Patience(parts=self.parts, wait=self.wait)

    def is_about(self, account: AccountName) -> bool:
        return self.account in (None, account)


def find(task: Task, account: AccountName, run: Sequence[Delivery]) -> Sequence[Answer]:
    """What became of these at the vendor. Where none of them can be told the vendor may be busy,
    and is asked again."""
    vendors = task.parts.vendors
    outbound, calls = vendors.outbound(account), vendors.connector(account).calls(run)
    answers: Sequence[Answer] = ()
    for tried in range(1, TRIES):
        answers = task.patience.call(account, calls, lambda: _found(outbound.find, run, task))
        if not all(isinstance(answer, CannotTell) for answer in answers):
            return answers
        if tried < TRIES - 1:
            task.wait(4.0**tried)
    return answers


def _found(
    ask: Callable[[Sequence[Delivery]], Sequence[Answer]], run: Sequence[Delivery], task: Task
) -> Sequence[Answer]:
    now = task.parts.now()
    try:
        answers = ask([replace(delivery, now=now) for delivery in run])
    except DeliveryTransient:
        raise
    except BridgeError as error:
        return [CannotTell(reason=str(error))] * len(run)
    if len(answers) != len(run):
        return [CannotTell(reason="the connector gave too few answers")] * len(run)
    return answers
