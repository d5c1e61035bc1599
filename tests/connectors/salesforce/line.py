"""An ear on the line between connector and sandbox, and a day on which each call is made."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

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
from bridge.domain.names import CrmId, MessageId, RecordId
from bridge.domain.records import CrmKind, RecordKind
from bridge.ports import Account, Done, IdentityQuery
from connectors.salesforce.outbound import SalesforceOutbound
from connectors.salesforce.partners import SalesforcePartners
from connectors.salesforce.reader import SalesforceReader
from connectors.salesforce.renewals import SalesforceRenewals
from connectors.salesforce.sandbox import sandbox
from connectors.salesforce.staff import queues
from tests.connectors.salesforce.building import (
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
from tests.connectors.salesforce.conftest import QUEUES, USERS, SalesforceSandbox
from tests.serving import served


@dataclass(frozen=True)
class Heard:
    """One call, or one part of a composite one."""

    method: str
    path: str
    query: str
    body: Any


@dataclass
class Line:
    org: SalesforceSandbox
    heard: list[Heard] = field(default_factory=list)


@contextmanager
def tapped() -> Iterator[Line]:
    app: Flask = sandbox(SECRETS)
    heard: list[Heard] = []

    @app.after_request
    def hear(response: Response) -> Response:
        uri = urlsplit(str(request.environ["RAW_URI"]))
        if uri.path.startswith("/services/"):
            body = request.get_json(silent=True)
            heard.append(_heard(request.method, uri.path, uri.query, body))
            parts = body.get("compositeRequest", ()) if isinstance(body, dict) else ()
            for one in parts:
                inner = urlsplit(one["url"])
                heard.append(_heard(one["method"], inner.path, inner.query, one.get("body")))
        return response

    with served(app) as url:
        org = SalesforceSandbox(url)
        org.seed(User=USERS, **QUEUES)
        yield Line(org, heard)


def _heard(method: str, path: str, query: str, body: Any) -> Heard:
    (soql,) = parse_qs(query).get("q", [""])
    return Heard(method, path, soql, json.loads(json.dumps(body)))


def everything(org: SalesforceSandbox) -> None:
    """Each call that the connector makes: new clients as contact and as lead, found, changed, told
    of, looked up, and read."""
    given = account(org.url)
    outbound = SalesforceOutbound(given)
    ids = _written(outbound)
    company = org.post("change", {"object": "Account", "fields": {"Name": "Acme"}})
    org.post("change", {"id": ids["r1"], "fields": {"AccountId": company}})
    outbound.deliver([delivery(new_deal("d2"), "d2", ids)])
    _read(given, CrmId(ids["r1"]), CrmId(ids["r2"]))
    org.post("convert", {"lead": ids["r2"]})
    reader = SalesforceReader(given)
    reader.contacts([CrmId(ids["r2"])])
    reader.leads([CrmId(ids["r2"])])


def channel_side(org: SalesforceSandbox) -> None:
    """Each call for partners and renewals."""
    given = account(org.url)
    company = CrmId(org.post("change", {"object": "Account", "fields": {"Name": "Acme"}}))
    person = {"LastName": "Paz", "Email": "paz@acme.example", "AccountId": company}
    org.post("change", {"object": "Contact", "fields": person})
    client = {"LastName": "Vega", "Company": "Vega SA"}
    lead = CrmId(org.post("change", {"object": "Lead", "fields": client}))
    contract = org.post("change", {"object": "Contract", "fields": {"AccountId": company}})
    _act(SalesforceOutbound(given), lead, company)
    partners = SalesforcePartners(given)
    partners.organisation()
    partners.partners([company], ["paz@acme.example", "ana@acme.example"])
    partners.sharing()
    partners.leads([lead], ["Phone"])
    renewals = SalesforceRenewals(given)
    contracts = RenewalSource(kind=CrmKind.CONTRACT)
    renewals.due(contracts, NOW.date(), NOW.date())
    renewals.changed(contracts, NOW)
    renewals.read(contracts, [CrmId(contract)])


def _act(outbound: SalesforceOutbound, lead: CrmId, company: CrmId) -> None:
    kind, day = CrmKind.COMPANY, NOW.date()
    run = [
        delivery(AssignRecord(kind=CrmKind.LEAD, record=lead, owner=LUIS), "a"),
        delivery(SetProperty(kind=kind, record=company, name="Phone", value="1"), "p"),
        delivery(CreateTask(kind=kind, record=company, subject="s", text="t", due=day), "t"),
        delivery(WriteNote(kind=kind, record=company, subject="", text="t", occurred_at=NOW), "n"),
    ]
    assert all(isinstance(one, Done) for one in outbound.deliver(run))
    outbound.find(run)


def _written(outbound: SalesforceOutbound) -> dict[str, str]:
    run = [
        delivery(new_contact(), "c"),
        delivery(new_deal(), "d"),
        delivery(new_contact("r2", "+34600000002", with_lead=True), "c2"),
        delivery(new_lead(contact="r2"), "l"),
        delivery(entry("m1", deal="d1"), "e1"),
        delivery(entry("m2", contact="r2"), "e2"),
    ]
    made = [one.vendor_ids["id"] for one in outbound.deliver(run) if isinstance(one, Done)]
    ids = dict(zip(("r1", "d1", "r2", "l1", "m1", "m2"), made, strict=True))
    changes = [
        delivery(ChangeOwner(kind=kind, record=RecordId(one), owner=LUIS), ids=ids)
        for kind, one in zip(RecordKind, ("r1", "d1", "l1"), strict=True)
    ]
    edit = UpdateTimelineEntry(message=MessageId("m1"), entry=entry("m1"), note="edited")
    outbound.deliver([*changes, delivery(edit, ids=ids)])
    outbound.deliver(run)
    outbound.find([delivery(one.effect, one.idempotency_key, ids) for one in run])
    return ids


def _read(given: Account, contact: CrmId, lead: CrmId) -> None:
    reader = SalesforceReader(given)
    reader.employees()
    reader.pipelines()
    reader.contacts([contact, lead])
    deals = reader.deals_of([contact, lead])
    reader.deals([deal.crm_id for deal in deals])
    reader.leads_of([contact, lead])
    reader.leads([lead])
    reader.contacts_by_identity([IdentityQuery(phones=("+34600000001",), key="x")])
    queues(given)
