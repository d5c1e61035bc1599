"""What is written to the CRM of a lead's owner, and what the CRM says of it."""

import pytest

from bridge.domain.crm_effects import AssignRecord, SetProperty
from bridge.domain.decisions import Verdict
from bridge.domain.effects import SendEmail
from bridge.domain.partner_leads import (
    Holder,
    HolderKind,
    How,
    LeadState,
    PartnerLead,
    Passed,
    Written,
)
from bridge.domain.partner_policy import BulkMail
from bridge.domain.programme import Programme
from bridge.domain.reasons import ReasonCode as Code
from tests.domain.partner_building import (
    CORA,
    CRM_IDS,
    MARTA,
    NOW,
    PABLO,
    PETRA,
    Q2,
    SONIA,
    after,
    assigned,
    decide,
    employee,
    facts,
    lead,
    mail,
    offered,
    partner,
    policy,
    read,
    reading,
    rule,
    to_user,
    told,
    with_user,
)


def test_where_the_crm_knows_no_such_owner_a_property_takes_his_address() -> None:
    mine = lead()
    contact_only = with_user(PETRA, crm_id=None)
    by = policy(owner_property="partner_user")
    decision = decide(assigned(mine, to=to_user(PETRA)), facts(mine, side=contact_only), by)
    [effect] = [p.effect for p in decision.effects]
    assert isinstance(effect, SetProperty)
    assert (effect.name, effect.value) == ("partner_user", PETRA)
    back = decide(assigned(after(decision), employee=CORA), facts(after(decision)), by)
    emptied = [p.effect for p in back.effects if isinstance(p.effect, SetProperty)]
    assert [one.value for one in emptied] == [""]


def test_prm_23_read_back_the_lead_shows_the_new_owner() -> None:
    mine = lead()
    given = after(decide(assigned(mine, to=to_user(PETRA)), facts(mine)))
    assert given.written.state is Written.PENDING
    read_back = decide(read(reading(owner=CRM_IDS[PETRA])), facts(given))
    confirmed = after(read_back)
    assert (confirmed.written.state, confirmed.holder) == (Written.CONFIRMED, partner(PETRA))
    assert read_back.reasons[0].code is Code.LEAD_CONFIRMED


def test_what_was_read_before_our_write_is_no_move() -> None:
    mine = lead()
    given = after(decide(assigned(mine, to=to_user(PETRA)), facts(mine)))
    still = after(decide(read(reading(owner=CRM_IDS[MARTA])), facts(given)))
    assert (still.holder, still.written.state) == (partner(PETRA), Written.PENDING)


def test_two_writes_on_their_way_and_the_first_is_read_between() -> None:
    mine = lead()
    first = after(decide(assigned(mine, to=to_user(PETRA)), facts(mine)))
    second = after(decide(assigned(first, to=to_user(SONIA)), facts(first)))
    between = after(decide(read(reading(owner=CRM_IDS[PETRA])), facts(second)))
    assert (between.holder, between.written.state) == (partner(SONIA), Written.PENDING)


def test_back_to_the_first_owner_while_a_write_is_on_its_way_is_written_again() -> None:
    mine = lead()
    first = after(decide(assigned(mine, to=to_user(PETRA)), facts(mine)))
    back = decide(assigned(first, employee=MARTA), facts(first))
    [effect] = [p.effect for p in back.effects if isinstance(p.effect, AssignRecord)]
    assert effect.owner == CRM_IDS[MARTA]


def test_a_move_in_the_crm_is_followed_and_recorded_as_the_crms() -> None:
    mine = offered(PETRA)
    decision = decide(read(reading(owner=CRM_IDS[SONIA])), facts(mine))
    moved = after(decision)
    assert (moved.holder, moved.how) == (partner(SONIA), How.CRM)
    assert [p.effect for p in decision.effects] == []
    assert told(decision) == {PETRA: Code.LEAD_LOST, SONIA: Code.LEAD_GIVEN}


