"""Duplicate rules of the org: answered as the option `on_duplicate` says."""

from typing import Any

import pytest

from bridge.ports import Done, Outcome, Rejected
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.contacts import People
from connectors.salesforce.outbound import SalesforceOutbound
from connectors.salesforce.results import RecordAnswer
from connectors.salesforce.settings import Settings
from connectors.salesforce.work import Work
from tests.connectors.salesforce.building import (
    LUIS,
    account,
    delivery,
    ids_of,
    new_contact,
    new_deal,
    new_lead,
    run_of,
)
from tests.connectors.salesforce.conftest import SalesforceSandbox

WRITTEN = "(+34) 600 000 001"  # the phone of new_contact, as people write it


def outbound(salesforce: SalesforceSandbox, **options: str) -> SalesforceOutbound:
    return SalesforceOutbound(account(salesforce.url, options))


def known(salesforce: SalesforceSandbox, name: str = "Contact", **fields: Any) -> str:
    """Somebody with the same phone, whom no key of ours names."""
    more = {"Company": "Acme"} if name == "Lead" else {}
    record = {"LastName": "Vega", "Phone": WRITTEN, "OwnerId": LUIS, **more, **fields}
    (made,) = salesforce.seed(**{name: [record]})[name]
    return made


def rules(salesforce: SalesforceSandbox, contact: str = "block", lead: str = "block") -> None:
    salesforce.settings(duplicate_rules={"Contact": contact, "Lead": lead})


def tried(salesforce: SalesforceSandbox, *, with_lead: bool = False, **options: str) -> Outcome:
    run = [delivery(new_contact(with_lead=with_lead))]
    (outcome,) = outbound(salesforce, **options).deliver(run)
    return outcome


@pytest.mark.parametrize("rule", ["block", "alert"])
@pytest.mark.parametrize("name", ["Contact", "Lead"])
def test_by_default_the_record_found_is_the_clients(
    salesforce: SalesforceSandbox, name: str, rule: str
) -> None:
    rules(salesforce, rule, rule)
    there = known(salesforce, name)
    outcome = tried(salesforce, with_lead=name == "Lead")
    assert outcome == Done(vendor_ids={"id": there})
    (record,) = salesforce.held(name)
    assert (record["LastName"], record["OwnerId"]) == ("Vega", LUIS)


def test_who_was_found_bears_our_key_from_then_on(salesforce: SalesforceSandbox) -> None:
    rules(salesforce)
    there = known(salesforce)
    tried(salesforce)
    assert salesforce.held("Contact")[0]["Bridge_Key__c"] == new_contact().key
    singles = salesforce.calls("sobjects/Contact/")
    assert tried(salesforce) == Done(vendor_ids={"id": there})
    assert salesforce.calls("sobjects/Contact/") == singles


def test_a_key_of_somebody_else_is_never_taken_away(salesforce: SalesforceSandbox) -> None:
    rules(salesforce)
    there = known(salesforce, Bridge_Key__c="another chat")
    assert tried(salesforce) == Done(vendor_ids={"id": there})
    assert salesforce.held("Contact")[0]["Bridge_Key__c"] == "another chat"


@pytest.mark.parametrize("with_lead", [True, False])
def test_of_several_one_of_the_same_object_is_taken(
    salesforce: SalesforceSandbox, with_lead: bool
) -> None:
    rules(salesforce)
    there = {True: known(salesforce, "Lead"), False: known(salesforce)}
    assert tried(salesforce, with_lead=with_lead) == Done(vendor_ids={"id": there[with_lead]})


def test_a_contact_found_for_a_lead_stays_a_contact(salesforce: SalesforceSandbox) -> None:
    rules(salesforce)
    there = known(salesforce)
    run = run_of(new_contact(with_lead=True), new_lead())
    first, second = outbound(salesforce).deliver(run)
    assert first == Done(vendor_ids={"id": there})
    assert isinstance(second, Rejected)
    assert second.reason == "contact_already"


def test_what_follows_stands_on_who_was_found(salesforce: SalesforceSandbox) -> None:
    rules(salesforce)
    there = known(salesforce)
    outbound(salesforce).deliver(run_of(new_contact(), new_deal()))
    assert salesforce.held("OpportunityContactRole")[0]["ContactId"] == there


def test_allow_makes_him_where_the_rule_lets_it_pass(salesforce: SalesforceSandbox) -> None:
    rules(salesforce, "alert")
    there = known(salesforce)
    outcome = tried(salesforce, on_duplicate="allow")
    assert isinstance(outcome, Done)
    assert outcome.vendor_ids["id"] != there
    assert len(salesforce.held("Contact")) == 2


@pytest.mark.parametrize("option", ["allow", "fail"])
def test_else_a_person_decides(salesforce: SalesforceSandbox, option: str) -> None:
    rules(salesforce)
    known(salesforce)
    outcome = tried(salesforce, on_duplicate=option)
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "duplicate"
    assert "on_duplicate" in outcome.detail
    assert "600" not in outcome.detail
    assert len(salesforce.held("Contact")) == 1


def test_our_key_goes_before_any_rule(salesforce: SalesforceSandbox) -> None:
    rules(salesforce)
    known(salesforce)
    (ours,) = salesforce.seed(Contact=[{"LastName": "Ours", "Bridge_Key__c": new_contact().key}])[
        "Contact"
    ]
    assert tried(salesforce) == Done(vendor_ids={"id": ours})


def test_neighbours_are_made_in_the_same_call(salesforce: SalesforceSandbox) -> None:
    rules(salesforce)
    there = known(salesforce)
    others = [new_contact(f"r{n}", f"+3470000{n:04d}") for n in range(2, 5)]
    found = ids_of(outbound(salesforce).deliver(run_of(others[0], new_contact(), *others[1:])))
    assert found[1] == there
    assert len(set(found)) == len(salesforce.held("Contact")) == 4


def test_a_rule_that_no_more_applies_lets_him_be_made(salesforce: SalesforceSandbox) -> None:
    """The single call that asks which record it is may make him."""

    class Late(SalesforceClient):
        """Its collections still know the rule."""

        def collections(self, *args: Any, **options: Any) -> list[RecordAnswer]:
            said = SalesforceRefused("duplicates", status=200, code="DUPLICATES_DETECTED")
            return [RecordAnswer(error=said)]

    work = Work([delivery(new_contact())])
    People(Late(account(salesforce.url)), Settings()).create_contacts(work)
    assert ids_of(work.outcomes()) == [salesforce.held("Contact")[0]["Id"]]


def test_while_the_record_found_can_not_be_read_nothing_is_said(
    salesforce: SalesforceSandbox,
) -> None:
    rules(salesforce)
    known(salesforce)
    salesforce.told("500", "GET .*/query/")
    assert not isinstance(tried(salesforce), Done | Rejected)
