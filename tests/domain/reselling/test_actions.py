"""What people do to clients: each action's own rule."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bridge.domain.decisions import Decision, Verdict
from bridge.domain.names import ClientId
from bridge.domain.principals import Person
from bridge.domain.reseller_clients import (
    ClientAction,
    ClientDetails,
    ClientStatus,
    ResellerClient,
    Told,
    actions,
)
from bridge.domain.reselling_events import (
    ClientActivated,
    ClientEdited,
    ClientLinked,
    ClientRenewed,
    ClientSuspended,
    ClientUnitsAdded,
)
from bridge.domain.reselling_policy import MOST_UNITS
from tests.domain.building import ANA, NOW
from tests.domain.reselling.building import (
    ACTIONS,
    ARCHIVED,
    BASIC,
    BY_CLIENT,
    BY_LUIS,
    BY_QA,
    BY_RITA,
    BY_SARA,
    BY_SERVICE,
    CLIENT,
    DETAILS,
    EXHAUSTED,
    EXPIRED,
    LINK,
    NORTE,
    PRO,
    RESELLERS,
    RESELLING,
    SUR,
    SUSPENDED,
    added,
    after,
    client,
    decided,
    done,
    ends,
    moves,
    used,
)

ACTIVE = ClientStatus.ACTIVE


def refusal(decision: Decision) -> str:
    assert decision.verdict is Verdict.REJECTED
    assert (decision.changes, decision.effects) == ((), ())
    return decision.reasons[0].code.value


def test_a_new_client_with_a_plan_is_active() -> None:
    """RSL-02, RSL-03, RSL-06, RSL-07, RSL-09."""
    made = after(decided(added(reference="A-17"), None))
    assert (made.details.legal_name, made.shown_plan, made.status(NOW)) == (
        "Muebles Pérez SA de CV",
        "Basic",
        ACTIVE,
    )
    assert (made.created_at, made.valid_until, made.balance) == (NOW, date(2027, 3, 5), 100)
    assert (made.services, made.reference, made.reseller) == (BASIC.services, "A-17", "norte")


def test_the_first_units_stand_in_the_ledger() -> None:
    decision = decided(added(), None)
    assert moves(decision) == [("granted", 100, 100)]
    assert decision.subject is not None
    assert (decision.subject.name, decision.subject.tenant) == (
        f"client:{CLIENT}",
        "reseller:norte",
    )


def test_a_plan_without_validity_has_no_last_day() -> None:
    """RSL-07."""
    assert after(decided(added(plan="forever"), None)).valid_until is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"details": ClientDetails(legal_name="  ")}, "client_plan.details_invalid"),
        ({"details": ClientDetails(legal_name="x" * 201)}, "client_plan.details_invalid"),
        ({"details": ClientDetails(legal_name="a\x00b")}, "client_plan.details_invalid"),
        ({"details": replace(DETAILS, email="no mail")}, "client_plan.details_invalid"),
        ({"details": replace(DETAILS, email="a@b@c.example")}, "client_plan.details_invalid"),
        ({"details": replace(DETAILS, phone="call me")}, "client_plan.details_invalid"),
        ({"reference": "cl_1"}, "client_plan.details_invalid"),
        ({"reference": " A"}, "client_plan.details_invalid"),
        ({"reference": "x" * 201}, "client_plan.details_invalid"),
        ({"plan": "other"}, "client_plan.plan_unknown"),
        ({"plan": "Basic"}, "client_plan.plan_unknown"),
        ({"reseller": "nobody"}, "request.not_found"),
        ({"by": BY_SARA}, "request.not_found"),
        ({"by": BY_QA}, "request.forbidden"),
        ({"by": BY_SERVICE}, "request.forbidden"),
    ],
)
def test_who_can_not_be_added(change: dict[str, Any], code: str) -> None:
    """RSL-02: the legal name is required. RSL-21: of another reseller's plans there is none."""
    assert refusal(decided(added(**change), None)) == code


def test_a_refusal_does_not_repeat_what_was_given() -> None:
    wrong = decided(added(details=replace(DETAILS, email="secret word")), None)
    assert "secret" not in repr(wrong)


def test_a_reference_is_one_clients_alone() -> None:
    taken = decided(added(reference="A-17"), None, reference_of="cl_other")
    assert refusal(taken) == "client_plan.reference_taken"


