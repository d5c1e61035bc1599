"""R8: what was sent without an answer is found by our keys, or surely not there."""

from dataclasses import replace

import pytest
import requests

from bridge.domain.effects import ChangeOwner, Effect, SendMessage, UpdateTimelineEntry
from bridge.domain.messaging import Messenger
from bridge.domain.names import MessageId, RecordId
from bridge.domain.records import RecordKind
from bridge.ports import Absent, CannotTell, Delivery, Found, Unknown
from connectors.salesforce.outbound import SalesforceOutbound
from tests.connectors.salesforce.building import (
    LUIS,
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


@pytest.fixture
def outbound(salesforce: SalesforceSandbox) -> SalesforceOutbound:
    return SalesforceOutbound(account(salesforce.url))


def everything(ids: dict[str, str]) -> list[Delivery]:
    effects: tuple[Effect, ...] = (
        new_contact("r8", "+34600000008"),
        new_contact("r9", "+34600000009", with_lead=True),
        new_deal("d9"),
        entry("m9"),
    )
    return [delivery(one, f"k{n}", ids) for n, one in enumerate(effects)]


def test_what_is_not_there_is_absent(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    ids = dict(zip(["r1"], ids_of(outbound.deliver([delivery(new_contact())])), strict=True))
    assert outbound.find(everything(ids)) == [Absent()] * 4


def test_what_was_done_before_the_answer_got_lost_is_found(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    ids = dict(zip(["r1"], ids_of(outbound.deliver([delivery(new_contact())])), strict=True))
    run = everything(ids)
    salesforce.told("500_after", "POST /services/data/v62.0/composite")
    assert all(isinstance(one, Unknown) for one in outbound.deliver(run))
    requests.delete(f"{salesforce.url}/_sandbox/faults", timeout=60).raise_for_status()
    found = outbound.find(run)
    assert all(isinstance(one, Found) for one in found)
    assert [one.vendor_ids["id"] for one in found if isinstance(one, Found)] == [
        salesforce.held("Contact")[1]["Id"],
        salesforce.held("Lead")[0]["Id"],
        salesforce.held("Opportunity")[0]["Id"],
        salesforce.held("Task")[0]["Id"],
    ]
    assert ids_of(outbound.deliver(run)) == [
        one.vendor_ids["id"] for one in found if isinstance(one, Found)
    ]


def test_a_lead_that_was_converted_meanwhile_is_found_as_his_contact(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    run = [delivery(new_contact(with_lead=True))]
    (lead,) = ids_of(outbound.deliver(run))
    made = salesforce.post("convert", {"lead": lead})
    assert outbound.find(run) == [Found(vendor_ids={"id": made["Contact"]})]


def test_an_entry_that_lacks_one_of_its_tasks_is_written_again_and_not_doubled(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    made = ids_of(outbound.deliver(run_of(new_contact(), new_deal(), new_deal("d2"))))
    ids = dict(zip(("r1", "d1", "d2"), made, strict=True))
    both = entry(deal="d1")
    both = replace(both, records=(*both.records, (RecordKind.DEAL, RecordId("d2"))))
    run = [delivery(both, ids=ids)]
    (first,) = ids_of(outbound.deliver(run))
    assert outbound.find(run) == [Found(vendor_ids={"id": first})]
    salesforce.post("delete", {"id": first.split(",")[1]})
    assert outbound.find(run) == [Absent()]
    outbound.deliver(run)
    assert len(salesforce.held("Task")) == 2


def test_an_entry_that_somebody_deleted_is_absent_though_its_id_is_known(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    """As a comparison asks, which gives the entry's own id as well."""
    ids = dict(zip(("r1",), ids_of(outbound.deliver(run_of(new_contact()))), strict=True))
    run = [delivery(entry(), ids=ids)]
    (made,) = ids_of(outbound.deliver(run))
    again = [delivery(entry(), ids={**ids, "m1": made})]
    assert outbound.find(again) == [Found(vendor_ids={"id": made})]
    salesforce.post("delete", {"id": made})
    assert outbound.find(again) == [Absent()]


def test_an_entry_of_no_known_record_can_not_be_told(outbound: SalesforceOutbound) -> None:
    (answer,) = outbound.find([delivery(entry())])
    assert isinstance(answer, CannotTell)


def test_what_says_how_things_shall_be_may_be_said_again(outbound: SalesforceOutbound) -> None:
    change = ChangeOwner(kind=RecordKind.CONTACT, record=RecordId("r1"), owner=LUIS)
    edit = UpdateTimelineEntry(message=MessageId("m1"), entry=entry(), note="edited")
    run = run_of(change, edit, new_lead())
    assert outbound.find(run) == [Absent()] * 3


def test_what_is_not_for_a_crm_can_not_be_told(outbound: SalesforceOutbound) -> None:
    send = SendMessage(
        message=MessageId("m1"),
        key="k",
        channel_id="c",
        messenger=Messenger.SMS,
        chat_id="1",
        text="x",
    )
    (answer,) = outbound.find([delivery(send)])
    assert isinstance(answer, CannotTell)


@pytest.mark.parametrize("fault", ["500", "reset", "html", "403_quota", "401"])
def test_while_it_can_not_be_asked_nothing_is_told(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, fault: str
) -> None:
    salesforce.told(fault, "GET /services/data/v62.0/query/")
    run = [
        delivery(new_contact()),
        delivery(new_deal(), "d"),
        delivery(entry(), "e", {"r1": "003"}),
    ]
    assert all(isinstance(one, CannotTell) for one in outbound.find(run))


def test_without_our_fields_nothing_is_told(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    salesforce.settings(missing_fields=["Contact.Bridge_Key__c"])
    (answer,) = outbound.find([delivery(new_contact())])
    assert isinstance(answer, CannotTell)


def test_a_thousand_keys_are_asked_for_in_addresses_that_salesforce_takes(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    contacts = [
        replace(new_contact(f"r{n}"), key=f"telegram:bot:{'9' * 40}{n}") for n in range(200)
    ]
    run = run_of(*contacts)
    assert outbound.find(run) == [Absent()] * 200
    ids = ids_of(outbound.deliver(run))
    assert [one.vendor_ids["id"] for one in outbound.find(run) if isinstance(one, Found)] == ids
