"""How waits are measured and rounded, and what a vendor's words may tell."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.names import ChannelName, ConversationId, EmployeeId, MessageId
from bridge.domain.numbers import (
    EVERYBODY,
    PROMISES,
    Counted,
    Outcome,
    Turn,
    answered,
    cause_of,
    percentile,
    pieces,
    quarter_of,
    rounded,
    share_below,
)

T0 = datetime(2026, 3, 1, 9, tzinfo=UTC)
ANA = EmployeeId("ana@acme.example")


def one(minute: int, turn: Turn) -> Counted:
    return Counted(
        message=MessageId(f"ms_{minute}_{turn}"),
        conversation=ConversationId("cv"),
        at=T0 + timedelta(minutes=minute),
        channel=ChannelName("wa"),
        turn=turn,
        person=EVERYBODY if turn is Turn.ASKS else ANA,
        outcome=Outcome.NONE if turn is Turn.ASKS else Outcome.SENT,
    )


ASKS, ANSWERS, NEITHER = Turn.ASKS, Turn.ANSWERS, Turn.NEITHER


@pytest.mark.parametrize(
    ("said", "dismissed", "waits"),
    [
        ([(0, ASKS), (5, ANSWERS)], [], [300]),
        ([(0, ASKS), (2, ASKS), (5, ANSWERS), (6, ANSWERS)], [], [300, None]),
        ([(5, ANSWERS), (0, ASKS)], [], [300]),
        ([(0, ANSWERS)], [], [None]),
        ([(0, ASKS), (1, NEITHER), (9, ANSWERS)], [], [None, 540]),
        ([(0, ASKS), (60, ASKS), (61, ANSWERS)], [30], [60]),
        ([(0, ASKS), (61, ANSWERS)], [30], [None]),
        ([(3, ASKS), (3, ANSWERS)], [], [0]),
        ([(0, ASKS), (61, ANSWERS)], [90], [3660]),
    ],
)
def test_a_client_waits_from_his_first_question_to_a_persons_answer(
    said: list[tuple[int, Turn]], dismissed: list[int], waits: list[int | None]
) -> None:
    chat = [one(minute, turn) for minute, turn in said]
    found = answered(chat, [T0 + timedelta(minutes=minute) for minute in dismissed])
    assert [x.answered_after for x in found if x.turn is not ASKS] == waits


@given(st.integers(0, 400 * 24 * 3600))
def test_waits_lose_at_most_a_twentieth(seconds: int) -> None:
    assert 0 <= seconds - rounded(seconds) <= max(0, seconds // 20)


@pytest.mark.parametrize("promise", PROMISES)
def test_no_wait_is_rounded_across_a_promise(promise: int) -> None:
    assert rounded(promise) == promise
    assert rounded(promise - 1) < promise


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=60), st.integers(1, 100))
def test_percentiles_are_those_of_the_list(waits: list[int], percent: int) -> None:
    """Of rounded waits: what comes of rounding the percentile itself."""
    counts: dict[int, int] = {}
    for wait in random.sample(waits, len(waits)):
        counts[rounded(wait)] = counts.get(rounded(wait), 0) + 1
    ranked = sorted(waits)[-(-len(waits) * percent // 100) - 1]
    assert percentile(counts, percent) == rounded(ranked)


def test_of_no_waits_there_is_no_percentile_and_no_share() -> None:
    assert percentile({}, 50) is None
    assert percentile({60: 0}, 50) is None
    assert share_below({}, 300) is None
    assert share_below({60: 1, 300: 1}, 300) == 0.5


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("131026: Message undeliverable", "131026: Message undeliverable"),
        ("no such user +34 600 111 222", "no such user …"),
        ("ana@acme.example  is\nunknown", "… is unknown"),
        ("see https://vendor.example/x?to=34600111222 for more", "see … for more"),
        ("x" * 200, "x" * 79 + "…"),
    ],
)
def test_no_client_is_named_by_why_a_message_failed(error: str, cause: str) -> None:
    assert cause_of(error) == cause


@given(st.integers(0, 2_000_000), st.integers(0, 10_000))
def test_the_pieces_of_a_time_are_all_of_it_and_once(begin: int, length: int) -> None:
    found = list(pieces(begin, begin + length))
    quarters = [quarter for _, since, until in found for quarter in range(since, until)]
    assert quarters == list(range(begin, begin + length))
    assert all(since % span == 0 and until % span == 0 for span, since, until in found)


def test_quarters_follow_each_other() -> None:
    times = [T0 + timedelta(minutes=15 * n) for n in range(8)]
    assert [b - a for a, b in pairwise(map(quarter_of, times))] == [1] * 7