CASES = [
    ({"services": {"companies": 2, "smtp_mail": False}}, True),
    ({"services": {"smtp_mail": True, "companies": 1}}, True),
    ({"services": {"smtp_mail": 0, "companies": 1}}, True),  # 0 is how many, not whether
    ({"services": {}}, True),
    ({"details": replace(DETAILS, legal_name="Muebles Pérez")}, True),
    ({"details": replace(DETAILS, contact_name="Pía")}, True),
    ({"details": replace(DETAILS, email="pia@perez.example")}, True),
    ({"details": replace(DETAILS, phone="+525512345679")}, True),
    ({"reference": "B-1"}, False),
]


@pytest.mark.parametrize(("change", "is_custom"), CASES)
def test_an_edit_is_stored_and_makes_the_plan_his_own(
    change: dict[str, Any], is_custom: bool
) -> None:
    """RSL-16, RSL-17: all that the plan is about; his reseller's own reference is not."""
    before = client()
    decision = decided(done(ClientEdited, **change), before)
    made = after(decision)
    assert all(getattr(made, name) == value for name, value in change.items())
    assert (made.shown_plan, made.plan, made.plan_name) == (
        "custom" if is_custom else "Basic",
        "basic",
        "Basic",
    )
    assert (made.balance, made.term, made.version) == (before.balance, before.term, 2)
    assert moves(decision) == []


SAME = [
    {},
    {"details": DETAILS},
    {"details": replace(DETAILS, legal_name=f" {DETAILS.legal_name} ")},
    {"details": replace(DETAILS, email="Paco@Perez.example", phone="+52 55 1234 5678")},
    {"services": dict(reversed(list(BASIC.services.items())))},
    {"reference": "A-17"},
]


@pytest.mark.parametrize("change", SAME)
@pytest.mark.parametrize("is_custom", [True, False])
def test_saving_without_a_change_renames_nothing(change: dict[str, Any], is_custom: bool) -> None:
    """RSL-17: nor does it make an entry."""
    unchanged = decided(done(ClientEdited, **change), client(is_custom=is_custom))
    assert refusal(unchanged) == "client_plan.unchanged"


@pytest.mark.parametrize("units", [0, 1, -5, 100])
def test_an_edit_can_not_change_units(units: int) -> None:
    """RSL-18: whatever else it says."""
    decision = decided(done(ClientEdited, units=units, services={"x": 1}), client())
    assert refusal(decision) == "client_plan.units_not_edited"
    assert "add units" in decision.reasons[0].detail


@pytest.mark.parametrize(
    "services",
    [
        {"Mail": True},
        {"": True},
        {"a b": 1},
        {"x": -1},
        {"x": MOST_UNITS + 1},
        {f"s{n}": 1 for n in range(51)},
    ],
)
def test_services_that_are_none(services: dict[str, Any]) -> None:
    decision = decided(done(ClientEdited, services=services), client())
    assert refusal(decision) == "client_plan.details_invalid"


@pytest.mark.parametrize(
    ("before", "left", "status"),
    [
        (client(balance=3), 53, ACTIVE),
        (client(balance=3, is_custom=True), 53, ACTIVE),
        (EXHAUSTED, 50, ACTIVE),
        (EXPIRED, 150, ClientStatus.EXPIRED),
        (client(balance=0, term=ends(NOW)), 50, ClientStatus.EXPIRED),
    ],
)
def test_added_units_leave_the_plan(
    before: ResellerClient, left: int, status: ClientStatus
) -> None:
    """RSL-19."""
    decision = decided(ACTIONS["add_units"], before)
    made = after(decision)
    assert (made.balance, made.status(NOW), made.shown_plan) == (left, status, before.shown_plan)
    assert (made.plan_units, made.term, made.terms) == (100, before.term, 1)
    assert moves(decision) == [("added", 50, left)]


@pytest.mark.parametrize("units", [0, -1, -(10**30), MOST_UNITS + 1, 10**30, True, False])
def test_units_are_a_positive_whole_number(units: int) -> None:
    """RSL-20."""
    refused = decided(done(ClientUnitsAdded, units=units), client())
    assert refusal(refused) == "client_plan.units_invalid"


@pytest.mark.parametrize(
    ("balance", "units", "fits"),
    [(0, 1, True), (0, MOST_UNITS, True), (10**12 - 1, 1, True), (10**12, 1, False)],
)
def test_a_balance_has_an_end(balance: int, units: int, fits: bool) -> None:
    decision = decided(done(ClientUnitsAdded, units=units), client(balance=balance))
    assert (decision.verdict is Verdict.APPLIED) is fits


