"""Whatever connector and sandbox say to each other is held against HubSpot's interface."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, Response, request

from bridge.domain.crm_renewals import RenewalSource
from bridge.domain.effects import (
    AssignRecord,
    ChangeOwner,
    CreateTask,
    SetProperty,
    UpdateTimelineEntry,
    WriteNote,
)
from bridge.domain.messaging import Messenger
from bridge.domain.names import CrmId, MessageId, RecordId
from bridge.domain.records import CrmKind, RecordKind
from bridge.ports import Done, IdentityQuery
from connectors.hubspot.outbound import HubSpotOutbound
from connectors.hubspot.partners import HubSpotPartners
from connectors.hubspot.reader import HubSpotReader
from connectors.hubspot.renewals import HubSpotRenewals
from connectors.hubspot.sandbox import sandbox
from tests.connectors.hubspot.building import (
    LUIS,
    NOW,
    SECRETS,
    account,
    delivery,
    entry,
    new_contact,
    new_deal,
    new_lead,
)
from tests.connectors.hubspot.conftest import OWNERS, HubSpotSandbox
from tests.connectors.hubspot.openapi import NotInTheInterface, check_answer, check_request
from tests.serving import served

Call = tuple[str, str, Any, int, Any]


@pytest.fixture
def calls() -> list[Call]:
    return []


@pytest.fixture
def recorded(calls: list[Call]) -> Iterator[HubSpotSandbox]:
    """The sandbox with an ear on the line."""
    app: Flask = sandbox(SECRETS)

    @app.after_request
    def hear(response: Response) -> Response:
        if request.path.startswith("/crm/"):
            given = request.get_json(silent=True)
            answered = json.loads(response.get_data() or b"null")
            calls.append((request.method, request.path, given, response.status_code, answered))
        return response

    with served(app) as url:
        told = HubSpotSandbox(url)
        told.post("seed", {"owners": OWNERS})
        yield told


def everything(hubspot: HubSpotSandbox, version: str) -> None:
    """Each call that the connector makes, those that are refused in part among them."""
    given = account(hubspot.url, {"api_version": version})
    outbound, reader = HubSpotOutbound(given), HubSpotReader(given)
    hubspot.post("settings", {"custom_channel": False})
    run = [
        delivery(new_contact(), "c"),
        delivery(new_deal(), "d"),
        delivery(new_lead(), "l"),
        delivery(entry("m1", deal="d1", lead="l1"), "e1"),
        delivery(entry("m2", messenger=Messenger.TELEGRAM), "e2"),
    ]
    made = [one.vendor_ids["id"] for one in outbound.deliver(run) if isinstance(one, Done)]
    ids = dict(zip(("r1", "d1", "l1", "m1", "m2"), made, strict=True))
    outbound.deliver(
        [
            delivery(ChangeOwner(kind=kind, record=RecordId(one), owner=owner), ids=ids)
            for kind, one in zip(RecordKind, ("r1", "d1", "l1"), strict=True)
            for owner in (LUIS, CrmId("404"))
        ]
        + [
            delivery(
                UpdateTimelineEntry(message=MessageId(one), entry=entry(one), note="edited"),
                ids=ids,
            )
            for one in ("m1", "m2")
        ]
    )
    outbound.deliver([delivery(new_deal(), "d", ids)])
    outbound.find([delivery(one.effect, one.idempotency_key, ids) for one in run])
    reader.employees()
    reader.pipelines()
    contact = CrmId(ids["r1"])
    reader.contacts([contact, CrmId("404")])
    reader.deals_of([contact, CrmId("404")])
    reader.leads_of([contact])
    reader.contacts_by_identity([IdentityQuery(phones=("+34600000001",), key="x")])


def channel_side(hubspot: HubSpotSandbox, version: str) -> None:
    """Each call for partners and renewals."""
    given = account(hubspot.url, {"api_version": version})
    clients = [{"id": "51", "properties": {"hs_next_renewal_date": "2026-12-01", "tier": ""}}]
    companies = [{"id": "31", "properties": {"name": "Acme"}}]
    hubspot.post("seed", {"companies": companies, "partner_clients": clients})
    client, company = CrmId("51"), CrmId("31")
    kind = CrmKind.PARTNER_CLIENT
    run = [
        delivery(AssignRecord(kind=CrmKind.COMPANY, record=company, owner=LUIS), "a"),
        delivery(SetProperty(kind=kind, record=client, name="tier", value="1"), "p"),
        delivery(
            CreateTask(kind=kind, record=client, subject="s", text="t", due=NOW.date()),
            "t",
        ),
        delivery(WriteNote(kind=kind, record=client, subject="s", text="t", occurred_at=NOW), "n"),
    ]
    outbound, partners = HubSpotOutbound(given), HubSpotPartners(given)
    assert all(isinstance(one, Done) for one in outbound.deliver(run))
    outbound.find(run)
    partners.partners([company], ["ana@acme.example"])
    partners.leads([CrmId("404")], [])
    renewals, source = HubSpotRenewals(given), RenewalSource(kind=kind)
    assert renewals.due(source, NOW.date(), NOW.date() + timedelta(days=30))
    renewals.changed(source, NOW)
    renewals.read(source, [client])


@pytest.mark.parametrize("version", ["2026-09", "v3"])
def test_every_call_of_the_connector_and_every_answer_fits(
    recorded: HubSpotSandbox, calls: list[Call], version: str
) -> None:
    everything(recorded, version)
    channel_side(recorded, version)
    assert len({path for _, path, *_ in calls}) >= 20
    assert {status for *_, status, _ in calls} >= {200, 201, 207, 404}
    for method, path, given, status, answered in calls:
        check_request(method, path, given)
        check_answer(method, path, status, answered)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/crm/v3/objects/contacts", {"properties": {"firstname": "Eva"}}),
        ("GET", "/crm/v3/objects/contacts", None),
        ("GET", "/crm/v3/objects/contacts/1?properties=firstname,phone", None),
        ("PATCH", "/crm/objects/2026-09/contacts/1", {"properties": {"firstname": "Eva"}}),
        ("DELETE", "/crm/v3/objects/contacts/1", None),
        ("POST", "/crm/v3/objects/contacts/batch/archive", {"inputs": [{"id": "1"}]}),
        ("GET", "/crm/v3/owners/11", None),
        ("GET", "/crm/v3/properties/contacts", None),
        ("GET", "/crm/v4/objects/contacts/1/associations/deals", None),
        ("PUT", "/crm/v4/objects/deals/501/associations/default/contacts/1", None),
        (
            "PUT",
            "/crm/v4/objects/deals/501/associations/contacts/1",
            [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}],
        ),
        ("DELETE", "/crm/v4/objects/deals/501/associations/contacts/1", None),
        (
            "POST",
            "/crm/v4/associations/deals/contacts/batch/create",
            {
                "inputs": [
                    {
                        "from": {"id": "501"},
                        "to": {"id": "1"},
                        "types": [
                            {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}
                        ],
                    }
                ]
            },
        ),
        ("GET", "/crm/v3/objects/contacts/404", None),
        ("POST", "/crm/v3/objects/contacts", {"properties": {"nosuch": "1"}}),
    ],
)
def test_the_rest_of_the_sandbox_fits_too(
    recorded: HubSpotSandbox, calls: list[Call], method: str, path: str, body: Any
) -> None:
    deal = {"id": "501", "contacts": ["1"], "properties": {"dealname": "x"}}
    recorded.post("seed", {"contacts": [{"id": "1", "properties": {}}], "deals": [deal]})
    recorded.call(method, path, body)
    ((_, plain, given, status, answered),) = calls
    check_request(method, plain, given)
    check_answer(method, plain, status, answered)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/crm/v3/objects/contacts/batch/create", {"inputs": [{"props": {}}]}),
        ("/crm/v3/objects/contacts/batch/update", {"inputs": [{"id": 1, "properties": {}}]}),
        ("/crm/v3/objects/contacts/batch/merge", {"inputs": []}),
        ("/crm/v3/objects/contacts/search", {"limit": "10"}),
    ],
)
def test_the_check_itself_refuses_what_is_wrong(path: str, body: Any) -> None:
    with pytest.raises(NotInTheInterface):
        check_request("POST", path, body)


def test_the_check_refuses_wrong_answers() -> None:
    with pytest.raises(NotInTheInterface):
        check_answer("POST", "/crm/v3/objects/contacts/batch/create", 201, {"results": []})
    with pytest.raises(NotInTheInterface):
        check_answer("POST", "/crm/v3/objects/contacts/batch/create", 202, {})
