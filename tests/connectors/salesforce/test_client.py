"""The door to Salesforce: tokens that end, headers that stay, errors by their codes, no way out."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.domain.errors import (
    BridgeError,
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
)
from bridge.ports import Account
from connectors.salesforce.answers import SalesforceRefused, Usage
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.sandbox_org import INTEGRATION_USER
from tests.connectors.salesforce.building import ANA, LUIS, QUEUE, account
from tests.connectors.salesforce.conftest import SalesforceSandbox

ORG = "https://acme.my.salesforce.com"
DATA = f"{ORG}/services/data/v62.0"
PHONE = "+34600000001"
LEAD_ID = "00Q5g00000PiaAAEAZ"
OWNER_IS_OURS = {"Sforce-Auto-Assign": "FALSE"}
NEW_LEAD = {"LastName": "Vega", "Company": "-", "OwnerId": ANA, "Bridge_Key__c": "k1"}


@pytest.fixture
def client(at_sandbox: Account) -> SalesforceClient:
    return SalesforceClient(at_sandbox)


def leads(org: SalesforceSandbox) -> list[tuple[Any, Any]]:
    return [(one["LastName"], one["OwnerId"]) for one in org.held("Lead")]


def sign_ins(org: SalesforceSandbox) -> int:
    done: int = org.state()["logins"]["done"]
    return done


def test_one_sign_in_is_enough_for_many_calls(
    salesforce: SalesforceSandbox, client: SalesforceClient
) -> None:
    made = client.create("Lead", NEW_LEAD, OWNER_IS_OURS)
    assert made.created
    assert [one["Id"] for one in client.query("SELECT Id FROM Lead")] == [made.id]
    client.update("Lead", made.id, {"LastName": "Paz"})
    assert (leads(salesforce), sign_ins(salesforce)) == ([("Paz", ANA)], 1)


def test_an_upsert_says_whether_it_made_or_changed(
    salesforce: SalesforceSandbox, client: SalesforceClient
) -> None:
    key = "a/b?c d#+é"
    fields = {"LastName": "Vega", "Company": "-"}
    first = client.upsert("Lead", "Bridge_Key__c", key, fields)
    again = client.upsert("Lead", "Bridge_Key__c", key, {"LastName": "Paz"})
    assert (first.id, first.created, again.created) == (again.id, True, False)
    (held,) = salesforce.held("Lead")
    assert (held["Bridge_Key__c"], held["LastName"]) == (key, "Paz")


def test_a_token_that_ends_is_replaced_and_the_call_keeps_its_headers(
    salesforce: SalesforceSandbox, client: SalesforceClient
) -> None:
    """Without its header the lead would go to whom the org's own assignment rule names (PX-01)."""
    salesforce.settings(assignment_rule_owner=QUEUE)
    for number in range(4):
        salesforce.post("expire")
        client.create("Lead", {**NEW_LEAD, "Bridge_Key__c": f"k{number}"}, OWNER_IS_OURS)
    assert leads(salesforce) == [("Vega", ANA)] * 4
    assert sign_ins(salesforce) == 4
    client.create("Lead", {**NEW_LEAD, "Bridge_Key__c": "k5"})
    assert leads(salesforce)[-1] == ("Vega", QUEUE)


def test_a_token_that_ends_between_two_pages_is_replaced(
    salesforce: SalesforceSandbox, client: SalesforceClient
) -> None:
    people = [{"LastName": f"L{n}", "OwnerId": ANA} for n in range(500)]
    salesforce.seed(Contact=people)
    salesforce.settings(page_size=200, token_calls=1)
    assert len(client.query("SELECT Id FROM Contact")) == 500
    assert sign_ins(salesforce) == 3


def test_a_token_that_is_dead_for_good_ends_after_one_more_sign_in(
    salesforce: SalesforceSandbox, client: SalesforceClient
) -> None:
    client.query("SELECT Id FROM Lead")
    salesforce.settings(refuse_tokens=True)
    with pytest.raises(CredentialsInvalid, match="a token just signed in for is refused"):
        client.create("Lead", NEW_LEAD)
    assert sign_ins(salesforce) == 2
    assert salesforce.calls("/sobjects/Lead/") == 2


def test_a_page_in_place_of_a_refused_token_is_a_refused_token(
    salesforce: SalesforceSandbox, client: SalesforceClient
) -> None:
    client.query("SELECT Id FROM Lead")
    salesforce.told("401", "/sobjects/", times=1)
    assert client.create("Lead", NEW_LEAD).created


def test_collections_answer_for_each_record(
    salesforce: SalesforceSandbox, client: SalesforceClient
) -> None:
    records = [
        {"attributes": {"type": "Lead"}, **NEW_LEAD},
        {"attributes": {"type": "Lead"}, "Company": "-"},
        {"attributes": {"type": "Contact"}, "LastName": "Paz", "OwnerId": LUIS},
    ]
    good, bad, other = client.collections("POST", records, OWNER_IS_OURS)
    assert (good.error, other.error) == (None, None)
    assert good.id.startswith("00Q")
    assert other.id.startswith("003")
    assert isinstance(bad.error, SalesforceRefused)
    assert (bad.error.code, bad.error.fields) == ("REQUIRED_FIELD_MISSING", ("LastName",))
    (changed,) = client.collections(
        "PATCH",
        [{"attributes": {"type": "Lead"}, "Bridge_Key__c": "k1", "LastName": "Sol"}],
        upsert=("Lead", "Bridge_Key__c"),
    )
    assert (changed.id, changed.created) == (good.id, False)
    assert leads(salesforce) == [("Sol", ANA)]


