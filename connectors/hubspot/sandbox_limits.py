"""HubSpot's rate limits, when the sandbox is told to keep them."""

import threading
import time
from collections import deque

from flask import Response, jsonify

from connectors.hubspot.sandbox_records import Settings


class Limits:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[float] = deque()
        self._searches: deque[float] = deque()

    def refusal(self, settings: Settings, path: str) -> Response | None:
        """The 429 that this call gets, or None; a search counts only among searches."""
        with self._lock:
            if path.endswith("/search"):
                full = _is_full(self._searches, settings.search_second_limit, 1.0)
                return _limited("SECONDLY", "secondly") if full else None
            full = _is_full(self._calls, settings.ten_second_limit, 10.0)
            return _limited("TEN_SECONDLY_ROLLING", "ten_secondly_rolling") if full else None


def daily_quota() -> Response:
    return _limited("DAILY", "daily")


def _is_full(window: deque[float], limit: int | None, seconds: float) -> bool:
    now = time.monotonic()
    while window and window[0] <= now - seconds:
        window.popleft()
    if limit is None or len(window) < limit:
        window.append(now)
        return False
    return True


def _limited(policy: str, word: str) -> Response:
    answer = jsonify(
        status="error",
        message=f"You have reached your {word} limit.",
        errorType="RATE_LIMIT",
        category="RATE_LIMITS",
        policyName=policy,
        correlationId="00000000-0000-4000-8000-000000000429",
    )
    answer.status_code = 429
    return answer
