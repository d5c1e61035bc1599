"""Whose turn it is: exact shares by weight, whoever joins, leaves, is away or returns (WS-10)."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.codec import decode, encode
from bridge.domain.names import EmployeeId
from bridge.domain.rotation import Member, Rotation, Standing, begun, fit, take_turn
from tests.domain.building import ANA, BRUNO, CARLA, LUIS, OTTO

EVERYBODY = (ANA, BRUNO, CARLA, LUIS, OTTO)
Weights = dict[EmployeeId, int]


def pool_of(weights: Weights, owing: frozenset[EmployeeId] = frozenset()) -> list[Member]:
    return [Member(employee=who, weight=w, owes=who in owing) for who, w in weights.items()]


def rounds(
    before: Rotation,
    weights: Weights,
    count: int,
    *,
    away: frozenset[EmployeeId] = frozenset(),
    owing: frozenset[EmployeeId] = frozenset(),
    limit: int = 1000,
) -> tuple[list[EmployeeId], Rotation]:
    """The next `count` turns, and how the pool stands after them."""
    got = []
    free = [who for who in weights if who not in away | owing]
    for _ in range(count):
        turn = take_turn(before, pool_of(weights, owing), free, limit)
        got.append(turn.order[0])
        before = turn.after
    return got, before


@pytest.mark.parametrize(
    ("weights", "shares"),
    [
        ({ANA: 1, BRUNO: 1, CARLA: 1}, [100, 100, 100]),
        ({ANA: 2, BRUNO: 1, CARLA: 1}, [150, 75, 75]),
        ({ANA: 1, BRUNO: 2, CARLA: 3}, [50, 100, 150]),
        ({ANA: 100, BRUNO: 49, CARLA: 1}, [200, 98, 2]),
        ({ANA: 7}, [300]),
    ],
)
def test_three_hundred_clients_are_shared_exactly_by_weight(
    weights: Weights, shares: list[int]
) -> None:
    got, after = rounds(Rotation(), weights, 300)
    assert [got.count(who) for who in weights] == shares
    assert {standing.credit for standing in after.standings.values()} == {0}


@pytest.mark.parametrize(
    ("weights", "order"),
    [
        ({ANA: 1, BRUNO: 1, CARLA: 1}, [ANA, BRUNO, CARLA, ANA, BRUNO, CARLA]),
        ({ANA: 2, BRUNO: 1, CARLA: 1}, [ANA, BRUNO, CARLA, ANA, ANA, BRUNO]),
        ({ANA: 1, BRUNO: 3}, [BRUNO, ANA, BRUNO, BRUNO, BRUNO, ANA]),
    ],
)
def test_turns_are_spread_over_the_round(weights: Weights, order: list[EmployeeId]) -> None:
    assert rounds(Rotation(), weights, 6)[0] == order


def test_of_a_pool_whose_last_turn_alone_is_known_the_next_one_follows() -> None:
    weights = {ANA: 1, BRUNO: 1, CARLA: 1}
    got, _ = rounds(begun(pool_of(weights), BRUNO), weights, 4)
    assert got == [CARLA, ANA, BRUNO, CARLA]


def test_a_last_one_who_is_in_the_pool_no_more_is_nobodys_predecessor() -> None:
    got, _ = rounds(begun(pool_of({ANA: 1, BRUNO: 1}), OTTO), {ANA: 1, BRUNO: 1}, 2)
    assert got == [ANA, BRUNO]


def test_who_joins_in_the_middle_of_a_round_gets_no_burst() -> None:
    weights = {ANA: 1, BRUNO: 1, CARLA: 1}
    _, before = rounds(Rotation(), weights, 301)
    got, _ = rounds(before, {**weights, LUIS: 1}, 40)
    assert max(Counter(got[:4]).values()) == 1
    assert Counter(got) == {ANA: 10, BRUNO: 10, CARLA: 10, LUIS: 10}


def test_who_leaves_gets_nothing_and_the_rest_are_even() -> None:
    _, before = rounds(Rotation(), {ANA: 100, BRUNO: 1, CARLA: 1}, 130)
    got, after = rounds(before, {BRUNO: 1, CARLA: 1}, 20)
    assert Counter(got) == {BRUNO: 10, CARLA: 10}
    assert after.standings.keys() == {BRUNO, CARLA}


def test_another_weight_counts_from_the_next_turn_without_a_burst() -> None:
    _, before = rounds(Rotation(), {ANA: 100, BRUNO: 1}, 50)
    got, _ = rounds(before, {ANA: 1, BRUNO: 1}, 20)
    assert abs(got.count(ANA) - got.count(BRUNO)) <= 1


def test_joining_and_leaving_again_and_again_starves_nobody() -> None:
    """Each time he leaves right after his turn; the others' clients go on as before."""
    stands, weights = Rotation(), {ANA: 1, BRUNO: 1}
    for _ in range(50):
        got, stands = rounds(stands, {**weights, CARLA: 1}, 3)
        _, stands = rounds(stands, weights, 2)
    got, _ = rounds(stands, {**weights, LUIS: 1}, 30)
    assert all(9 <= got.count(who) <= 11 for who in (ANA, BRUNO, LUIS))


