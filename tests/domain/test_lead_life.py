"""What partners and the clock do with a lead: accept, decline, let it lie; where it goes then."""

from datetime import timedelta

import pytest

from bridge.domain.lead_distribution import pool_key
from bridge.domain.names import EmployeeId
from bridge.domain.partner_leads import NOBODY, LeadState, Passed
from bridge.domain.partner_policy import OnReturn
from bridge.domain.reasons import ReasonCode as Code
from tests.domain.partner_building import (
    CORA,
    MARTA,
    NOW,
    PABLO,
    PETRA,
    Q1,
    SONIA,
    accepted,
    after,
    assigned,
    decide,
    declined,
    distributed,
    expired,
    facts,
    in_turn,
    offered,
    partner,
    policy,
    refused,
    rule,
    to_user,
    told,
)


def test_accepted_is_for_whom_it_is_offered_to_and_once() -> None:
    mine = offered(PETRA)
    his = after(decide(accepted(mine, PETRA), facts(mine)))
    assert (his.state, his.accepted_at, his.offered_until) == (LeadState.ACCEPTED, NOW, None)
    assert refused(decide(accepted(mine, PABLO), facts(mine))) == Code.LEAD_UNKNOWN
    assert refused(decide(accepted(mine, PETRA), facts(his))) == Code.LEAD_NOT_OFFERED


def test_declined_with_a_reason_goes_on_and_never_comes_back() -> None:
    by = policy(rules=(rule("all", in_turn(PETRA, PABLO)),))
    mine = offered(PETRA)
    first = decide(declined(mine, PETRA), facts(mine), by)
    returned = after(first)
    assert returned.state is LeadState.RETURNED
    assert told(first) == {CORA: Code.LEAD_DECLINED}
    assert first.subject is not None
    assert first.subject.tenant == "partner:north"
    second = decide(distributed(returned), facts(returned), by)
    assert after(second).holder == partner(PABLO)
    assert told(second) == {PABLO: Code.LEAD_GIVEN}  # who declined knows that he has it no more
    again = decide(assigned(returned, to=to_user(PETRA)), facts(returned), by)
    assert refused(again) == Code.PARTNER_DECLINED


def test_why_it_is_declined_is_needed_and_stands_on_the_lead_alone() -> None:
    mine = offered(PETRA)
    assert refused(decide(declined(mine, PETRA, "  "), facts(mine))) == Code.WHY_MISSING
    assert refused(decide(declined(mine, PETRA, "x" * 501), facts(mine))) == Code.WHY_MISSING
    decision = decide(declined(mine, PETRA, "their boss is rude"), facts(mine))
    assert after(decision).passed == (
        Passed(user=PETRA, at=NOW, declined=True, why="their boss is rude"),
    )
    assert not any("rude" in reason.detail for reason in decision.reasons)


def test_px_05_not_accepted_in_time_it_goes_back_to_its_queue() -> None:
    by = policy(on_return=OnReturn.QUEUE)
    mine = offered(PETRA, from_queue=Q1)
    late = NOW + timedelta(days=3)
    first = decide(expired(mine), facts(mine, now=late), by)
    assert told(first) == {CORA: Code.LEAD_EXPIRED, PETRA: Code.LEAD_EXPIRED}
    returned = after(first)
    back = after(decide(distributed(returned), facts(returned, now=late), by))
    assert (back.holder.name, back.state) == (Q1, LeadState.QUEUED)


def test_px_05_only_once_and_only_when_the_time_is_over() -> None:
    mine = offered(PETRA)
    early = facts(mine, now=NOW + timedelta(days=2))
    assert refused(decide(expired(mine), early)) == Code.LEAD_NOT_OFFERED
    late = facts(mine, now=NOW + timedelta(days=3))
    assert refused(decide(expired(mine, seen=1), late)) == Code.LEAD_NOT_OFFERED
    his = after(decide(accepted(mine, PETRA), facts(mine)))
    assert refused(decide(expired(his), facts(his, now=NOW + timedelta(days=9)))) == (
        Code.LEAD_NOT_OFFERED
    )


@pytest.mark.parametrize(
    ("on_return", "goes_to"),
    [(OnReturn.NEXT, PABLO), (OnReturn.QUEUE, PABLO), (OnReturn.DEFAULT, MARTA)],
)
def test_where_a_returned_lead_goes(on_return: OnReturn, goes_to: EmployeeId) -> None:
    """It was in no queue, so there is none to go back to."""
    by = policy(rules=(rule("all", in_turn(PETRA, PABLO)),), on_return=on_return)
    let_lie = (Passed(user=PETRA, at=NOW, declined=False),)
    returned = offered(PETRA, state=LeadState.RETURNED, passed=let_lie)
    given = after(decide(distributed(returned), facts(returned), by))
    assert given.holder.name == goes_to


def test_a_round_robin_by_hand_goes_on_in_its_own_turn() -> None:
    let_lie = (Passed(user=PETRA, at=NOW, declined=False),)
    key = pool_key((PETRA, SONIA))
    returned = offered(PETRA, state=LeadState.RETURNED, passed=let_lie, pool=key)
    assert after(decide(distributed(returned), facts(returned))).holder == partner(SONIA)


def test_when_nobody_is_left_managers_are_told() -> None:
    by = policy(default_owner=None)
    returned = offered(PETRA, state=LeadState.RETURNED)
    decision = decide(distributed(returned), facts(returned), by)
    assert after(decision).holder == NOBODY
    assert told(decision) == {MARTA: Code.LEAD_NOBODY}


def test_what_was_not_returned_is_not_given_on() -> None:
    mine = offered(PETRA)
    assert refused(decide(distributed(mine), facts(mine))) == Code.LEAD_NOT_OFFERED
