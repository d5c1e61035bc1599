"""Whoever floods the door leaves room for the others (R14)."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bridge.pipeline.shares import Shares


def flood(shares: Shares, owner: str) -> int:
    taken = 0
    while shares.take(owner, 1):
        taken += 1
    return taken


def test_one_alone_gets_most_of_the_room_and_another_some_of_the_rest() -> None:
    shares = Shares(1000)
    assert (flood(shares, "noisy"), flood(shares, "quiet")) == (800, 200)


@pytest.mark.parametrize("floods", [1, 2, 5, 20])
def test_however_many_flood_it_a_quiet_one_is_let_in(floods: int) -> None:
    """They take what they get, again and again, while what waits is worked off in its order."""
    shares, waiting = Shares(1000), deque[str]()
    refused = []
    for turn in range(100):
        for number in range(floods):
            owner = f"noisy-{number}"
            waiting.extend([owner] * flood(shares, owner))
        if shares.take("quiet", 1):
            waiting.append("quiet")
        else:
            refused.append(turn)
        for _ in range(min(100, len(waiting))):
            shares.give_back(waiting.popleft(), 1)
    assert all(turn < 50 for turn in refused), refused  # until those that came first have gone


def test_what_is_given_back_is_there_for_all() -> None:
    shares = Shares(10)
    taken = flood(shares, "a")
    for _ in range(taken):
        shares.give_back("a", 1)
    assert shares.held == 0
    assert flood(shares, "b") == taken


def test_one_large_thing_passes_where_nothing_else_is_held() -> None:
    shares = Shares(100)
    assert shares.take("a", 100)
    assert not shares.take("b", 1)


@given(some.lists(some.tuples(some.sampled_from("abc"), some.integers(0, 60)), max_size=60))
def test_never_more_than_the_room_is_held(wishes: list[tuple[str, int]]) -> None:
    shares = Shares(100)
    held = [(owner, amount) for owner, amount in wishes if shares.take(owner, amount)]
    assert shares.held == sum(amount for _, amount in held) <= 100
    for owner, amount in held:
        shares.give_back(owner, amount)
    assert shares.held == 0