def test_who_is_away_with_turns_skipped_gets_no_more_than_his_share_afterwards() -> None:
    weights = {ANA: 1, BRUNO: 1, CARLA: 1}
    _, before = rounds(Rotation(), weights, 90, away=frozenset({CARLA}))
    got, _ = rounds(before, weights, 30)
    assert Counter(got) == {ANA: 10, BRUNO: 10, CARLA: 10}


def test_owed_turns_are_those_he_would_have_had() -> None:
    weights = {ANA: 1, BRUNO: 1, CARLA: 1}
    got, after = rounds(Rotation(), weights, 90, owing=frozenset({CARLA}))
    assert Counter(got) == {ANA: 45, BRUNO: 45}
    assert after.clients(after.standings[CARLA].owed) == 30


def test_owed_turns_are_given_back_at_most_twice_as_fast() -> None:
    weights = {ANA: 1, BRUNO: 1, CARLA: 1}
    _, before = rounds(Rotation(), weights, 18, owing=frozenset({CARLA}))
    got, after = rounds(before, weights, 300)
    assert got.count(CARLA) == 106
    assert all(got[n : n + 3].count(CARLA) <= 2 for n in range(300))
    assert after.clients(after.standings[CARLA].owed) < 0.01


@pytest.mark.parametrize(("limit", "owed"), [(0, 0), (5, 5), (1000, 30)])
def test_no_more_is_owed_than_the_limit(limit: int, owed: int) -> None:
    weights = {ANA: 1, BRUNO: 1, CARLA: 1}
    _, after = rounds(Rotation(), weights, 90, owing=frozenset({CARLA}), limit=limit)
    assert after.clients(after.standings[CARLA].owed) == owed


def test_two_who_are_owed_alike_take_turns_as_ever() -> None:
    both = {ANA: Standing(owed=10**7), BRUNO: Standing(owed=10**7)}
    stands = Rotation(last=ANA, client=fit(Rotation(), pool_of({ANA: 1, BRUNO: 1})).client)
    got, _ = rounds(Rotation(last=ANA, client=stands.client, standings=both), {ANA: 1, BRUNO: 1}, 4)
    assert got == [BRUNO, ANA, BRUNO, ANA]


def test_a_rotation_is_kept_in_the_store_as_it_is() -> None:
    _, after = rounds(Rotation(), {ANA: 2, BRUNO: 1}, 7, owing=frozenset({BRUNO}))
    assert decode(Rotation, encode(after)) == after


