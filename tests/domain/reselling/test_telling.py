"""Hints and status changes: what to offer whom, told once, and to whom."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bridge.domain.decisions import Decision, Verdict
from bridge.domain.names import HOUSE, EventKey
from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.domain.reseller_clients import ClientHint, ResellerClient, Told, due_telling, hint
from bridge.domain.reselling_events import ClientTermTold, ClientUnitsAdded
from bridge.domain.reselling_policy import HintRules, LowUnits
from tests.domain.building import ANA, CRM, LUIS, NOW, crm_id, with_employee, without
from tests.domain.reselling.building import (
    ACTIONS,
    ARCHIVED,
    BY_LUIS,
    CLIENT,
    DETAILS,
    EXHAUSTED,
    EXPIRED,
    LINK,
    MAILS,
    NORTE,
    RAUL,
    RESELLERS,
    RITA,
    SUSPENDED,
    after,
    client,
    decided,
    done,
    employees_told,
    ends,
    mails,
    notes,
    used,
    users_told,
)

RULES = RESELLERS.reselling.hints_of(NORTE)  # 5 units, 14 days
SOON, FAR = ends(NOW + timedelta(days=3)), ends(NOW + timedelta(days=300))
UNITS, RENEWAL = ClientHint.OFFER_UNITS, ClientHint.OFFER_RENEWAL


@pytest.mark.parametrize(
    ("given", "offer"),
    [
        (client(balance=5, term=FAR), UNITS),
        (client(balance=5, term=None), UNITS),
        (client(balance=0, term=FAR), UNITS),
        (client(balance=6, term=FAR), None),
        (client(balance=6, term=None), None),
        (client(balance=90, term=SOON), RENEWAL),
        (client(balance=2, term=SOON), RENEWAL),
        (client(balance=90, term=ends(NOW + timedelta(days=14))), RENEWAL),
        (client(balance=90, term=ends(NOW + timedelta(days=14, seconds=1))), None),
        (EXPIRED, RENEWAL),
        (SUSPENDED, None),
        (replace(EXPIRED, is_suspended=True), None),
        (ARCHIVED, None),
    ],
)
def test_what_to_offer(given: ResellerClient, offer: ClientHint | None) -> None:
    """RSL-26."""
    assert hint(given, RULES, NOW) is offer


@pytest.mark.parametrize(
    ("low", "balance", "is_low"),
    [
        (LowUnits(percent=20), 20, True),
        (LowUnits(percent=20), 21, False),
        (LowUnits(percent=33), 33, True),
        (LowUnits(percent=33), 34, False),
        (LowUnits(percent=0), 1, False),
        (LowUnits(percent=0), 0, True),
        (LowUnits(percent=100), 100, True),
        (LowUnits(units=5), 5, True),
        (LowUnits(units=5), 6, False),
        (LowUnits(units=0), 1, False),
    ],
)
def test_how_few_are_few(low: LowUnits, balance: int, is_low: bool) -> None:
    """RSL-27: a number, or a share of the plan's units."""
    rules = HintRules(low_units=low)
    found = hint(client(balance=balance, plan_units=100, term=None), rules, NOW)
    assert (found is UNITS) is is_low


def test_the_crossing_is_told_once() -> None:
    """RSL-27: use by use, until units are added."""
    found, told = client(balance=8), []
    for _ in range(7):
        decision = decided(used(), found)
        told.append(users_told(decision).get(RITA, ""))
        found = after(decision)
    low, nothing = "client_plan.units_low", ""
    assert told == [nothing, nothing, low, nothing, nothing, nothing, nothing]
    decision = decided(used(), found)
    assert users_told(decision) == dict.fromkeys((RITA, RAUL), "client_plan.exhausted")
    again = after(decided(ACTIONS["add_units"], after(decision)))
    assert users_told(decided(used(45), again)) == dict.fromkeys((RITA, RAUL), low)


def test_units_that_are_still_few_begin_no_new_crossing() -> None:
    few = after(decided(used(), client(balance=3)))
    more = after(decided(done(ClientUnitsAdded, units=2), few))
    assert (more.balance, users_told(decided(used(), more))) == (4, {})


def test_who_has_none_left_is_not_told_that_he_has_few() -> None:
    """RSL-10: at once, with the use that took the last."""
    assert users_told(decided(used(8), client(balance=8))) == dict.fromkeys(
        (RITA, RAUL), "client_plan.exhausted"
    )


