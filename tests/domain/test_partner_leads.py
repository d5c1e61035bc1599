"""Who gets a lead: by hand, from a queue, in turn, by rules; who may, who may not, and why."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.crm_effects import AssignRecord
from bridge.domain.decisions import Verdict
from bridge.domain.effects import SendEmail
from bridge.domain.lead_distribution import pool_key
from bridge.domain.names import EmployeeId, QueueName
from bridge.domain.partner_candidates import candidates, channel_manager
from bridge.domain.partner_facts import PartneringFacts
from bridge.domain.partner_leads import How, LeadState
from bridge.domain.partner_policy import LeadTarget, NewLeads
from bridge.domain.programme import Programme
from bridge.domain.reasons import ReasonCode as Code
from tests.domain.partner_building import (
    CARL,
    CORA,
    CRM_IDS,
    DIRECTORY,
    MARTA,
    NOW,
    ON,
    PABLO,
    PARTNERS,
    PETRA,
    Q1,
    Q2,
    Q3,
    SIDE,
    SONIA,
    after,
    assigned,
    decide,
    employee,
    facts,
    in_turn,
    lead,
    mail,
    manager,
    offered,
    partner,
    partner_user,
    policy,
    queued,
    read,
    reading,
    refused,
    rule,
    taken,
    to_queue,
    to_user,
    told,
    turns,
    with_user,
)


def test_prm_11_by_hand_the_owner_changes_and_the_old_one_loses_it() -> None:
    mine = offered(PETRA)
    decision = decide(assigned(mine, to=to_user(SONIA)), facts(mine))
    given = after(decision)
    assert (given.holder, given.how, given.state) == (
        partner(SONIA),
        How.MANUAL,
        LeadState.OFFERED,
    )
    assert given.tenant == "partner:south"
    assert given.offered_until == NOW + timedelta(days=3)
    written = [p.effect for p in decision.effects if isinstance(p.effect, AssignRecord)]
    assert [(one.record, one.owner, one.to_queue) for one in written] == [
        (mine.crm_id, CRM_IDS[SONIA], False)
    ]
    assert told(decision) == {PETRA: Code.LEAD_LOST, SONIA: Code.LEAD_GIVEN}
    assert decision.subject is not None
    assert decision.subject.tenant == "partner:south"


def test_prm_12_to_a_queue_and_its_members_are_told() -> None:
    mine = lead()
    decision = decide(assigned(mine, to=to_queue(Q1)), facts(mine))
    given = after(decision)
    assert (given.holder.name, given.state, given.tenant) == (Q1, LeadState.QUEUED, "")
    [effect] = [p.effect for p in decision.effects if isinstance(p.effect, AssignRecord)]
    assert (effect.owner, effect.to_queue) == (CRM_IDS[Q1], True)
    assert told(decision) == {PETRA: Code.LEAD_QUEUED, PABLO: Code.LEAD_QUEUED}


def test_prm_13_one_takes_it_the_next_hears_that_it_is_taken() -> None:
    """PX-04: members alone take it."""
    waiting = queued(Q1)
    hers = after(decide(taken(waiting, PETRA), facts(waiting)))
    assert (hers.holder, hers.how, hers.state) == (partner(PETRA), How.QUEUE, LeadState.ACCEPTED)
    assert refused(decide(taken(waiting, PABLO), facts(hers))) == Code.LEAD_ALREADY_TAKEN
    assert refused(decide(taken(waiting, PETRA), facts(hers))) == Code.LEAD_SAME
    assert refused(decide(taken(waiting, SONIA), facts(hers))) == Code.LEAD_UNKNOWN


def test_prm_13_who_is_no_member_takes_nothing() -> None:
    waiting = queued(Q1)
    assert refused(decide(taken(waiting, SONIA), facts(waiting))) == Code.QUEUE_NOT_MEMBER


def test_prm_13_who_may_get_no_leads_takes_none_from_a_queue() -> None:
    waiting = queued(Q1)
    left = facts(waiting, side=with_user(PETRA, active=False))
    assert refused(decide(taken(waiting, PETRA), left)) == Code.PARTNER_INACTIVE


def test_prm_14_nine_leads_over_three_queues_are_three_each_in_order() -> None:
    names = (Q1, Q2, Q3)
    rotations: dict[str, Any] = {}
    got = []
    for number in range(9):
        mine = lead(number)
        decision = decide(assigned(mine, to=in_turn(*names)), facts(mine, rotations=rotations))
        [turn] = turns(decision)
        got.append(after(decision).holder.name)
        rotations = {turn.pool: turn.after}
    assert got == [*names, *names, *names]


def test_px_06_a_turn_moves_only_when_a_lead_is_really_given() -> None:
    mine = lead()
    off = facts(mine, programme=Programme())
    assert refused(decide(assigned(mine, to=in_turn(Q1, Q2)), off)) == Code.PROGRAMME_OFF
    by_hand = decide(assigned(mine, to=to_queue(Q1)), facts(mine))
    assert turns(by_hand) == []


def test_prm_14_who_cannot_take_is_left_out_of_the_turn_with_the_reason() -> None:
    mine = lead()
    side = with_user(SONIA, active=False)
    decision = decide(assigned(mine, to=in_turn(Q2, PETRA)), facts(mine, side=side))
    assert after(decision).holder == partner(PETRA)
    reasons = {c.employee: (c.chosen, c.reason.code) for c in decision.candidates}
    assert reasons == {"q2": (False, Code.QUEUE_NOBODY), PETRA: (True, Code.LEAD_ROUND_ROBIN)}
    assert turns(decision)[0].pool == pool_key((Q2, PETRA))


RULES = (
    rule("hot", LeadTarget(user=SONIA), ratings=frozenset({"Hot"})),
    rule("mexico", LeadTarget(queue=Q1), countries=frozenset({"MX"})),
)


@pytest.mark.parametrize(
    ("changes", "goes_to", "how", "by"),
    [
        ({}, "q1", How.RULE, "mexico"),
        ({"rating": "hot"}, SONIA, How.RULE, "hot"),
        ({"country": "ES"}, MARTA, How.DEFAULT, ""),
    ],
)
def test_prm_15_the_first_rule_that_matches_or_the_default_owner(
    changes: dict[str, Any], goes_to: str, how: How, by: str
) -> None:
    """PX-03: in their order, and one of them."""
    found = reading(owner="005X", **changes)
    decision = decide(read(found, is_new=True), facts(), policy(rules=RULES))
    given = after(decision)
    assert (given.holder.name, given.how, given.rule) == (goes_to, how, by)
    assert decision.target == goes_to


def test_prm_15_rules_and_candidates_say_why_nobody_else() -> None:
    found = reading(owner="005X")
    decision = decide(read(found, is_new=True), facts(), policy(rules=RULES))
    assert [(one.id, one.matched) for one in decision.rules] == [("hot", False), ("mexico", True)]
    assert {c.employee: c.reason.code for c in decision.candidates} == {
        "q1": Code.LEAD_GIVEN,
        PETRA: Code.RULE_NOT_MATCHED,
        PABLO: Code.RULE_NOT_MATCHED,
        SONIA: Code.RULE_NOT_MATCHED,
    }


def test_prm_15_by_a_property_of_the_houses_own_whose_word_is_not_repeated() -> None:
    tiers = (rule("gold", LeadTarget(user=SONIA), properties={"tier": frozenset({"gold"})}),)
    found = reading(owner="005X", properties={"tier": "secret word"})
    decision = decide(read(found, is_new=True), facts(), policy(rules=tiers))
    [check] = decision.rules[0].checks
    assert (check.name, check.actual, check.holds) == ("property.tier", "another", False)
    gold = reading(owner="005X", properties={"tier": "Gold"})
    given = after(decide(read(gold, is_new=True), facts(), policy(rules=tiers)))
    assert given.holder == partner(SONIA)


def test_new_leads_stay_where_they_are_when_the_house_says_so() -> None:
    by = policy(rules=RULES, assign=NewLeads.NONE)
    kept = after(decide(read(reading(owner=CRM_IDS[CORA]), is_new=True), facts(), by))
    assert (kept.holder, kept.state) == (employee(CORA), LeadState.HELD)


def test_prm_17_candidates_are_the_partners_users_and_nobody_else() -> None:
    known = PartneringFacts(programme=ON, side=SIDE)
    assert dict(candidates(known, PARTNERS)) == {PETRA: None, PABLO: None, SONIA: None}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"is_member": False}, Code.PARTNER_NOT_MEMBER),  # PRM-18
        ({"is_published": False}, Code.PARTNER_NOT_PUBLISHED),  # PRM-19
        ({"active": False}, Code.PARTNER_INACTIVE),  # PRM-20
        ({"has_signed_in": False}, Code.PARTNER_NEVER_SIGNED_IN),  # PRM-20
        ({"crm_id": None}, Code.PARTNER_USER_NOT_ENABLED),
        ({"is_partner": False}, Code.PARTNER_USER_NOT_ENABLED),
        ({"account": None}, Code.PARTNER_USER_ELSEWHERE),
        ({"account": "001S"}, Code.PARTNER_USER_ELSEWHERE),
        ({"email": "other@north.example"}, Code.PARTNER_USER_UNKNOWN),
    ],
)
def test_prm_18_to_prm_20_a_condition_that_fails_is_the_reason(
    changes: dict[str, Any], why: Code
) -> None:
    mine = lead()
    known = facts(mine, side=with_user(PETRA, **changes))
    assert refused(decide(assigned(mine, to=to_user(PETRA)), known)) == why


def test_conditions_that_a_crm_does_not_know_stand_in_nobodys_way() -> None:
    mine = lead()
    unknown = {"account": None, "is_partner": None, "has_signed_in": None}
    plain = with_user(PETRA, is_member=None, is_published=None, **unknown)
    given = after(decide(assigned(mine, to=to_user(PETRA)), facts(mine, side=plain)))
    assert given.holder == partner(PETRA)


def test_prm_01_while_the_programme_is_off_no_partner_gets_a_lead() -> None:
    mine = lead()
    off = facts(mine, programme=Programme())
    assert refused(decide(assigned(mine, to=to_user(PETRA)), off)) == Code.PROGRAMME_OFF
    assert refused(decide(assigned(mine, to=to_queue(Q1)), off)) == Code.PROGRAMME_OFF
    to_cora = decide(assigned(mine, employee=CORA), off)
    assert after(to_cora).holder == employee(CORA)


def test_prm_05_without_an_account_in_the_crm_no_leads() -> None:
    mine = lead()
    known = facts(mine, side=replace(SIDE, accounts=(SIDE.accounts[1],)))
    decision = decide(assigned(mine, to=to_user(PETRA)), known)
    assert refused(decision) == Code.PARTNER_ACCOUNT_MISSING
    assert "partner account missing" in decision.reasons[0].detail


def test_prm_08_leads_to_its_users_once_the_account_is_enabled_as_a_partner() -> None:
    mine, [north, south] = lead(), SIDE.accounts
    plain = replace(SIDE, accounts=(replace(north, is_partner=False), south))
    decision = decide(assigned(mine, to=to_user(PETRA)), facts(mine, side=plain))
    assert refused(decision) == Code.PARTNER_NOT_ENABLED
    assert after(decide(assigned(mine, to=to_user(PETRA)), facts(mine))).holder == partner(PETRA)


def test_prm_06_the_channel_manager_is_the_owner_of_the_account() -> None:
    assert channel_manager(PETRA, SIDE, PARTNERS, DIRECTORY) == CORA
    assert channel_manager(SONIA, SIDE, PARTNERS, DIRECTORY) == CARL
    assert channel_manager(EmployeeId("no@body.example"), SIDE, PARTNERS, DIRECTORY) is None


def test_prm_21_no_tick_no_mail_and_one_mail_with_it() -> None:
    mine = lead()
    quiet = decide(assigned(mine, to=to_user(PETRA), notify=False), facts(mine))
    loud = decide(assigned(mine, to=to_user(PETRA), notify=True), facts(mine))
    assert [p for p in quiet.effects if isinstance(p.effect, SendEmail)] == []
    [letter] = [p for p in loud.effects if isinstance(p.effect, SendEmail)]
    assert letter.account == "mail-main"
    assert isinstance(letter.effect, SendEmail)
    assert letter.effect.recipient == PETRA
    again = decide(assigned(mine, to=to_user(PETRA), notify=True), facts(mine))
    assert again.effects == loud.effects  # PX-02: the same key, whatever runs twice


def test_prm_21_the_tick_is_as_the_house_has_set_it_where_nobody_says() -> None:
    mine = lead()
    ticked = policy(email=mail(notify=True))
    decision = decide(assigned(mine, to=to_user(PETRA)), facts(mine), ticked)
    assert len([p for p in decision.effects if isinstance(p.effect, SendEmail)]) == 1


def test_prm_22_the_mail_is_made_of_the_houses_own_template() -> None:
    own = policy(
        email=mail(
            notify=True,
            subject="{company}\r\nBcc: all@acme.example",
            text="{name} of {country}, until {accept_until}: {link} {property.tier}{nothing}",
        )
    )
    mine = lead()
    decision = decide(assigned(mine, to=to_user(PETRA)), facts(mine), own)
    [letter] = [p.effect for p in decision.effects if isinstance(p.effect, SendEmail)]
    assert letter.subject == "Lemon Bcc: all@acme.example"  # one line, whatever a lead is called
    assert letter.text == f"Lea 1 of MX, until 2026-03-04 12:00 UTC: /inbox/{mine.id} "


def test_without_an_account_for_mail_the_decision_says_so() -> None:
    mine = lead()
    given = assigned(mine, to=to_user(PETRA), notify=True)
    decision = decide(given, facts(mine), policy(mail=None))
    assert Code.LEAD_NO_MAIL in [reason.code for reason in decision.reasons]


def test_prm_24_who_gets_a_lead_has_it_in_his_inbox_also_without_a_mail() -> None:
    mine = lead()
    decision = decide(assigned(mine, to=to_user(PETRA), notify=False), facts(mine))
    assert told(decision) == {PETRA: Code.LEAD_GIVEN}
    assert after(decision).opened_at is None


@pytest.mark.parametrize(
    ("who", "target", "why"),
    [
        (manager(CORA), to_user(PABLO), None),  # PRM-07: her own territory
        (manager(CORA), to_user(SONIA), Code.REQUEST_FORBIDDEN),
        (manager(CORA), to_queue(Q1), None),
        (manager(CORA), to_queue(Q3), Code.REQUEST_FORBIDDEN),
        (manager(CARL), to_user(SONIA), Code.LEAD_UNKNOWN),  # none of his business
        (partner_user(PETRA), to_user(PABLO), Code.REQUEST_FORBIDDEN),
        (partner_user(SONIA), to_user(SONIA), Code.LEAD_UNKNOWN),
    ],
)
def test_prm_07_who_gives_out_what(who: Any, target: LeadTarget, why: Code | None) -> None:
    mine = offered(PETRA)
    decision = decide(assigned(mine, by=who, to=target), facts(mine))
    rejected = decision.verdict is Verdict.REJECTED
    assert (decision.reasons[0].code if rejected else None) == why


def test_two_admins_at_once_the_second_hears_what_changed() -> None:
    mine = lead(version=4)
    decision = decide(assigned(mine, to=to_user(PETRA), seen=3), facts(mine))
    assert refused(decision) == Code.CHANGED_SINCE
    assert MARTA in decision.reasons[0].detail


def test_a_double_click_is_told_that_it_is_there_already() -> None:
    mine = offered(PETRA)
    assert refused(decide(assigned(mine, to=to_user(PETRA)), facts(mine))) == Code.LEAD_SAME


@pytest.mark.parametrize("state", [LeadState.CLOSED, LeadState.CONVERTED, LeadState.GONE])
def test_what_is_over_is_given_to_nobody(state: LeadState) -> None:
    mine = lead(state=state)
    assert refused(decide(assigned(mine, to=to_user(PETRA)), facts(mine))) == Code.LEAD_ENDED


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"to": to_user(EmployeeId("no@body.example"))}, Code.PARTNER_UNKNOWN),
        ({"to": LeadTarget(queue=QueueName("nowhere"))}, Code.QUEUE_UNKNOWN),
        ({"to": LeadTarget()}, Code.LEAD_NOBODY),
        ({"employee": EmployeeId("no@body.example")}, Code.ROLE_CANNOT_WRITE),
    ],
)
def test_a_target_that_is_not_there(how: dict[str, Any], why: Code) -> None:
    mine = lead()
    assert refused(decide(assigned(mine, **how), facts(mine))) == why