def test_a_composite_call_answers_for_each_part(
    salesforce: SalesforceSandbox, client: SalesforceClient
) -> None:
    person = {"LastName": "Vega"}
    deal = {"Name": "Luz", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
    parts = [
        {
            "method": "POST",
            "url": "sobjects/Contact/",
            "referenceId": "c",
            "body": person,
        },
        {"method": "POST", "url": "sobjects/Opportunity/", "referenceId": "o", "body": deal},
        {
            "method": "POST",
            "url": "sobjects/OpportunityContactRole/",
            "referenceId": "r",
            "body": {"OpportunityId": "@{o.id}", "ContactId": "@{c.id}"},
        },
    ]
    assert [one.error for one in client.composite(parts)] == [None] * 3
    (role,) = salesforce.held("OpportunityContactRole")
    assert role["ContactId"] == salesforce.held("Contact")[0]["Id"]
    broken = [parts[0], {**parts[1], "body": {"Name": "x"}}, parts[2]]
    halted, refused, after = client.composite(broken)
    assert isinstance(refused.error, SalesforceRefused)
    assert refused.error.code == "REQUIRED_FIELD_MISSING"
    assert {type(halted.error), type(after.error)} == {DeliveryTransient}
    assert len(salesforce.held("Opportunity")) == 1


def test_the_calls_that_are_left_are_known(
    salesforce: SalesforceSandbox, client: SalesforceClient
) -> None:
    assert client.limits is None
    client.query("SELECT Id FROM Lead")
    assert client.limits == Usage(used=1, allowed=100_000)
    assert client.user_info().at("user_id").text() == INTEGRATION_USER


def test_a_call_that_is_another_worker_s_by_now_is_not_made(
    salesforce: SalesforceSandbox, client: SalesforceClient
) -> None:
    client.query("SELECT Id FROM Lead")
    answers = [True, False]
    ours = client.while_ours(lambda: answers.pop(0))
    salesforce.told("401", "/sobjects/", times=1)
    with pytest.raises(DeliveryTransient, match="another worker's"):
        ours.create("Lead", NEW_LEAD)
    assert (answers, leads(salesforce)) == ([], [])
    assert ours.query("SELECT Id FROM Lead") == []
    assert client.create("Lead", NEW_LEAD).created


def test_a_record_of_an_odd_id_is_not_asked_for(
    salesforce: SalesforceSandbox, client: SalesforceClient
) -> None:
    for odd in ("//evil.example/x", "https://evil.example", "00Q/../../Account/001", "x" * 16):
        with pytest.raises(DeliveryRejected, match="not a record id"):
            client.update("Lead", odd, {})
    for name in ("Lead/../User", "Lead?x", "", "//evil"):
        with pytest.raises(ValueError, match="not the name"):
            client.create(name, {})
    assert salesforce.state()["calls_today"] == 0


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("500", OutcomeUnknown),
        ("500_after", OutcomeUnknown),
        ("reset", OutcomeUnknown),
        ("reset_after", OutcomeUnknown),
        ("html", OutcomeUnknown),
        ("html_after", OutcomeUnknown),
        ("429", DeliveryTransient),
        ("403_quota", DeliveryTransient),
    ],
)
def test_what_becomes_of_a_write_that_fails(
    salesforce: SalesforceSandbox, client: SalesforceClient, fault: str, error: type[BridgeError]
) -> None:
    salesforce.told(fault, "/sobjects/")
    with pytest.raises(error):
        client.create("Lead", NEW_LEAD)
    assert len(leads(salesforce)) == fault.endswith("_after")


def test_no_call_waits_for_ever(salesforce: SalesforceSandbox, at_sandbox: Account) -> None:
    SalesforceClient(at_sandbox).query("SELECT Id FROM Lead")
    options = {**at_sandbox.options, "call_timeout_seconds": "0.2"}
    impatient = SalesforceClient(
        replace(at_sandbox, options=options)
    )  # with the token that is there
    salesforce.told("timeout_after", "/sobjects/", seconds=2)
    with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
        impatient.create("Lead", NEW_LEAD)
    salesforce.told("delay", "oauth2/token", seconds=2)
    salesforce.post("expire")
    with pytest.raises(DeliveryTransient, match="ReadTimeout"):
        impatient.query("SELECT Id FROM Lead")


def test_where_nobody_answers_nothing_was_done() -> None:
    client = SalesforceClient(account("http://127.0.0.1:1"))
    with pytest.raises(DeliveryTransient, match="no connection") as raised:
        client.create("Lead", NEW_LEAD)
    assert raised.value.account_wide
