"""Who gets a new client: rules, then distribution, then the default, then nobody."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.distribution import EVERYBODY, Selection, eligible, select
from bridge.domain.messaging import Messenger
from bridge.domain.names import EmployeeId
from bridge.domain.people import Directory, Employee, Role
from bridge.domain.policy import (
    ClientCondition,
    Distribution,
    NewClients,
    Policy,
    Rule,
    Target,
    When,
)
from bridge.domain.records import Conversation
from tests.domain.building import (
    ANA,
    BRUNO,
    CARLA,
    DIRECTORY,
    LUIS,
    NOW,
    OTTO,
    POLICY,
    QA,
    TG,
    WA,
    WA_NORTH,
    conversation,
    facts,
    policy,
    with_employee,
    without,
)

NEW, KNOWN = ClientCondition.NEW, ClientCondition.KNOWN
FIRST = NewClients(distribution=Distribution.FIRST_TO_ANSWER)


def chosen(
    by: Policy = POLICY,
    client: ClientCondition = NEW,
    where: Conversation | None = None,
    **known: Any,
) -> Selection:
    return select(where or conversation(), client, facts(**known), by)


def outcome(selection: Selection) -> tuple[EmployeeId | None, str]:
    return selection.employee, selection.reason.code.value


def why_not(selection: Selection) -> dict[EmployeeId, str]:
    """The first word on each who was not chosen."""
    seen = reversed([x for x in selection.candidates if not x.chosen])
    return {x.employee: x.reason.code.value for x in seen}


def rule(*to: Target, name: str = "r1", **when: Any) -> Rule:
    return Rule(id=name, label=name.upper(), when=When(**when), to=to)


@pytest.mark.parametrize(
    ("last", "turn"),
    [(None, ANA), (ANA, BRUNO), (BRUNO, ANA), (OTTO, ANA)],
)
def test_in_turn_the_next_one_gets_the_client(last: EmployeeId | None, turn: EmployeeId) -> None:
    """WS-10; one who is gone from the pool is nobody's predecessor."""
    turns = {} if last is None else {EVERYBODY: last}
    assert outcome(chosen(turns=turns)) == (turn, "distribution.in_turn")


def test_only_those_who_take_new_clients_are_chosen() -> None:
    """NEW-01."""
    by = with_employee(POLICY, BRUNO, gets_new_clients=False)
    turns = [chosen(by, turns={EVERYBODY: last}).employee for last in (ANA, BRUNO, CARLA)]
    assert turns == [ANA, ANA, ANA]


@pytest.mark.parametrize(
    ("change", "people", "why"),
    [
        ({"role": Role.QUALITY_CONTROL}, DIRECTORY, "candidate.role_cannot_write"),
        ({"role": Role.NONE}, DIRECTORY, "candidate.role_cannot_write"),
        ({"channels": frozenset({TG})}, DIRECTORY, "candidate.no_channel_access"),
        ({"gets_new_clients": False}, DIRECTORY, "candidate.gets_no_new_clients"),
        ({}, without(ANA), "candidate.inactive_in_crm"),
        ({}, Directory(people=DIRECTORY.people[1:]), "candidate.not_in_crm"),
    ],
)
def test_who_cannot_answer_is_passed_over_and_says_why(
    change: dict[str, Any], people: Directory, why: str
) -> None:
    found = chosen(with_employee(POLICY, ANA, **change), directory=people)
    assert (found.employee, why_not(found)[ANA]) == (BRUNO, why)


def test_who_was_not_next_says_so() -> None:
    assert why_not(chosen())[BRUNO] == "candidate.not_next_in_turn"


@pytest.mark.parametrize(
    ("default", "expected"), [(LUIS, (LUIS, "default")), (None, (None, "nobody"))]
)
def test_when_nobody_takes_new_clients_the_default_does(
    default: EmployeeId | None, expected: tuple[EmployeeId | None, str]
) -> None:
    """NEW-07."""
    by = policy(default=default)
    for who in (ANA, BRUNO):
        by = with_employee(by, who, gets_new_clients=False)
    assert outcome(chosen(by)) == expected