class Pool(RuleBasedStateMachine):
    """Against a model in fractions: nobody is ever more than the bound from what he should have."""

    @initialize(weights=st.lists(st.integers(1, 5), min_size=2, max_size=3))
    def begin(self, weights: list[int]) -> None:
        self.weights: Weights = dict(zip(EVERYBODY, weights, strict=False))
        self.away: frozenset[EmployeeId] = frozenset()
        self.owing: frozenset[EmployeeId] = frozenset()
        self.stands = Rotation()
        self._forget()

    def _forget(self) -> None:
        self.should = dict.fromkeys(self.weights, Fraction(0))
        self.had = dict.fromkeys(self.weights, 0)
        self.missed = dict.fromkeys(self.weights, Fraction(0))
        self.base = {who: self._credit(who) for who in self.weights}
        self.paid = {who: self._owed(who) for who in self.weights}

    def _credit(self, who: EmployeeId) -> Fraction:
        now = fit(self.stands, pool_of(self.weights))
        return Fraction(now.standings[who].credit, now.client)

    def _owed(self, who: EmployeeId) -> Fraction:
        now = fit(self.stands, pool_of(self.weights))
        return Fraction(now.standings[who].owed, now.client)

    @rule(weight=st.integers(1, 5))
    @precondition(lambda self: len(self.weights) < len(EVERYBODY))
    def join(self, weight: int) -> None:
        joins = next(who for who in EVERYBODY if who not in self.weights)
        self.weights = {**self.weights, joins: weight}
        is_back = joins in self.stands.standings  # he left and nothing has happened since
        self._forget()
        assert is_back or self.base[joins] == 0

    @rule(data=st.data())
    @precondition(lambda self: len(self.weights) > 2)
    def leave(self, data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from(list(self.weights)))
        self.weights = {who: w for who, w in self.weights.items() if who != gone}
        self.away, self.owing = self.away - {gone}, self.owing - {gone}
        self._forget()

    @rule(data=st.data(), weight=st.integers(1, 5))
    def weigh(self, data: st.DataObject, weight: int) -> None:
        who = data.draw(st.sampled_from(list(self.weights)))
        self.weights = {**self.weights, who: weight}
        self._forget()

    @rule(data=st.data(), owes=st.booleans())
    def go(self, data: st.DataObject, owes: bool) -> None:
        who = data.draw(st.sampled_from(list(self.weights)))
        self.away = self.away - {who} if owes else self.away | {who}
        self.owing = self.owing | {who} if owes else self.owing - {who}

    @rule()
    def come_back(self) -> None:
        self.away = self.owing = frozenset()

    @rule(count=st.integers(1, 12))
    def clients(self, count: int) -> None:
        for _ in range(count):
            self._client()

    def _client(self) -> None:
        free = [who for who in self.weights if who not in self.away | self.owing]
        if not free:
            return
        turn = take_turn(self.stands, pool_of(self.weights, self.owing), free, 1000)
        self.stands = turn.after
        self.had[turn.order[0]] += 1
        assert turn.order[0] in free
        total = sum(self.weights[who] for who in free)
        with_absent = sum(self.weights[who] for who in {*free, *self.owing})
        for who in free:
            self.should[who] += Fraction(self.weights[who], total)
        for who in self.owing:
            self.missed[who] += Fraction(self.weights[who], with_absent)

    @invariant()
    def books_are_right(self) -> None:
        """What each has had is his share, and what was given back of what he was owed, give or
        take what his credit says; and nobody's credit runs away."""
        given_back = {
            who: self.paid[who] + self.missed[who] - self._owed(who) for who in self.weights
        }
        assert all(amount > -Fraction(1, 1000) for amount in given_back.values())
        for who in self.weights:
            assert abs(self._credit(who)) < len(EVERYBODY)
        ahead = sum((self.had[w] - self.should[w] for w in self.weights), Fraction(0))
        assert abs(ahead) < Fraction(1, 1000)
        for who in self.weights:
            got = self.had[who] - self.should[who]
            moved = self.base[who] - self._credit(who)
            # The others pay together for what one is given back.
            others = sum(given_back.values(), Fraction(0)) - given_back[who]
            assert moved - others - Fraction(1, 100) <= got
            assert got <= moved + given_back[who] + Fraction(1, 100)


TestPool = Pool.TestCase
TestPool.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