@pytest.mark.parametrize(
    ("owner", "kind", "name"),
    [
        (CRM_IDS[Q2], HolderKind.QUEUE, "q2"),
        (CRM_IDS[CORA], HolderKind.EMPLOYEE, CORA),
        ("005Z", HolderKind.OTHER, "005Z"),
        ("00G9", HolderKind.OTHER, "00G9"),
        (None, HolderKind.NOBODY, ""),
    ],
)
def test_whom_the_crms_owner_is_here(owner: str | None, kind: HolderKind, name: str) -> None:
    mine = offered(PETRA)
    moved = after(decide(read(reading(owner=owner)), facts(mine)))
    assert moved.holder == Holder(kind=kind, name=name)


def test_closed_converted_and_open_again() -> None:
    mine = offered(PETRA)
    closed = after(decide(read(reading(owner=CRM_IDS[PETRA], is_open=False)), facts(mine)))
    assert (closed.state, closed.offered_until) == (LeadState.CLOSED, None)
    again = after(decide(read(reading(owner=CRM_IDS[PETRA])), facts(closed)))
    assert again.state is LeadState.ACCEPTED
    converted = reading(owner=CRM_IDS[PETRA], is_converted=True)
    assert after(decide(read(converted), facts(mine))).state is LeadState.CONVERTED


def test_what_is_deleted_in_the_crm_is_wiped_here() -> None:
    mine = offered(PETRA, passed=(Passed(user=PABLO, at=NOW, declined=True, why="Lea is rude"),))
    gone = after(decide(read(None), facts(mine)))
    assert gone.state is LeadState.GONE
    assert gone.summary.name == ""
    assert gone.passed[0].why == ""


def test_a_lead_that_nobody_knows_and_that_is_gone_means_nothing() -> None:
    assert decide(read(None), facts()).verdict is Verdict.IGNORED


def test_while_the_programme_is_off_leads_are_left_alone() -> None:
    decision = decide(read(reading(), is_new=True), facts(programme=Programme()))
    assert (decision.verdict, decision.changes) == (Verdict.IGNORED, ())


def test_prm_25_one_mail_to_each_owner_where_the_house_wants_that() -> None:
    by = policy(email=mail(notify=True, bulk=BulkMail.PER_OWNER))
    mine = lead()
    one = decide(assigned(mine, to=to_user(PETRA), batch="ba_1"), facts(mine), by)
    assert [p for p in one.effects if isinstance(p.effect, SendEmail)] == []
    assert after(one).before == employee(MARTA)


def test_prm_15_a_new_lead_that_was_read_before_it_was_told_of_goes_by_the_rules() -> None:
    """Vendors tell of a lead's owner and of the lead itself in any order."""
    rules = policy(rules=(rule("mx", to_user(PETRA), countries=frozenset({"MX"})),))
    first = after(decide(read(reading()), facts(), rules))
    assert (first.holder, first.how) == (employee(MARTA), How.CRM)
    given_out = after(decide(read(reading(), is_new=True), facts(first), rules))
    assert (given_out.holder, given_out.state) == (partner(PETRA), LeadState.OFFERED)
    again = after(decide(read(reading(), is_new=True), facts(given_out), rules))
    assert again.holder == partner(PETRA)


@pytest.mark.parametrize(
    "since",
    [
        lead(version=2, holder=partner(SONIA), how=How.MANUAL, crm_owner=CRM_IDS[SONIA]),
        lead(state=LeadState.CLOSED),
    ],
)
def test_what_somebody_has_given_out_meanwhile_is_not_given_out_again(since: PartnerLead) -> None:
    rules = policy(rules=(rule("mx", to_user(PETRA), countries=frozenset({"MX"})),))
    found = reading(owner=since.crm_owner)
    decided = after(decide(read(found, is_new=True), facts(since), rules))
    assert decided.holder == since.holder