def test_the_default_need_not_be_eligible() -> None:
    by = policy(default=QA, employees={QA: POLICY.employees[QA]})
    assert outcome(chosen(by)) == (QA, "default")


def test_first_to_answer_is_open_to_all_who_could() -> None:
    """WS-10."""
    found = chosen(policy(new_clients=FIRST))
    assert (outcome(found), found.open_to, found.turn) == (
        (None, "distribution.first_to_answer"),
        (ANA, BRUNO),
        None,
    )


def test_first_to_answer_with_nobody_free_goes_to_the_default() -> None:
    by = policy(new_clients=FIRST, default=LUIS)
    assert outcome(chosen(by, directory=without(ANA, BRUNO))) == (LUIS, "default")


@pytest.mark.parametrize(
    ("when", "matches"),
    [
        ({}, True),
        ({"client": NEW}, True),
        ({"client": KNOWN}, False),
        ({"countries": frozenset({"MX"})}, True),
        ({"countries": frozenset({"BR", "AR"})}, False),
        ({"channels": frozenset({WA})}, True),
        ({"channels": frozenset({WA_NORTH})}, False),
        ({"messengers": frozenset({Messenger.WHATSAPP})}, True),
        ({"messengers": frozenset({Messenger.TELEGRAM})}, False),
        ({"countries": frozenset({"MX"}), "channels": frozenset({TG})}, False),
    ],
)
def test_a_rule_matches_when_all_its_conditions_hold(when: dict[str, Any], matches: bool) -> None:
    by = policy(rules=(rule(Target(employee=CARLA), **when),))
    found = chosen(by)
    assert (found.rules[0].matched, found.employee) == (matches, CARLA if matches else ANA)


def test_the_first_rule_that_matches_decides() -> None:
    by = policy(
        rules=(
            rule(Target(employee=LUIS), name="other", countries=frozenset({"BR"})),
            rule(Target(employee=CARLA), name="mx", countries=frozenset({"MX"})),
            rule(Target(employee=BRUNO), name="all"),
        )
    )
    found = chosen(by)
    assert (outcome(found), found.rule) == ((CARLA, "rule"), "mx")
    assert [(x.id, x.matched) for x in found.rules] == [("other", False), ("mx", True)]


def test_an_unknown_number_matches_no_country() -> None:
    by = policy(rules=(rule(Target(employee=CARLA), countries=frozenset({"MX"})),))
    found = chosen(by, where=conversation(phone=None))
    assert found.rules[0].checks[0].actual == "unknown"
    assert found.employee == ANA


def test_a_chain_is_tried_from_left_to_right() -> None:
    chain = (Target(employee=BRUNO), Target(pool="north"), Target(employee=LUIS))
    by = policy(rules=(rule(*chain),), pools={"north": (CARLA,)})
    left = [
        chosen(by, directory=without(*gone)).employee for gone in [(), (BRUNO,), (BRUNO, CARLA)]
    ]
    assert left == [BRUNO, CARLA, LUIS]


def test_a_rule_that_finds_nobody_leaves_the_client_to_distribution() -> None:
    by = policy(rules=(rule(Target(employee=CARLA)),))
    found = chosen(by, directory=without(CARLA))
    assert (outcome(found), why_not(found)[CARLA]) == (
        (ANA, "distribution.in_turn"),
        "candidate.inactive_in_crm",
    )


def test_a_rule_may_name_one_who_takes_no_new_clients() -> None:
    assert chosen(policy(rules=(rule(Target(employee=CARLA)),))).employee == CARLA


