"""What the bridge writes: clients, leads, deals and owners, each once, and never over another's."""

from dataclasses import replace

import pytest

from bridge.domain.effects import ChangeOwner, Effect
from bridge.domain.errors import ConfigError
from bridge.domain.names import RecordId
from bridge.domain.records import RecordKind
from bridge.ports import Absent, Done, Found, Rejected, RetryAt
from connectors.salesforce.outbound import DELIVERS, SalesforceOutbound, calls_of
from connectors.salesforce.sandbox_org import INTEGRATION_USER
from tests.connectors.salesforce.building import (
    ANA,
    LUIS,
    OLD,
    QUEUE,
    account,
    delivery,
    entry,
    ids_of,
    new_contact,
    new_deal,
    new_lead,
    run_of,
)
from tests.connectors.salesforce.conftest import SalesforceSandbox

PHONE = "+34600000001"


@pytest.fixture
def outbound(salesforce: SalesforceSandbox) -> SalesforceOutbound:
    return SalesforceOutbound(account(salesforce.url))


def with_options(salesforce: SalesforceSandbox, **options: str) -> SalesforceOutbound:
    return SalesforceOutbound(account(salesforce.url, options))


def owner_change(kind: RecordKind = RecordKind.CONTACT, record: str = "r1") -> ChangeOwner:
    return ChangeOwner(kind=kind, record=RecordId(record), owner=LUIS)


def only(salesforce: SalesforceSandbox, name: str) -> dict[str, object]:
    (record,) = salesforce.held(name)
    return record


def test_a_new_client_is_a_contact(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    (outcome,) = outbound.deliver([delivery(new_contact())])
    found = only(salesforce, "Contact")
    assert outcome == Done(vendor_ids={"id": str(found["Id"])})
    assert {name: found[name] for name in ("FirstName", "LastName", "Phone", "OwnerId")} == {
        "FirstName": "Luz",
        "LastName": "Vega Paz",
        "Phone": PHONE,
        "OwnerId": ANA,
    }
    assert found["Bridge_Key__c"] == PHONE


def test_a_new_client_with_a_lead_is_a_lead_and_nothing_else(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    run = run_of(new_contact(with_lead=True), new_lead())
    found = ids_of(outbound.deliver(run))
    lead = only(salesforce, "Lead")
    assert found == [lead["Id"], lead["Id"]]
    assert (lead["LastName"], lead["Company"], lead["OwnerId"]) == ("Vega Paz", "-", ANA)
    assert salesforce.held("Contact") == []


def test_a_lead_may_be_given_a_company(salesforce: SalesforceSandbox) -> None:
    outbound = with_options(salesforce, lead_company="Unknown")
    outbound.deliver([delivery(new_contact(with_lead=True))])
    assert only(salesforce, "Lead")["Company"] == "Unknown"


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Luz", None, "Luz"),
        ("  Luz \n Vega ", "Luz", "Vega"),
        ("", None, "-"),
        ("\u202e\x00", None, "-"),
        ("x" * 41 + " y", None, "x" * 41 + " y"),
        ("x" * 200, None, "x" * 80),
        ("Luz " + "x" * 200, "Luz", "x" * 80),
        ('o\'Brien \\ "quoted"', "o'Brien", '\\ "quoted"'),
    ],
)
def test_any_name_is_a_name_that_salesforce_takes(
    salesforce: SalesforceSandbox,
    outbound: SalesforceOutbound,
    name: str,
    first: str | None,
    last: str,
) -> None:
    (outcome,) = outbound.deliver([delivery(replace(new_contact(), name=name))])
    assert isinstance(outcome, Done)
    found = only(salesforce, "Contact")
    assert (found["FirstName"], found["LastName"]) == (first, last)


def test_a_username_is_written_where_the_option_says(salesforce: SalesforceSandbox) -> None:
    salesforce.seed(fields={"Contact": ["Whats__c", "User__c"]})
    options = {"whatsapp_username_field": "Whats__c", "username_field": "User__c"}
    with_options(salesforce, **options).deliver([delivery(new_contact())])
    assert only(salesforce, "Contact")["Whats__c"] == "luz"
    assert only(salesforce, "Contact")["User__c"] is None


