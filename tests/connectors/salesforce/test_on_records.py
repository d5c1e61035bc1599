"""Owners, fields, tasks and notes on records by Salesforce's own ids, each once."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bridge.domain.effects import AssignRecord, CreateTask, SetProperty, WriteNote
from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind
from bridge.ports import Absent, Done, Found, Rejected, RetryAt, Unknown
from connectors.salesforce.lookup import record_key
from connectors.salesforce.outbound import SalesforceOutbound
from connectors.salesforce.sandbox_org import INTEGRATION_USER
from tests.connectors.salesforce.building import (
    ANA,
    LUIS,
    NOW,
    OLD,
    QUEUE,
    account,
    delivery,
    run_of,
)
from tests.connectors.salesforce.conftest import SalesforceSandbox

LEAD, CONTACT, COMPANY, DEAL, CONTRACT = (
    CrmId(one)
    for one in (
        "00Q5g00000Lead1EAB",
        "0035g00000Cont1AAB",
        "0015g00000Acco1AAB",
        "0065g00000Oppo1AAB",
        "8005g00000Cntr1AAB",
    )
)
PARTNER = CrmId("0055g00000Part1AAB")


@pytest.fixture
def org(salesforce: SalesforceSandbox) -> SalesforceSandbox:
    """A lead, a contact of a company, a deal and a contract; a partner user; a rule of the org that
    takes every lead for Luis."""
    salesforce.seed(
        Account=[{"Id": COMPANY, "Name": "Acme", "OwnerId": ANA, "IsPartner": True}],
        Contact=[{"Id": CONTACT, "LastName": "Paz", "AccountId": COMPANY}],
        Lead=[{"Id": LEAD, "LastName": "Vega", "Company": "Vega SA", "OwnerId": ANA}],
        Opportunity=[
            {"Id": DEAL, "Name": "R", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
        ],
        Contract=[{"Id": CONTRACT, "AccountId": COMPANY, "Name": "Plan"}],
        User=[{"Id": PARTNER, "LastName": "Pía", "Email": "pia@partner.example"}],
    )
    salesforce.settings(assignment_rule_owner=LUIS)
    return salesforce


@pytest.fixture
def outbound(org: SalesforceSandbox) -> SalesforceOutbound:
    return SalesforceOutbound(account(org.url))


def assign(owner: CrmId, kind: CrmKind = CrmKind.LEAD, record: CrmId = LEAD) -> AssignRecord:
    return AssignRecord(kind=kind, record=record, owner=owner, to_queue=owner == QUEUE)


def prop(name: str, value: str) -> SetProperty:
    return SetProperty(kind=CrmKind.LEAD, record=LEAD, name=name, value=value)


def task(kind: CrmKind = CrmKind.COMPANY, record: CrmId = COMPANY, **more: Any) -> CreateTask:
    given = {"subject": "Renew Acme", "text": "Ends soon.\nCall them.", "owner": ANA, **more}
    return CreateTask(kind=kind, record=record, due=date(2026, 12, 24), **given)


def note(kind: CrmKind = CrmKind.COMPANY, record: CrmId = COMPANY) -> WriteNote:
    return WriteNote(
        kind=kind, record=record, subject="Few units left", text="5 of 100", occurred_at=NOW
    )


@pytest.mark.parametrize("owner", [PARTNER, QUEUE])
def test_px_01_a_lead_stays_where_the_bridge_puts_it(
    org: SalesforceSandbox, outbound: SalesforceOutbound, owner: CrmId
) -> None:
    """PX-01, PRM-11, PRM-12: the org's active assignment rule would give it to Luis."""
    assert outbound.deliver([delivery(assign(owner))]) == [Done(vendor_ids={})]
    (lead,) = org.held("Lead")
    assert lead["OwnerId"] == owner


def test_the_rule_of_the_org_does_take_leads_from_whoever_does_not_say_so(
    org: SalesforceSandbox,
) -> None:
    org.call("PATCH", f"/sobjects/Lead/{LEAD}", {"OwnerId": PARTNER})
    assert [one["OwnerId"] for one in org.held("Lead")] == [LUIS]


def test_px_01_a_property_is_set_without_moving_the_lead(
    org: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    run = run_of(
        prop("Rating", "Hot"),
        prop("Industry", ""),
    )
    assert outbound.deliver(run) == [Done(vendor_ids={})] * 2
    (lead,) = org.held("Lead")
    assert (lead["Rating"], lead["Industry"], lead["OwnerId"]) == ("Hot", None, ANA)


def test_of_one_record_the_last_owner_holds(
    org: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    outbound.deliver(run_of(assign(PARTNER), assign(QUEUE), assign(LUIS), assign(PARTNER)))
    assert [one["OwnerId"] for one in org.held("Lead")] == [PARTNER]


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        (assign(OLD), "owner_refused"),
        (assign(QUEUE, CrmKind.CONTRACT, CONTRACT), "owner_refused"),
        (assign(ANA, CrmKind.PARTNER_CLIENT, CrmId("1")), "kind_unknown"),
        (assign(ANA, record=CrmId("00Q5g00000Gone1EAB")), "record_missing"),
        (prop("No__c", "1"), "field_missing"),
        (prop("OwnerId", ANA), "property_refused"),
        (prop("a b", "1"), "property_refused"),
        (task(owner=OLD), "owner_refused"),
        (task(CrmKind.PARTNER_CLIENT, CrmId("1")), "kind_unknown"),
        (note(CrmKind.COMPANY, CrmId("0015g00000Gone1AAB")), "record_missing"),
    ],
)
def test_what_salesforce_does_not_take_is_refused_with_its_reason(
    outbound: SalesforceOutbound, effect: AssignRecord, reason: str
) -> None:
    (outcome,) = outbound.deliver([delivery(effect)])
    assert isinstance(outcome, Rejected)
    assert outcome.reason == reason