def test_pools_have_turns_of_their_own() -> None:
    by = policy(rules=(rule(Target(pool="north")),), pools={"north": (BRUNO, CARLA)})
    found = chosen(by, turns={"pool:north": BRUNO, EVERYBODY: ANA})
    assert (found.employee, found.turn) == (CARLA, "pool:north")


def test_a_pool_may_be_open_to_the_first_who_answers() -> None:
    first = Target(pool="north", method=Distribution.FIRST_TO_ANSWER)
    found = chosen(policy(rules=(rule(first),), pools={"north": (BRUNO, CARLA)}))
    assert (outcome(found), found.open_to) == ((None, "rule"), (BRUNO, CARLA))


def test_a_known_client_goes_by_rules_only() -> None:
    assert outcome(chosen(policy(default=LUIS), KNOWN)) == (None, "nobody")


def test_a_known_client_whom_nobody_owns_is_open_to_the_first_who_answers() -> None:
    """WS-08, WS-10."""
    assert chosen(policy(new_clients=FIRST, default=LUIS), KNOWN).open_to == (ANA, BRUNO)


def test_choosing_moves_nothing() -> None:
    turns = {EVERYBODY: ANA}
    assert [chosen(turns=turns).employee for _ in range(3)] == [BRUNO, BRUNO, BRUNO]
    assert turns == {EVERYBODY: ANA}


def test_eligible_says_nothing_against_one_who_can() -> None:
    assert eligible(POLICY.employee(ANA), conversation(), DIRECTORY, NOW) is None


def taking(*who: EmployeeId) -> Policy:
    people = {x: Employee(id=x, role=Role.SALESPERSON, gets_new_clients=True) for x in who}
    return policy(employees=people)


def rounds(by: Policy, last: EmployeeId | None, count: int) -> list[EmployeeId]:
    """The next `count` clients, each taking a turn."""
    turns = {} if last is None else {EVERYBODY: last}
    got: list[EmployeeId] = []
    for _ in range(count):
        found = chosen(by, turns=turns)
        assert found.employee is not None
        turns = {EVERYBODY: found.employee}
        got.append(found.employee)
    return got


def test_three_hundred_clients_over_three_give_a_hundred_each() -> None:
    """WS-10."""
    got = rounds(taking(ANA, BRUNO, CARLA), None, 300)
    assert [got.count(who) for who in (ANA, BRUNO, CARLA)] == [100, 100, 100]


@given(st.integers(0, 40), st.sampled_from([ANA, BRUNO, CARLA]))
@settings(max_examples=30)
def test_one_who_joins_gets_no_burst(before: int, joins: EmployeeId) -> None:
    """Whenever he joins, he has at most one client more than any other from then on."""
    others = [who for who in (ANA, BRUNO, CARLA) if who != joins]
    got = rounds(taking(*others), None, before)
    last = got[-1] if got else None
    got = rounds(taking(ANA, BRUNO, CARLA), last, 31)
    assert {got.count(who) for who in (ANA, BRUNO, CARLA)} <= {10, 11}


@given(st.integers(1, 40), st.sampled_from([ANA, BRUNO, CARLA]))
@settings(max_examples=30)
def test_one_who_leaves_gets_nothing_and_the_rest_stay_even(before: int, left: EmployeeId) -> None:
    last = rounds(taking(ANA, BRUNO, CARLA), None, before)[-1]
    rest = [who for who in (ANA, BRUNO, CARLA) if who != left]
    got = rounds(taking(*rest), last, 20)
    assert [got.count(who) for who in (left, *rest)] == [0, 10, 10]


def test_one_who_was_away_owes_nothing() -> None:
    away = [chosen(directory=without(BRUNO), turns={EVERYBODY: ANA}).employee for _ in range(5)]
    back = rounds(POLICY, ANA, 4)
    assert (away, back) == ([ANA] * 5, [BRUNO, ANA, BRUNO, ANA])


def test_the_same_input_gives_the_same_choice() -> None:
    assert chosen() == chosen()
