"""Counts calls against what each vendor allows: over all processes in Redis, else in this one."""

import time
from collections.abc import Callable

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import MovingWindowRateLimiter

from bridge.domain.names import AccountName
from bridge.ports import Budget
from bridge.queue import clients

_AFTER_FAILURE_SECONDS = 5.0
_MIN_WAIT_SECONDS = 0.02


class MovingBudgets:
    """Without Redis, or while it is down, each process counts for itself; then keep to one
    worker process, or the vendor's 429 will hold the lane."""

    def __init__(
        self, budget_of: Callable[[AccountName], Budget | None], url: str | None = None
    ) -> None:
        self._budget_of = budget_of
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared = None if url is None else MovingWindowRateLimiter(_redis_storage(url))
        self._shared_again_at = 0.0

    def take(self, account: AccountName, calls: int) -> float:
        budget = self._budget_of(account)
        if budget is None or calls <= 0:
            return 0.0
        item = RateLimitItemPerSecond(budget.calls, budget.per_seconds, namespace="bridge:budget")
        calls = min(calls, budget.calls)
        if self._shared is None or time.monotonic() < self._shared_again_at:
            return _take(self._own, item, account, calls)
        try:
            return _take(self._shared, item, account, calls)
        except clients.ERRORS:
            self._shared_again_at = time.monotonic() + _AFTER_FAILURE_SECONDS
            return _take(self._own, item, account, calls)


def _take(
    limiter: MovingWindowRateLimiter, item: RateLimitItem, account: AccountName, calls: int
) -> float:
    if limiter.hit(item, account, cost=calls):
        return 0.0
    wait = limiter.get_window_stats(item, account).reset_time - time.time()
    # Another host's clock may be ahead of ours: no window lasts longer than itself.
    return max(_MIN_WAIT_SECONDS, min(wait, item.get_expiry()))


def _redis_storage(url: str) -> Storage:
    client = clients.quick(url)
    return RedisStorage("redis://", connection_pool=client.connection_pool)
