"""Calls are counted against what a vendor allows, over all processes."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from bridge.domain.names import AccountName
from bridge.ports import Budget
from bridge.queue import budgets as module
from bridge.queue.budgets import MovingBudgets

ACC, OTHER = AccountName("acc"), AccountName("other")


def budgets(url: str | None = None, calls: int = 5, per_seconds: int = 1) -> MovingBudgets:
    return MovingBudgets(lambda account: Budget(calls=calls, per_seconds=per_seconds), url)


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "memory":
        return None
    return str(request.getfixturevalue("redis_url"))


def test_calls_within_the_budget_go_at_once(url: str | None) -> None:
    counted = budgets(url)
    assert [counted.take(ACC, 2), counted.take(ACC, 3)] == [0.0, 0.0]


def test_calls_over_the_budget_wait_and_take_nothing(url: str | None) -> None:
    counted = budgets(url, per_seconds=60)
    counted.take(ACC, 4)
    assert 0 < counted.take(ACC, 2) <= 61
    assert counted.take(ACC, 1) == 0.0


def test_the_wait_is_long_enough(url: str | None) -> None:
    counted = budgets(url)
    counted.take(ACC, 5)
    time.sleep(counted.take(ACC, 5) + 0.05)
    assert counted.take(ACC, 5) == 0.0


def test_another_hosts_clock_makes_nobody_wait_longer_than_the_window(
    url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that were counted by a host which is ten minutes ahead."""
    counted = budgets(url, per_seconds=60)
    counted.take(ACC, 5)
    behind = time.time() - 600
    monkeypatch.setattr("bridge.queue.budgets.time.time", lambda: behind)
    assert 0 < counted.take(ACC, 5) <= 60


def test_accounts_have_budgets_of_their_own(url: str | None) -> None:
    counted = budgets(url)
    counted.take(ACC, 5)
    assert counted.take(OTHER, 5) == 0.0


def test_more_than_the_whole_budget_takes_the_whole_budget(url: str | None) -> None:
    counted = budgets(url, per_seconds=60)
    assert counted.take(ACC, 50) == 0.0
    assert counted.take(ACC, 1) > 0


def test_a_vendor_without_a_budget_is_not_counted(url: str | None) -> None:
    counted = MovingBudgets(lambda account: None, url)
    assert [counted.take(ACC, 10_000) for _ in range(3)] == [0.0] * 3


def test_two_processes_share_one_budget(redis_url: str) -> None:
    one, two = budgets(redis_url, per_seconds=60), budgets(redis_url, per_seconds=60)
    assert one.take(ACC, 3) == 0.0
    assert two.take(ACC, 3) > 0
    assert two.take(ACC, 2) == 0.0


def test_without_its_redis_a_process_counts_for_itself_and_does_not_wait(tmp_path: Path) -> None:
    counted = budgets(f"unix://{tmp_path}/none", per_seconds=60)
    assert counted.take(ACC, 5) == 0.0
    assert counted.take(ACC, 1) > 0


def test_a_hung_redis_is_waited_for_once(
    redis_server: object, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is it for a minute, as the library's own client would."""
    monkeypatch.setattr(module, "_AFTER_FAILURE_SECONDS", 1000.0)
    asked: list[object] = []
    take = module._take

    def watched(limiter: Any, *given: Any) -> float:
        asked.append(limiter)
        return take(limiter, *given)

    monkeypatch.setattr(module, "_take", watched)
    counted = budgets(redis_url, per_seconds=60)
    pid = redis_server.pid  # type: ignore[attr-defined]
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert [counted.take(ACC, 1) for _ in range(5)] == [0.0] * 5
        assert time.monotonic() - began < 50
        assert [limiter is counted._shared for limiter in asked] == [True] + [False] * 5
    finally:
        os.kill(pid, signal.SIGCONT)