def test_a_suspended_client_is_activated_before_he_gets_units() -> None:
    """RSL-14."""
    decision = decided(ACTIONS["add_units"], SUSPENDED)
    assert refusal(decision) == "client_plan.suspended"
    assert "activate him first" in decision.reasons[0].detail


@pytest.mark.parametrize(
    ("before", "status"),
    [
        (client(), ACTIVE),
        (EXHAUSTED, ACTIVE),
        (EXPIRED, ACTIVE),
        (SUSPENDED, ClientStatus.SUSPENDED),
        (replace(EXPIRED, is_suspended=True), ClientStatus.SUSPENDED),
    ],
)
def test_a_renewal_gives_fresh_units_and_a_fresh_term(
    before: ResellerClient, status: ClientStatus
) -> None:
    """RSL-15, RSL-21: to another plan of the list; directly also to a suspended client."""
    told = replace(before, is_custom=True, low_told=True, term_told=Told.EXPIRED)
    decision = decided(ACTIONS["renew"], told)
    made = after(decision)
    assert (made.shown_plan, made.plan, made.balance, made.plan_units) == ("Pro", "pro", 500, 500)
    assert (made.valid_until, made.services, made.status(NOW)) == (date(2026, 4, 4), {}, status)
    assert (made.terms, made.low_told, made.term_told) == (2, False, Told.NOTHING)
    lapsed = [("lapsed", -before.balance, 0)] if before.balance else []
    assert moves(decision) == [*lapsed, ("granted", 500, 500)]


def test_a_renewal_to_the_same_plan_begins_today() -> None:
    """RSL-21: what was left of the old term does not count on top."""
    later = NOW + timedelta(days=200)
    made = after(decided(done(ClientRenewed, plan="basic"), client(balance=7), later))
    assert (made.balance, made.valid_until) == (100, date(2027, 9, 21))
    assert made.created_at == NOW


@pytest.mark.parametrize("plan", ["other", "", "Pro", "custom"])
def test_a_plan_that_is_not_on_the_list(plan: str) -> None:
    """RSL-21: not another reseller's."""
    decision = decided(done(ClientRenewed, plan=plan), client())
    assert refusal(decision) == "client_plan.plan_unknown"
    assert "known: basic, pro, forever" in decision.reasons[0].detail


def test_a_plan_that_changes_in_the_configuration_changes_no_client() -> None:
    """RSL-17 the other way round: until he is renewed."""
    norte = replace(RESELLING.resellers[SUR], plans={"basic": replace(PRO, name="Basic 2")})
    changed = replace(
        RESELLERS, reselling=replace(RESELLING, resellers={**RESELLING.resellers, NORTE: norte})
    )
    made = after(decided(used(), client(), policy=changed))
    assert (made.shown_plan, made.services, made.plan_units) == ("Basic", BASIC.services, 100)
    assert after(decided(done(ClientRenewed, plan="basic"), made, policy=changed)).shown_plan == (
        "Basic 2"
    )


@pytest.mark.parametrize("before", [client(), EXHAUSTED, EXPIRED])
def test_suspended_at_any_time(before: ResellerClient) -> None:
    """RSL-12, RSL-22."""
    made = after(decided(ACTIONS["suspend"], before))
    assert made.status(NOW) is ClientStatus.SUSPENDED
    assert refusal(decided(used(), made)) == "client_plan.suspended"
    assert refusal(decided(ACTIONS["suspend"], made)) == "client_plan.unchanged"


@pytest.mark.parametrize(
    ("before", "status"),
    [
        (client(), ACTIVE),
        (EXPIRED, ClientStatus.EXPIRED),
        (EXHAUSTED, ClientStatus.EXHAUSTED),
        (client(balance=0, term=ends(NOW)), ClientStatus.EXPIRED),
    ],
)
def test_an_activated_client_is_what_his_plan_makes_of_him(
    before: ResellerClient, status: ClientStatus
) -> None:
    """RSL-23."""
    made = after(decided(ACTIONS["activate"], replace(before, is_suspended=True)))
    assert made.status(NOW) is status
    assert refusal(decided(ACTIONS["activate"], made)) == "client_plan.unchanged"