def test_one_that_is_refused_does_not_keep_the_others_back(
    org: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    """PRM-25: each has its own result."""
    bad = assign(PARTNER, record=CrmId("00Q5g00000Gone1EAB"))
    first, second = outbound.deliver(run_of(bad, assign(PARTNER)))
    assert isinstance(first, Rejected)
    assert isinstance(second, Done)
    assert org.calls("/composite/sobjects") == 1


@pytest.mark.parametrize(
    ("kind", "record", "field"),
    [
        (CrmKind.COMPANY, COMPANY, "WhatId"),
        (CrmKind.DEAL, DEAL, "WhatId"),
        (CrmKind.CONTRACT, CONTRACT, "WhatId"),
        (CrmKind.CONTACT, CONTACT, "WhoId"),
        (CrmKind.LEAD, LEAD, "WhoId"),
    ],
)
def test_a_task_is_open_on_its_record_for_its_owner(
    org: SalesforceSandbox, outbound: SalesforceOutbound, kind: CrmKind, record: CrmId, field: str
) -> None:
    (outcome,) = outbound.deliver([delivery(task(kind, record))])
    (made,) = org.held("Task")
    assert outcome == Done(vendor_ids={"id": made["Id"]})
    assert (made[field], made["OwnerId"], made["IsClosed"]) == (record, ANA, False)
    assert (made["Subject"], made["ActivityDate"]) == ("Renew Acme", "2026-12-24")
    assert made["Description"] == "Ends soon.\nCall them."


def test_a_note_is_a_closed_task(org: SalesforceSandbox, outbound: SalesforceOutbound) -> None:
    (outcome,) = outbound.deliver([delivery(note())])
    (made,) = org.held("Task")
    assert outcome == Done(vendor_ids={"id": made["Id"]})
    assert (made["WhatId"], made["IsClosed"], made["OwnerId"]) == (COMPANY, True, INTEGRATION_USER)
    assert (made["Subject"], made["Description"]) == ("Few units left", "5 of 100")


def test_an_author_who_has_left_does_not_keep_a_note_back(
    org: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    (outcome,) = outbound.deliver([delivery(replace(note(), author=OLD))])
    assert isinstance(outcome, Done)
    assert [one["OwnerId"] for one in org.held("Task")] == [INTEGRATION_USER]


@pytest.mark.parametrize("effect", [task(), note()])
def test_delivered_twice_it_is_there_once(
    org: SalesforceSandbox, outbound: SalesforceOutbound, effect: CreateTask
) -> None:
    """R3: under one idempotency key."""
    first, second = (outbound.deliver([delivery(effect)])[0] for _ in range(2))
    assert first == second
    assert len(org.held("Task")) == 1


@pytest.mark.parametrize("effect", [task(), note()])
def test_what_came_of_a_lost_answer_is_found_by_its_key(
    org: SalesforceSandbox, outbound: SalesforceOutbound, effect: CreateTask
) -> None:
    assert outbound.find([delivery(effect)]) == [Absent()]
    org.told("500_after", "composite/sobjects", times=1)
    (lost,) = outbound.deliver([delivery(effect)])
    assert isinstance(lost, Unknown)
    (made,) = org.held("Task")
    assert made["Bridge_Message_Key__c"] == record_key("k1")
    assert outbound.find([delivery(effect)]) == [Found(vendor_ids={"id": made["Id"]})]


def test_an_owner_may_be_set_again_after_a_lost_answer(outbound: SalesforceOutbound) -> None:
    asked = run_of(assign(PARTNER), prop("x", ""))
    assert outbound.find(asked) == [Absent(), Absent()]


def test_a_converted_lead_is_nobodys_and_its_notes_go_to_the_contact(
    org: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    became = org.post("convert", {"lead": LEAD})
    moved, told = outbound.deliver(run_of(assign(PARTNER), note(CrmKind.LEAD, LEAD)))
    assert isinstance(moved, Rejected)
    assert moved.reason == "record_converted"
    assert isinstance(told, Done)
    assert [one["WhoId"] for one in org.held("Task")] == [became["Contact"]]


def test_a_locked_record_is_tried_again(
    org: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    org.post("lock", {"id": LEAD})
    first, second = (outbound.deliver([delivery(assign(PARTNER))])[0] for _ in range(2))
    assert isinstance(first, RetryAt)
    assert isinstance(second, Done)
