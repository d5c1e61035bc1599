"""Owners, properties, tasks and notes on records by HubSpot's own ids, each once."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bridge.domain.effects import AssignRecord, CreateTask, SetProperty, WriteNote
from bridge.domain.errors import DeliveryRejected
from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind
from bridge.ports import Absent, Done, Found, Rejected, Unknown
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.outbound import HubSpotOutbound, calls_of
from tests.connectors.hubspot.building import ANA, LUIS, NOW, account, delivery, run_of
from tests.connectors.hubspot.conftest import HubSpotSandbox

CONTACT, COMPANY, DEAL, LEAD, CLIENT = (CrmId(one) for one in ("21", "22", "23", "24", "25"))


@pytest.fixture
def crm(hubspot: HubSpotSandbox) -> HubSpotSandbox:
    hubspot.post(
        "seed",
        {
            "contacts": [{"id": CONTACT, "properties": {"firstname": "Luz"}}],
            "companies": [{"id": COMPANY, "properties": {"name": "Acme", "renewals": ""}}],
            "deals": [{"id": DEAL, "properties": {"dealname": "R", "dealstage": "closedwon"}}],
            "leads": [
                {"id": LEAD, "properties": {"hs_lead_name": "Luz"}, "contacts": [CONTACT]},
            ],
            "partner_clients": [
                {"id": CLIENT, "properties": {"hs_client_name": "Acme", "renewal_owner": "vendor"}}
            ],
        },
    )
    return hubspot


@pytest.fixture
def outbound(crm: HubSpotSandbox) -> HubSpotOutbound:
    return HubSpotOutbound(account(crm.url))


def assign(owner: CrmId = LUIS, kind: CrmKind = CrmKind.LEAD, record: CrmId = LEAD) -> AssignRecord:
    return AssignRecord(kind=kind, record=record, owner=owner)


def prop(kind: CrmKind, record: CrmId, name: str, value: str) -> SetProperty:
    return SetProperty(kind=kind, record=record, name=name, value=value)


def task(kind: CrmKind = CrmKind.COMPANY, record: CrmId = COMPANY, **more: Any) -> CreateTask:
    given = {"subject": "Renew <Acme>", "text": "Ends soon.\nCall & ask.", "owner": ANA, **more}
    return CreateTask(kind=kind, record=record, due=date(2026, 12, 24), **given)


def note(kind: CrmKind = CrmKind.COMPANY, record: CrmId = COMPANY) -> WriteNote:
    return WriteNote(
        kind=kind, record=record, subject="Few units left", text="5 of 100", occurred_at=NOW
    )


RECORDS = [
    (CrmKind.CONTACT, CONTACT, "contacts"),
    (CrmKind.COMPANY, COMPANY, "companies"),
    (CrmKind.DEAL, DEAL, "deals"),
    (CrmKind.LEAD, LEAD, "leads"),
    (CrmKind.PARTNER_CLIENT, CLIENT, "partner_clients"),
]


def held(crm: HubSpotSandbox, kind: str) -> dict[str, Any]:
    (one,) = crm.held(kind)
    properties: dict[str, Any] = one["properties"]
    return properties


def test_prm_11_a_leads_owner_is_changed(crm: HubSpotSandbox, outbound: HubSpotOutbound) -> None:
    assert outbound.deliver([delivery(assign())]) == [Done(vendor_ids={})]
    assert held(crm, "leads")["hubspot_owner_id"] == LUIS


def test_px_08_the_renewal_owner_is_written_where_a_property_is_named(
    crm: HubSpotSandbox, outbound: HubSpotOutbound
) -> None:
    """PX-07, PX-08: partner clients are changed, never made."""
    run = run_of(
        prop(CrmKind.PARTNER_CLIENT, CLIENT, "renewal_owner", "partner"),
        prop(CrmKind.COMPANY, COMPANY, "renewals", "partner"),
    )
    assert outbound.deliver(run) == [Done(vendor_ids={})] * 2
    assert held(crm, "partner_clients")["renewal_owner"] == "partner"
    assert held(crm, "companies")["renewals"] == "partner"


def test_px_07_no_partner_client_is_ever_made(crm: HubSpotSandbox) -> None:
    with pytest.raises(DeliveryRejected, match="never made"):
        HubSpotClient(account(crm.url)).create("partner_clients", [{"properties": {}}])
    answer = crm.call("POST", "/crm/v3/objects/partner_clients", {"properties": {}})
    assert answer.status_code == 405
    assert len(crm.held("partner_clients")) == 1


def test_of_one_record_the_last_owner_holds(crm: HubSpotSandbox, outbound: HubSpotOutbound) -> None:
    outbound.deliver(run_of(assign(ANA), assign(LUIS), assign(ANA)))
    assert held(crm, "leads")["hubspot_owner_id"] == ANA


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        (assign(CrmId("13")), "refused"),
        (assign(record=CrmId("404")), "record_missing"),
        (assign(kind=CrmKind.CONTRACT), "kind_unknown"),
        (prop(CrmKind.LEAD, LEAD, "no_such", "1"), "property_missing"),
        (prop(CrmKind.LEAD, LEAD, "hubspot_owner_id", LUIS), "property_refused"),
        (prop(CrmKind.LEAD, LEAD, "a b", "1"), "property_refused"),
        (task(CrmKind.CONTRACT), "kind_unknown"),
        (note(CrmKind.COMPANY, CrmId("404")), "refused"),
    ],
)
def test_what_hubspot_does_not_take_is_refused_with_its_reason(
    outbound: HubSpotOutbound, effect: AssignRecord, reason: str
) -> None:
    (outcome,) = outbound.deliver([delivery(effect)])
    assert isinstance(outcome, Rejected)
    assert outcome.reason == reason


def test_one_that_is_refused_does_not_keep_the_others_back(
    crm: HubSpotSandbox, outbound: HubSpotOutbound
) -> None:
    """PRM-25: each has its own result."""
    first, second = outbound.deliver(run_of(assign(record=CrmId("404")), assign()))
    assert isinstance(first, Rejected)
    assert isinstance(second, Done)
    assert crm.calls("leads/batch/update") == 1


@pytest.mark.parametrize(("kind", "record", "linked"), RECORDS)
def test_a_task_is_open_on_its_record_for_its_owner(
    crm: HubSpotSandbox, outbound: HubSpotOutbound, kind: CrmKind, record: CrmId, linked: str
) -> None:
    (outcome,) = outbound.deliver([delivery(task(kind, record))])
    (made,) = crm.held("tasks")
    assert outcome == Done(vendor_ids={"id": made["id"]})
    assert made["associations"][linked] == [record]
    shown = made["properties"]
    assert (shown["hs_task_subject"], shown["hubspot_owner_id"]) == ("Renew <Acme>", ANA)
    assert (shown["hs_task_status"], shown["hs_task_type"]) == ("NOT_STARTED", "TODO")
    assert shown["hs_timestamp"] == "1798113600000"  # noon of 24 December 2026, UTC
    assert shown["hs_task_body"].startswith("<p>Ends soon.<br>Call &amp; ask.</p><p>[bridge:")


@pytest.mark.parametrize(("kind", "record", "linked"), RECORDS)
def test_a_note_stands_on_its_record(
    crm: HubSpotSandbox, outbound: HubSpotOutbound, kind: CrmKind, record: CrmId, linked: str
) -> None:
    (outcome,) = outbound.deliver([delivery(note(kind, record))])
    (made,) = crm.held("notes")
    assert outcome == Done(vendor_ids={"id": made["id"]})
    assert made["associations"][linked] == [record]
    body = made["properties"]["hs_note_body"]
    assert body.startswith("<p><strong>Few units left</strong></p><p>5 of 100</p>")


@pytest.mark.parametrize("effect", [task(), note(), note(CrmKind.LEAD, LEAD)])
def test_what_came_of_a_lost_answer_is_found_by_its_mark(
    crm: HubSpotSandbox, outbound: HubSpotOutbound, effect: CreateTask
) -> None:
    """R3."""
    assert outbound.find([delivery(effect)]) == [Absent()]
    (done,) = outbound.deliver([delivery(effect)])
    assert isinstance(done, Done)
    assert outbound.find([delivery(effect)]) == [Found(vendor_ids=done.vendor_ids)]
    assert outbound.find([delivery(effect, "another")]) == [Absent()]


def test_a_lost_answer_leaves_it_unknown(crm: HubSpotSandbox, outbound: HubSpotOutbound) -> None:
    crm.told("500_after", "tasks/batch/create", times=1)
    (lost,) = outbound.deliver([delivery(task())])
    assert isinstance(lost, Unknown)
    (made,) = crm.held("tasks")
    assert outbound.find([delivery(task())]) == [Found(vendor_ids={"id": made["id"]})]


def test_a_note_that_could_not_be_linked_yet_is_in_doubt(
    crm: HubSpotSandbox, outbound: HubSpotOutbound
) -> None:
    crm.told("500", "leads/notes/batch/associate", times=1)
    (unsure,) = outbound.deliver([delivery(note(CrmKind.LEAD, LEAD))])
    assert isinstance(unsure, Unknown)


def test_owners_and_properties_may_be_written_again(outbound: HubSpotOutbound) -> None:
    asked = run_of(assign(), prop(CrmKind.LEAD, LEAD, "x", ""), task(CrmKind.CONTRACT))
    assert outbound.find(asked) == [Absent()] * 3


def test_a_text_without_a_subject_has_no_empty_line(
    crm: HubSpotSandbox, outbound: HubSpotOutbound
) -> None:
    outbound.deliver([delivery(replace(note(), subject="", text="<b>"))])
    assert held(crm, "notes")["hs_note_body"].startswith("<p>&lt;b&gt;</p><p>[bridge:")


def test_what_a_run_costs() -> None:
    assert calls_of(run_of(assign(), assign(ANA), prop(CrmKind.LEAD, LEAD, "x", "1"))) == 1
    assert calls_of(run_of(task(), note())) == 2
    assert calls_of(run_of(note(CrmKind.LEAD, LEAD))) == 2