def test_a_raised_threshold_is_told_of_at_the_next_use() -> None:
    decision = decided(used(), client(balance=50), policy=_hints(LowUnits(units=60)))
    assert users_told(decision)[RITA] == "client_plan.units_low"


def looked(before: ResellerClient | None, told: Told, now: datetime, term: int = 1) -> Decision:
    event = ClientTermTold(
        event_key=EventKey("t1"),
        occurred_at=now,
        account=HOUSE,
        client=CLIENT,
        term=term,
        told=told,
    )
    return decided(event, before, now)


ENDS = NOW + timedelta(days=30)
LIVING = client(term=ends(ENDS))


@pytest.mark.parametrize(
    ("before", "days", "due"),
    [
        (LIVING, 0, Told.NOTHING),
        (LIVING, 15, Told.NOTHING),
        (LIVING, 16, Told.ENDING),
        (LIVING, 29, Told.ENDING),
        (LIVING, 30, Told.EXPIRED),
        (LIVING, 300, Told.EXPIRED),
        (replace(LIVING, term_told=Told.ENDING), 29, Told.NOTHING),
        (replace(LIVING, term_told=Told.ENDING), 30, Told.EXPIRED),
        (replace(LIVING, term_told=Told.EXPIRED), 300, Told.NOTHING),
        (replace(LIVING, is_suspended=True), 300, Told.NOTHING),
        (replace(LIVING, is_archived=True), 300, Told.NOTHING),
        (client(term=None), 99999, Told.NOTHING),
    ],
)
def test_what_is_due_to_be_told_of_the_end(before: ResellerClient, days: int, due: Told) -> None:
    """RSL-11, RSL-27."""
    assert due_telling(before, RULES, NOW + timedelta(days=days)) is due


@pytest.mark.parametrize(
    ("days", "told", "code"),
    [(16, Told.ENDING, "client_plan.ending"), (30, Told.EXPIRED, "client_plan.expired")],
)
def test_the_end_is_told_once(days: int, told: Told, code: str) -> None:
    now = NOW + timedelta(days=days)
    decision = looked(LIVING, told, now)
    assert users_told(decision) == dict.fromkeys((RITA, RAUL), code)
    assert decision.reasons[0].code == code
    assert looked(after(decision), told, now).verdict is Verdict.REJECTED


@pytest.mark.parametrize(
    ("before", "told", "term"),
    [
        (None, Told.ENDING, 1),
        (LIVING, Told.EXPIRED, 1),
        (LIVING, Told.NOTHING, 1),
        (replace(LIVING, terms=2), Told.ENDING, 1),
        (replace(LIVING, is_suspended=True), Told.ENDING, 1),
    ],
)
def test_a_look_that_comes_too_late_or_too_early_tells_nothing(
    before: ResellerClient | None, told: Told, term: int
) -> None:
    decision = looked(before, told, NOW + timedelta(days=20), term)
    assert (decision.verdict, decision.changes, decision.effects) == (Verdict.REJECTED, (), ())


def test_a_renewal_arms_the_hints_again() -> None:
    spent = replace(EXPIRED, balance=0, low_told=True, term_told=Told.EXPIRED)
    fresh = after(decided(ACTIONS["renew"], spent))
    assert (fresh.low_told, fresh.term_told) == (False, Told.NOTHING)


LINKED = client(link=LINK)


@pytest.mark.parametrize(
    ("event", "before", "subject"),
    [
        (used(8), replace(LINKED, balance=8), "Plan: no units left"),
        (used(), replace(LINKED, balance=6), "Plan: few units left"),
        (ACTIONS["suspend"], LINKED, "Plan: suspended"),
        (ACTIONS["activate"], replace(LINKED, is_suspended=True), "Plan: active"),
        (ACTIONS["add_units"], replace(LINKED, balance=0), "Plan: active"),
        (ACTIONS["renew"], replace(EXPIRED, link=LINK), "Plan: active"),
    ],
)
def test_status_changes_and_hints_stand_on_the_crms_timeline(
    event: Any, before: ResellerClient, subject: str
) -> None:
    decision = decided(event, before)
    (note,) = notes(decision)
    assert (note.kind, note.record, note.subject) == (LINK.kind, LINK.crm_id, subject)
    assert "Reseller: Factura del Norte\nPlan: " in note.text
    assert {p.account for p in decision.effects if p.effect is note} == {CRM}
    assert DETAILS.legal_name not in note.text


