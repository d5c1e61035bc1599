"""Who is away is given no clients, and says why; his own stay his."""

from datetime import timedelta

import pytest

from bridge.domain.changes import TakeTurn
from bridge.domain.names import EmployeeId
from bridge.domain.people import Away, MissedTurns
from bridge.domain.policy import Distribution, NewClients, Policy, Rule, Target, When
from bridge.domain.reasons import ReasonCode
from tests.domain.building import (
    ANA,
    BRUNO,
    CARLA,
    LUIS,
    NOW,
    POLICY,
    chat,
    decide,
    facts,
    policy,
    received,
    told_of,
    with_employee,
)

HOUR = timedelta(hours=1)


def ana_away(by: Policy = POLICY, turns: MissedTurns = MissedTurns.SKIP) -> Policy:
    return with_employee(by, ANA, away=Away(until=NOW + HOUR, turns=turns))


def rule_to(*to: Target) -> Policy:
    north = Rule(id="n", label="North", when=When(), to=to)
    return policy(rules=(north,), pools={"north": (ANA, CARLA)}, default=LUIS)


@pytest.mark.parametrize(
    ("away", "target"),
    [
        (Away(until=NOW), ANA),
        (Away(until=NOW + HOUR), BRUNO),
        (Away(since=NOW, until=NOW + HOUR), BRUNO),
        (Away(since=NOW + HOUR, until=NOW + 2 * HOUR), ANA),
    ],
)
def test_an_absence_counts_from_its_start_until_just_before_its_end(
    away: Away, target: EmployeeId
) -> None:
    assert decide(received(), facts(), with_employee(POLICY, ANA, away=away)).target == target


@pytest.mark.parametrize(
    ("by", "target"),
    [
        (rule_to(Target(pool="north")), CARLA),
        (rule_to(Target(employee=ANA)), BRUNO),
        (rule_to(Target(employee=ANA), Target(employee=CARLA)), CARLA),
        (policy(default=ANA, employees={ANA: POLICY.employees[ANA]}), ANA),
    ],
)
def test_rules_pools_and_distribution_pass_over_who_is_away_and_default_does_not(
    by: Policy, target: EmployeeId
) -> None:
    decision = decide(received(), facts(), ana_away(by))
    assert decision.target == target
    reasons = {x.employee: x.reason.code for x in decision.candidates if not x.chosen}
    assert target == ANA or reasons[ANA] is ReasonCode.AWAY


def test_who_is_away_is_not_among_those_who_may_answer_first() -> None:
    first = policy(new_clients=NewClients(distribution=Distribution.FIRST_TO_ANSWER))
    reasons = {
        x.employee: x.reason.code for x in decide(received(), facts(), ana_away(first)).candidates
    }
    assert reasons[ANA] is ReasonCode.AWAY
    assert reasons[BRUNO] is ReasonCode.TARGET_FIRST_TO_ANSWER


def test_his_own_clients_stay_his_and_he_is_told() -> None:
    decision = decide(received(), facts(chat(ANA)), ana_away())
    assert (decision.target, told_of(decision)) == (ANA, {ANA: ReasonCode.NOTIFY_RESPONSIBLE})


@pytest.mark.parametrize(("turns", "owed"), [(MissedTurns.SKIP, 0), (MissedTurns.OWE, 0.5)])
def test_what_he_misses_is_owed_where_he_is_to_have_it_back(
    turns: MissedTurns, owed: float
) -> None:
    decision = decide(received(), facts(), ana_away(turns=turns))
    (taken,) = (x for x in decision.changes if isinstance(x, TakeTurn))
    assert taken.after.clients(taken.after.standings[ANA].owed) == owed


def test_a_client_with_an_owner_takes_no_turn() -> None:
    """PX-06."""
    decision = decide(received(), facts(chat(BRUNO)))
    assert not [x for x in decision.changes if isinstance(x, TakeTurn)]
