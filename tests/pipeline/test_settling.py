"""Waits between attempts: longer each time, bounded, and never the same for everybody."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bridge.pipeline.settling import back_off

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@given(attempt=st.integers(min_value=1, max_value=1_000_000))
def test_back_off_doubles_with_a_fifth_of_jitter_up_to_a_quarter_of_an_hour(attempt: int) -> None:
    planned = min(2.0 ** min(attempt, 10), 900.0)
    wait = (back_off(attempt, NOW) - NOW).total_seconds()
    assert 0.8 * planned - 0.001 <= wait <= 1.2 * planned + 0.001


def test_back_off_has_jitter() -> None:
    assert len({back_off(5, NOW) for _ in range(50)}) > 25


def test_no_wait_is_longer_than_eighteen_minutes() -> None:
    assert max(back_off(1_000, NOW) for _ in range(200)) <= NOW + timedelta(minutes=18)