def test_the_owner_is_ours_whatever_the_org_assigns(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    """PX-01: without `Sforce-Auto-Assign: FALSE` the rule takes the lead, when it is made and when
    it is changed."""
    salesforce.settings(assignment_rule_owner=LUIS)
    (lead,) = ids_of(outbound.deliver([delivery(new_contact(with_lead=True))]))
    assert only(salesforce, "Lead")["OwnerId"] == ANA
    salesforce.settings(assignment_rule_owner=ANA)
    change = owner_change(RecordKind.LEAD, "l1")
    outcomes = outbound.deliver([delivery(change, ids={"l1": lead})])
    assert outcomes == [Done()]
    assert only(salesforce, "Lead")["OwnerId"] == LUIS


def test_a_key_that_is_taken_leads_to_its_record_and_changes_nothing(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    """Never an upsert: that would put our owner over the one that people have set."""
    for with_lead, name in ((False, "Contact"), (True, "Lead")):
        more = {"Company": "Acme", "Status": "Working - Contacted"} if with_lead else {}
        (known,) = salesforce.seed(
            **{name: [{"LastName": "Kept", "OwnerId": LUIS, "Bridge_Key__c": PHONE, **more}]}
        )[name]
        effect = new_contact(with_lead=with_lead)
        assert outbound.deliver([delivery(effect)]) == [Done(vendor_ids={"id": known})]
        found = only(salesforce, name)
        assert (found["LastName"], found["OwnerId"], found["Phone"]) == ("Kept", LUIS, None)


def test_keys_that_differ_in_capitals_only_are_two_clients(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    """Ids of rooms and chats tell them apart, and nobody may see another's chat."""
    run = run_of(*(replace(new_contact(key), key=f"matrix:{key}") for key in ("!Ab", "!aB")))
    first, second = ids_of(outbound.deliver(run))
    assert first != second
    assert outbound.find(run) == [Found(vendor_ids={"id": one}) for one in (first, second)]
    other = delivery(replace(new_contact("r9"), key="matrix:!AB"))
    assert outbound.find([other]) == [Absent()]


def test_the_same_client_twice_in_one_run_is_made_once(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    found = ids_of(outbound.deliver(run_of(new_contact("r1"), new_contact("r2"))))
    assert found == [only(salesforce, "Contact")["Id"]] * 2


def test_a_converted_lead_that_bears_the_key_is_the_contact_he_became(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    (lead,) = ids_of(outbound.deliver([delivery(new_contact(with_lead=True))]))
    salesforce.post("convert", {"lead": lead})
    contact = only(salesforce, "Contact")["Id"]
    again = delivery(new_contact("r9", with_lead=True), "again")
    assert ids_of(outbound.deliver([again])) == [contact]


def test_two_hundred_clients_are_one_call(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    effects = [new_contact(f"r{n}", f"+3460000{n:04d}", with_lead=n % 2 == 0) for n in range(200)]
    found = ids_of(outbound.deliver(run_of(*effects)))
    assert len(set(found)) == 200
    assert salesforce.calls("composite/sobjects") == 1
    by_key = {r["Bridge_Key__c"]: r["Id"] for o in ("Lead", "Contact") for r in salesforce.held(o)}
    assert found == [by_key[effect.key] for effect in effects]


def test_a_broken_neighbour_stands_alone(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    bad = replace(new_contact("r2", "+34600000002"), owner=OLD)
    run = run_of(new_contact("r1"), bad, new_contact("r3", "+34600000003"))
    first, refused, third = outbound.deliver(run)
    assert isinstance(refused, Rejected)
    assert refused.reason == "owner_refused"
    assert "not active" in refused.detail
    assert len({*ids_of([first, third])}) == len(salesforce.held("Contact")) == 2


def test_a_deal_and_its_contact_are_one_call(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    contact, deal = ids_of(outbound.deliver(run_of(new_contact(), new_deal())))
    found = only(salesforce, "Opportunity")
    assert found["Id"] == deal
    names = ("Name", "StageName", "OwnerId", "CloseDate", "AccountId")
    assert [found[name] for name in names] == [
        "Luz Vega Paz",
        "Prospecting",
        ANA,
        "2026-12-22",
        None,
    ]
    role = only(salesforce, "OpportunityContactRole")
    assert (role["OpportunityId"], role["ContactId"], role["IsPrimary"]) == (deal, contact, True)
    assert salesforce.calls("composite") == 1


def test_a_deal_belongs_to_its_contacts_company_and_closes_when_the_option_says(
    salesforce: SalesforceSandbox,
) -> None:
    (company,) = salesforce.seed(Account=[{"Name": "Acme"}])["Account"]
    (contact,) = salesforce.seed(Contact=[{"LastName": "Paz", "AccountId": company}])["Contact"]
    outbound = with_options(salesforce, close_after_days="0")
    outbound.deliver([delivery(new_deal(), ids={"r1": contact})])
    found = only(salesforce, "Opportunity")
    assert (found["AccountId"], found["CloseDate"]) == (company, "2026-11-22")


def test_a_pipeline_that_is_a_record_type_is_one(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    (kind,) = salesforce.seed(RecordType=[{"Name": "New", "SobjectType": "Opportunity"}])[
        "RecordType"
    ]
    outbound.deliver(run_of(new_contact(), replace(new_deal(), pipeline=kind)))
    assert only(salesforce, "Opportunity")["RecordTypeId"] == kind


def test_a_deal_that_is_refused_takes_no_other_with_it(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    deals = [new_deal(f"d{n}") for n in range(14)]
    deals[3] = replace(deals[3], stage="Nowhere")
    deals[13] = replace(deals[13], owner=OLD)
    contact, *outcomes = outbound.deliver(run_of(new_contact(), *deals))
    refused = {n: one for n, one in enumerate(outcomes) if not isinstance(one, Done)}
    assert isinstance(refused[3], Rejected | RetryAt)
    assert isinstance(refused[13], Rejected)
    assert refused[13].reason == "owner_refused"
    assert len(refused) == 2
    assert len(salesforce.held("Opportunity")) == 12
    assert len(salesforce.held("OpportunityContactRole")) == 12
    assert isinstance(contact, Done)


def test_a_stage_that_is_none_is_told_after_another_look(outbound: SalesforceOutbound) -> None:
    (made,) = ids_of(outbound.deliver([delivery(new_contact())]))
    wrong = delivery(replace(new_deal(), stage="Nowhere"), ids={"r1": made}, attempt=3)
    (outcome,) = outbound.deliver([wrong])
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "value_refused"
    assert "routing.yaml" in outcome.detail


def test_a_deal_made_again_is_the_same_deal(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    first = ids_of(outbound.deliver(run_of(new_contact(), new_deal())))
    again = [delivery(new_deal(), "k1", ids={"r1": first[0]}, attempt=2)]
    assert ids_of(outbound.deliver(again)) == [first[1]]
    assert len(salesforce.held("OpportunityContactRole")) == 1


def test_a_deal_of_a_lead_waits_for_a_person_to_convert_him(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    (lead,) = ids_of(outbound.deliver([delivery(new_contact(with_lead=True))]))
    deal = delivery(new_deal(), "d", ids={"r1": lead})
    (outcome,) = outbound.deliver([deal])
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "lead_not_converted"
    salesforce.post("convert", {"lead": lead})
    (outcome,) = outbound.deliver([deal])
    assert isinstance(outcome, Done)
    assert (
        only(salesforce, "OpportunityContactRole")["ContactId"]
        == (only(salesforce, "Contact")["Id"])
    )


def test_a_contact_gets_no_second_self_as_a_lead(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    (contact,) = ids_of(outbound.deliver([delivery(new_contact())]))
    (outcome,) = outbound.deliver([delivery(new_lead(), ids={"r1": contact})])
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "contact_already"
    assert salesforce.held("Lead") == []


@pytest.mark.parametrize("effect", [new_lead(), new_deal()])
def test_nothing_is_made_for_a_client_who_is_gone(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, effect: Effect
) -> None:
    (contact,) = ids_of(outbound.deliver([delivery(new_contact())]))
    salesforce.post("delete", {"id": contact})
    (outcome,) = outbound.deliver([delivery(effect, ids={"r1": contact})])
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "record_missing"
    assert salesforce.held("Opportunity") == salesforce.held("Lead") == []


def test_owners_of_all_kinds_are_changed_in_one_call(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    contact, deal = ids_of(outbound.deliver(run_of(new_contact(), new_deal())))
    (lead,) = ids_of(outbound.deliver([delivery(new_contact("r2", "+2", with_lead=True))]))
    before = salesforce.calls("composite/sobjects")
    ids = {"r1": contact, "d1": deal, "l1": lead, "r2": lead}
    changes = (
        owner_change(),
        owner_change(RecordKind.DEAL, "d1"),
        owner_change(RecordKind.CONTACT, "r2"),
        owner_change(RecordKind.LEAD, "l1"),
    )
    run = [delivery(change, f"o{n}", ids) for n, change in enumerate(changes)]
    assert outbound.deliver(run) == [Done()] * 4
    owners = {only(salesforce, name)["OwnerId"] for name in ("Contact", "Opportunity", "Lead")}
    assert owners == {LUIS}
    assert salesforce.calls("composite/sobjects") == before + 1


def test_the_last_of_several_owners_stays(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    (contact,) = ids_of(outbound.deliver([delivery(new_contact())]))
    changes = [replace(owner_change(), owner=owner) for owner in (LUIS, ANA, LUIS, ANA)]
    run = [delivery(change, f"o{n}", {"r1": contact}) for n, change in enumerate(changes)]
    assert outbound.deliver(run) == [Done()] * 4
    assert only(salesforce, "Contact")["OwnerId"] == ANA


def test_a_queue_may_own_a_lead_and_no_contact(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    lead, contact = ids_of(
        outbound.deliver(run_of(new_contact(with_lead=True), new_contact("r2", "+2")))
    )
    ids = {"r1": lead, "r2": contact}
    run = [
        delivery(replace(owner_change(record=one), owner=QUEUE), one, ids) for one in ("r1", "r2")
    ]
    done, refused = outbound.deliver(run)
    assert done == Done()
    assert only(salesforce, "Lead")["OwnerId"] == QUEUE
    assert isinstance(refused, Rejected)
    assert refused.reason == "owner_refused"
    assert only(salesforce, "Contact")["OwnerId"] == ANA


def test_the_owner_of_a_converted_lead_is_the_owner_of_his_contact(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    (lead,) = ids_of(outbound.deliver([delivery(new_contact(with_lead=True))]))
    salesforce.post("convert", {"lead": lead})
    run = [delivery(owner_change(), ids={"r1": lead})]
    assert outbound.deliver(run) == [Done()]
    assert only(salesforce, "Contact")["OwnerId"] == LUIS
    assert only(salesforce, "Lead")["OwnerId"] == ANA


def test_a_client_without_an_owner_falls_to_whom_the_bridge_works_as(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    outbound.deliver([delivery(replace(new_contact(), owner=None))])
    assert only(salesforce, "Contact")["OwnerId"] == INTEGRATION_USER


def test_what_builds_on_something_refused_is_refused(outbound: SalesforceOutbound) -> None:
    bad = replace(new_contact(), owner=OLD)
    run = run_of(bad, new_deal(), new_lead(), entry(deal="d1"), owner_change())
    outcomes = outbound.deliver(run)
    assert all(isinstance(one, Rejected) for one in outcomes)
    assert [one.reason for one in outcomes if isinstance(one, Rejected)][1:] == [
        "record_missing"
    ] * 4


def test_records_of_another_sort_than_ids_never_enter_an_address(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    for odd in ("//evil.example/x", "../../Account/001", "00Q/x", "x' OR Id != '"):
        ids = {"r1": odd, "d1": odd, "l1": odd, "m1": odd}
        effects: tuple[Effect, ...] = (
            new_deal(),
            new_lead("l9"),
            owner_change(),
            entry(deal="d1", lead="l1"),
        )
        run = [delivery(one, f"k{n}", ids) for n, one in enumerate(effects)]
        assert all(isinstance(one, Rejected) for one in outbound.deliver(run))
    assert not any(
        word in line for line in salesforce.state()["calls"] for word in ("evil", "Account")
    )


@pytest.mark.parametrize(
    ("option", "value"),
    [("on_duplicate", "merge"), ("close_after_days", "soon"), ("close_after_days", "-1")],
)
def test_an_option_that_can_not_be_meant_stops_the_start(option: str, value: str) -> None:
    with pytest.raises(ConfigError, match=option):
        SalesforceOutbound(account(options={option: value}))


def test_what_a_run_costs() -> None:
    assert calls_of(run_of(new_contact(), new_contact("r2"))) == 1
    assert calls_of(run_of(new_contact(), new_deal())) == 3
    assert calls_of(run_of(*(new_deal(f"d{n}") for n in range(13)))) == 3
    assert calls_of([delivery(entry(), ids={"r1": "00Q5g0000000001EAA"})]) == 2
    assert calls_of(()) == 0
    assert len(DELIVERS) == 10
