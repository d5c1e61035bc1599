"""Questions to a vendor within its rate: what it asks us to wait for is waited for."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from bridge.domain.errors import BridgeError, DeliveryTransient
from bridge.domain.names import AccountName
from bridge.pipeline.parts import Parts
from bridge.pipeline.settling import Answer
from bridge.ports import CannotTell, Delivery

T = TypeVar("T")
TRIES = 4
LONGEST_WAIT = 120.0
Wait = Callable[[float], None]
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

    def is_about(self, account: AccountName) -> bool:
        return self.account in (None, account)


def within_rate(task: Task, account: AccountName, calls: int, call: Callable[[], T]) -> T:
    """What the call gives; a vendor that is busy is asked again. Raises what it raised at last."""
    for tried in range(1, TRIES):
        _spend(task, account, calls)
        try:
            return call()
        except DeliveryTransient as error:
            task.wait(_pause(task, error, tried))
    _spend(task, account, calls)
    return call()


def find(task: Task, account: AccountName, run: Sequence[Delivery]) -> Sequence[Answer]:
    """What became of these at the vendor. Where none of them can be told the vendor may be busy,
    and is asked again."""
    vendors = task.parts.vendors
    outbound, calls = vendors.outbound(account), vendors.connector(account).calls(run)
    answers: Sequence[Answer] = ()
    for tried in range(1, TRIES):
        answers = within_rate(task, account, calls, lambda: _found(outbound.find, run, task))
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


def _spend(task: Task, account: AccountName, calls: int) -> None:
    while (pause := task.parts.budgets.take(account, calls)) > 0:
        task.wait(pause)


def _pause(task: Task, error: DeliveryTransient, tried: int) -> float:
    asked = (error.retry_at - task.parts.now()).total_seconds() if error.retry_at else 0.0
    return min(max(asked, 2.0**tried), LONGEST_WAIT)