@pytest.mark.parametrize(
    ("event", "before"),
    [
        (used(), LINKED),
        (ACTIONS["edit"], LINKED),
        (ACTIONS["add_units"], LINKED),
        (ACTIONS["renew"], LINKED),
        (ACTIONS["renew"], replace(LINKED, is_suspended=True)),
        (ACTIONS["archive"], replace(EXHAUSTED, link=LINK)),
        (ACTIONS["suspend"], client()),
    ],
)
def test_what_changes_no_status_writes_no_note(event: Any, before: ResellerClient) -> None:
    """Nor is there any for who is no record of the CRM."""
    assert notes(decided(event, before)) == []


def test_without_a_crm_there_is_no_note() -> None:
    alone = replace(RESELLERS, crm=None)
    assert notes(decided(ACTIONS["suspend"], LINKED, policy=alone)) == []


@pytest.mark.parametrize(
    ("owner", "who"),
    [(crm_id(ANA), ANA), (None, LUIS), ("crm-nobody", LUIS)],
)
def test_the_owner_in_the_crm_is_told(owner: Any, who: str) -> None:
    """Or who looks after the reseller."""
    decision = decided(ACTIONS["suspend"], LINKED, owner=owner)
    assert employees_told(decision) == {who: "client_plan.suspended"}


def test_an_owner_who_has_left_is_not_told() -> None:
    before = replace(LINKED, balance=1)
    left = decided(used(), before, owner=crm_id(ANA))
    assert employees_told(left) == {ANA: "client_plan.exhausted"}
    gone = decided(used(), before, owner=crm_id(ANA), directory=without(ANA))
    assert employees_told(gone) == {LUIS: "client_plan.exhausted"}


def test_nobody_is_told_what_he_did_himself() -> None:
    mine = decided(ACTIONS["suspend"], LINKED)
    assert (users_told(mine), employees_told(mine)) == ({}, {LUIS: "client_plan.suspended"})
    ours = decided(replace(ACTIONS["suspend"], by=BY_LUIS), LINKED)
    assert users_told(ours) == dict.fromkeys((RITA, RAUL), "client_plan.suspended")
    assert employees_told(ours) == {}


def test_mails_go_to_the_resellers_people_and_name_nobody() -> None:
    mailing = replace(RESELLERS, email=MAILS)
    decision = decided(used(), replace(LINKED, balance=6), policy=mailing)
    found = {mail.recipient: mail for mail in mails(decision)}
    assert set(found) == {RITA, RAUL, LUIS}
    rita, luis = found[RITA], found[LUIS]
    assert (rita.subject, rita.tenant, rita.employee) == (
        "A client of yours has few units left",
        "reseller:norte",
        None,
    )
    assert f"https://bridge.example/clients/{CLIENT}" in rita.text
    assert "Offer units." in rita.text
    assert "Record of the CRM: company 901" in luis.text
    assert len({mail.key for mail in found.values()}) == 3
    for word in (DETAILS.legal_name, DETAILS.contact_name, DETAILS.email, DETAILS.phone):
        assert word not in repr(list(found.values()))


def test_a_decision_made_again_has_the_same_mails() -> None:
    mailing = replace(RESELLERS, email=MAILS)
    made = [decided(used(), client(balance=1), policy=mailing) for _ in range(2)]
    assert mails(made[0]) == mails(made[1])


def test_an_owner_without_a_role_is_told_by_the_same_rules_as_ever() -> None:
    """The notification is his; withholding stops a mail to who lost his role."""
    bare = with_employee(replace(RESELLERS, email=MAILS), ANA, role=Role.NONE)
    decision = decided(ACTIONS["suspend"], LINKED, owner=crm_id(ANA), policy=bare)
    assert [mail.employee for mail in mails(decision) if mail.employee] == [ANA]


def _hints(low: LowUnits) -> Policy:
    resellers = dict(RESELLERS.reselling.resellers)
    resellers[NORTE] = replace(resellers[NORTE], hints=HintRules(low_units=low))
    return replace(RESELLERS, reselling=replace(RESELLERS.reselling, resellers=resellers))