@pytest.mark.parametrize(
    ("before", "code"),
    [
        (client(), "client_plan.still_active"),
        (EXHAUSTED, ""),
        (EXPIRED, ""),
        (SUSPENDED, ""),
        (ARCHIVED, "client_plan.unchanged"),
    ],
)
def test_only_who_is_not_active_is_archived(before: ResellerClient, code: str) -> None:
    """RSL-24."""
    decision = decided(ACTIONS["archive"], before)
    if_refused = "" if decision.verdict is Verdict.APPLIED else refusal(decision)
    assert if_refused == code


def test_the_archive_keeps_everything() -> None:
    """RSL-24."""
    there = after(decided(ACTIONS["archive"], EXPIRED))
    back = after(decided(ACTIONS["unarchive"], there))
    assert replace(back, version=1, changes=(), term_told=EXPIRED.term_told) == EXPIRED


@pytest.mark.parametrize("action", [x for x in ACTIONS if x not in ("archive", "unarchive")])
def test_nothing_is_done_to_an_archived_client(action: str) -> None:
    assert refusal(decided(ACTIONS[action], ARCHIVED)) == "client_plan.archived"


@pytest.mark.parametrize("before", [client(), EXHAUSTED, EXPIRED, SUSPENDED, ARCHIVED], ids=str)
def test_what_is_offered_is_what_is_done(before: ResellerClient) -> None:
    """RSL-08: no more and no less."""
    offered = {x.value for x in actions(before, NOW) if x is not ClientAction.SIGN_IN_AS}
    possible = {
        name
        for name, event in ACTIONS.items()
        if name not in ("link", "use") and decided(event, before).verdict is Verdict.APPLIED
    }
    assert possible == offered


ALL = [e for name, e in ACTIONS.items() if name != "link"]


@pytest.mark.parametrize("event", ALL, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize(
    ("by", "code"),
    [
        (BY_SARA, "request.not_found"),
        (BY_CLIENT, "request.forbidden"),
        (replace(BY_CLIENT, client=ClientId("cl_2")), "request.not_found"),
        (BY_QA, "request.forbidden"),
        (replace(BY_LUIS, id=ANA), "request.not_found"),
        (replace(BY_LUIS, id="nobody@acme.example"), "request.not_found"),
        (replace(BY_RITA, tenant=""), "request.not_found"),
    ],
)
def test_who_may_not(event: Any, by: Person, code: str) -> None:
    """RSL-01: another reseller's client is there for nobody else."""
    assert refusal(decided(replace(event, by=by), client())) == code


@pytest.mark.parametrize("event", ALL, ids=lambda event: type(event).__name__)
def test_a_client_who_is_not_there(event: Any) -> None:
    assert refusal(decided(event, None)) == "request.not_found"


@pytest.mark.parametrize(
    ("by", "code"),
    [(BY_LUIS, ""), (BY_RITA, "request.forbidden"), (BY_SERVICE, "request.forbidden")],
)
def test_only_the_house_links_a_client_to_the_crm(by: Person, code: str) -> None:
    """Whose record he is said to be, of that he would see the chats."""
    decision = decided(done(ClientLinked, by=by, link=LINK), client())
    assert ("" if decision.verdict is Verdict.APPLIED else refusal(decision)) == code


@pytest.mark.parametrize(
    ("viewer", "said"),
    [
        (BY_RITA, "suspended by raul@norte.example, edited by the house"),
        (BY_LUIS, "suspended by raul@norte.example, edited by luis@acme.example"),
    ],
)
def test_a_conflict_says_what_was_done_meanwhile(viewer: Person, said: str) -> None:
    """Who works in the house is nobody's business outside."""
    raul = replace(BY_RITA, id="raul@norte.example")
    edited = after(decided(replace(ACTIONS["edit"], by=BY_LUIS), client()))
    suspended = after(decided(done(ClientSuspended, by=raul), edited))
    late = decided(done(ClientRenewed, plan="pro", by=viewer, seen=1), suspended)
    assert refusal(late) == "request.conflict"
    assert said in late.reasons[0].detail


@pytest.mark.parametrize("event", ALL[:-1], ids=lambda event: type(event).__name__)
def test_every_action_minds_what_was_seen(event: Any) -> None:
    assert refusal(decided(replace(event, seen=7), client(version=8))) == "request.conflict"


def test_the_last_changes_are_kept_and_no_more() -> None:
    found = client()
    for _ in range(4):
        found = after(decided(done(ClientSuspended), found))
        found = after(decided(done(ClientActivated), found))
    assert [one.version for one in found.changes] == [9, 8, 7, 6, 5]
    assert (found.version, found.changes[0].what) == (9, "activated")
