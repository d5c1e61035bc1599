"""The sandbox tells of changes as Salesforce does, and people change what they like."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from flask import Flask, Response, request

from connectors.salesforce.inbound import SalesforceInbound
from connectors.salesforce.sandbox_messages import is_ack, is_taken
from connectors.salesforce.sandbox_org import ORGANIZATION
from connectors.salesforce.sandbox_webhooks import Target
from connectors.salesforce.soap import ACK, read_message
from connectors.standard_webhooks import verify
from tests.connectors.salesforce.building import ANA, LUIS, SIGNING_SECRET, account
from tests.connectors.salesforce.building import request as raw_request
from tests.connectors.salesforce.conftest import SalesforceSandbox
from tests.serving import served

LEAD = {"LastName": "Vega", "Company": "Acme", "Phone": "+34600000001"}
PATIENCE_SECONDS = 60.0


@dataclass
class Ear:
    """Somebody who listens, and answers with `answers` first, then as one should."""

    url: str = ""
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self) -> Response:
        with self.lock:
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.heard.append((headers, request.get_data()))
            is_soap = "xml" in headers["content-type"]
            status, body = self.answers.pop(0) if self.answers else (200, ACK if is_soap else b"{}")
        return Response(body, status)

    def notifications(self) -> list[tuple[str, str, dict[str, str | None]]]:
        with self.lock:
            read = [read_message(body) for _, body in self.heard]
        return [
            (one.id, one.object_name, one.fields) for whole in read for one in whole.notifications
        ]

    def told(self) -> list[Any]:
        with self.lock:
            return [json.loads(body) for _, body in self.heard]


@pytest.fixture
def ear() -> Iterator[Ear]:
    made, app = Ear(), Flask("ear")
    app.add_url_rule("/hook", "hear", made.hear, methods=["POST"])
    with served(app) as url:
        made.url = f"{url}/hook"
        yield made


def aim(org: SalesforceSandbox, ear: Ear, **more: Any) -> None:
    org.post("webhooks", {"url": ear.url, **more})


def settled(org: SalesforceSandbox) -> Any:
    end = time.monotonic() + PATIENCE_SECONDS
    while (told := org.state()["webhooks"])["waiting"]:
        assert time.monotonic() < end, "messages are still waiting"
        time.sleep(0.02)
    return told


def new_lead(org: SalesforceSandbox, **fields: Any) -> str:
    record: str = org.post("change", {"object": "Lead", "fields": {**LEAD, **fields}})
    return record


def test_a_change_is_told_in_soap_with_the_record_as_it_is(
    salesforce: SalesforceSandbox, ear: Ear
) -> None:
    aim(salesforce, ear)
    lead = new_lead(salesforce, OwnerId=ANA)
    settled(salesforce)
    ((notification, kind, fields),) = ear.notifications()
    assert (notification[:3], kind) == ("04l", "Lead")
    assert (fields["Id"], fields["OwnerId"], fields["IsConverted"]) == (lead, ANA, "false")
    assert fields["SystemModstamp"] is not None
    assert fields["SystemModstamp"].endswith(".000Z")
    assert "Phone" not in fields  # only what was picked, nothing of the client


def test_messages_have_up_to_a_hundred_notifications_of_one_object(
    salesforce: SalesforceSandbox, ear: Ear
) -> None:
    ear.answers = [(503, b"")]  # the first one is alone: the rest waits behind its call
    aim(salesforce, ear)
    records = [{"attributes": {"type": "Lead"}, **LEAD} for _ in range(150)]
    records += [{"attributes": {"type": "Contact"}, "LastName": "x"} for _ in range(50)]
    assert salesforce.call("POST", "/composite/sobjects", {"records": records}).ok
    settled(salesforce)
    with ear.lock:
        messages = [read_message(body) for _, body in ear.heard]
    sizes = [len(one.notifications) for one in messages]
    kinds = [{each.object_name for each in one.notifications} for one in messages]
    assert max(sizes) <= 100
    assert all(len(one) == 1 for one in kinds)
    assert len({one[0] for one in ear.notifications()}) == 200


@pytest.mark.parametrize(
    "wrong",
    [
        (500, ACK),
        (201, ACK),
        (200, b""),
        (200, b"OK"),
        (200, ACK.replace(b"true", b"false")),
        (200, ACK.replace(b"notificationsResponse", b"notifications")),
        (200, ACK.replace(b"2005/09/outbound", b"2005/09/inbound")),
    ],
)
def test_what_is_not_acknowledged_comes_again_under_its_id(
    salesforce: SalesforceSandbox, ear: Ear, wrong: tuple[int, bytes]
) -> None:
    ear.answers = [wrong]
    aim(salesforce, ear)
    new_lead(salesforce)
    told = settled(salesforce)
    first, second = ear.notifications()
    assert first[0] == second[0]
    assert told["accepted"] == [first[0]]


def test_a_repeated_message_says_what_is_so_by_then(
    salesforce: SalesforceSandbox, ear: Ear
) -> None:
    ear.answers = [(503, b"")] * 2
    aim(salesforce, ear)
    lead = new_lead(salesforce, OwnerId=ANA)
    salesforce.post("change", {"id": lead, "fields": {"OwnerId": LUIS}})
    settled(salesforce)
    assert ear.notifications()[-1][2]["OwnerId"] == LUIS
    assert len({one[0] for one in ear.notifications()}) == 2


def test_it_gives_up_some_day(salesforce: SalesforceSandbox, ear: Ear) -> None:
    ear.answers = [(500, b"")] * 2
    aim(salesforce, ear, attempts=2)
    new_lead(salesforce)
    assert settled(salesforce)["given_up"] == 1


def test_on_request_messages_come_twice_and_out_of_order(
    salesforce: SalesforceSandbox, ear: Ear
) -> None:
    aim(salesforce, ear, sent_twice=1.0, out_of_order=0.5)
    records = [{"attributes": {"type": "Lead"}, **LEAD} for _ in range(8)]
    made = salesforce.call("POST", "/composite/sobjects", {"records": records}).json()
    leads = [one["id"] for one in made]
    settled(salesforce)
    first_heard = list(dict.fromkeys(str(one[2]["Id"]) for one in ear.notifications()))
    assert sorted(first_heard) == sorted(leads)
    assert first_heard != leads
    ids = [one[0] for one in ear.notifications()]
    assert all(ids.count(one) == 2 for one in ids)


def test_our_own_changes_are_told_unless_the_profile_says_no(
    salesforce: SalesforceSandbox, ear: Ear
) -> None:
    aim(salesforce, ear, own_changes=False)
    salesforce.call("POST", "/sobjects/Lead", LEAD)
    new_lead(salesforce)
    settled(salesforce)
    assert len(ear.notifications()) == 1
    aim(salesforce, ear)
    salesforce.call("POST", "/sobjects/Lead", LEAD)
    settled(salesforce)
    assert len(ear.notifications()) == 2


def test_what_was_rolled_back_is_not_told(salesforce: SalesforceSandbox, ear: Ear) -> None:
    aim(salesforce, ear)
    records = [{"attributes": {"type": "Lead"}, **LEAD}, {"attributes": {"type": "Lead"}}]
    body = {"allOrNone": True, "records": records}
    salesforce.call("POST", "/composite/sobjects", body)
    settled(salesforce)
    assert ear.heard == []


def test_json_is_signed_and_says_what_was_before(salesforce: SalesforceSandbox, ear: Ear) -> None:
    aim(salesforce, ear, format="json", signing_secret=SIGNING_SECRET)
    lead = new_lead(salesforce, OwnerId=ANA)
    salesforce.post("change", {"id": lead, "fields": {"OwnerId": LUIS}, "user": ANA})
    salesforce.post("delete", {"id": lead})
    salesforce.post("restore", {"id": lead})
    settled(salesforce)
    told = ear.told()
    assert [one["change"] for one in told] == ["created", "updated", "deleted", "undeleted"]
    assert {one["org_id"] for one in told} == {ORGANIZATION}
    assert (told[1]["old"], told[1]["record"]["OwnerId"]) == ({"OwnerId": ANA}, LUIS)
    assert told[1]["record"]["LastModifiedById"] == ANA
    for headers, body in ear.heard:
        assert verify([SIGNING_SECRET], headers, body, datetime.now(UTC))


def test_a_flow_does_not_sign(salesforce: SalesforceSandbox, ear: Ear) -> None:
    aim(salesforce, ear, format="json")
    new_lead(salesforce)
    settled(salesforce)
    assert "webhook-signature" not in ear.heard[0][0]


@pytest.mark.parametrize("wrong", [(500, b"{}"), (204, b""), (200, b""), (200, b"<html>")])
def test_a_flow_fails_on_what_is_no_json(
    salesforce: SalesforceSandbox, ear: Ear, wrong: tuple[int, bytes]
) -> None:
    ear.answers = [wrong]
    aim(salesforce, ear, format="json")
    new_lead(salesforce)
    settled(salesforce)
    first, second = ear.told()
    assert first["event_id"] == second["event_id"]


@pytest.mark.parametrize("kind", ["soap", "json"])
def test_the_connector_takes_what_it_sends(
    salesforce: SalesforceSandbox, ear: Ear, kind: str
) -> None:
    aim(salesforce, ear, format=kind)
    new_lead(salesforce)
    settled(salesforce)
    ((headers, body),) = ear.heard
    inbound, told = SalesforceInbound(account()), raw_request(body, headers)
    inbound.verify(told)
    parsed = inbound.parse(told)
    assert len(parsed.events) == 4  # a lead is a contact of the bridge too
    assert (parsed.rejected, parsed.ignored) == ((), ())
    answer = inbound.accepted(told)
    check = is_ack if kind == "soap" else is_taken
    assert check(answer.status, answer.body)


@pytest.mark.parametrize("body", [b"<!DOCTYPE x><x/>", b"<", b"\xff", ACK[:-1], b""])
def test_an_ack_that_can_not_be_read_is_none(body: bytes) -> None:
    assert not is_ack(200, body)


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="soap, json"):
        Target(url="http://127.0.0.1:9/", format="xml")


def test_a_lead_is_converted_and_lives_on(salesforce: SalesforceSandbox) -> None:
    lead = new_lead(salesforce, OwnerId=ANA, Bridge_Key__c="k-1")
    note = {"WhoId": lead, "Subject": "x", "Status": "Completed"}
    salesforce.call("POST", "/sobjects/Task", note)
    made = salesforce.post("convert", {"lead": lead, "opportunity": "Vega", "user": LUIS})
    (held,) = salesforce.held("Lead")
    assert (held["IsConverted"], held["ConvertedContactId"]) == (True, made["Contact"])
    (contact,) = salesforce.held("Contact")
    assert (contact["Phone"], contact["OwnerId"], contact["Name"]) == (LEAD["Phone"], ANA, "Vega")
    assert contact.get("Bridge_Key__c") is None  # no custom field goes over unless it is mapped
    (moved,) = salesforce.held("Task")
    assert (moved["WhoId"], moved["WhatId"]) == (made["Contact"], made["Opportunity"])
    (role,) = salesforce.held("OpportunityContactRole")
    assert role["ContactId"] == made["Contact"]
    for method, place, body in (
        ("PATCH", f"/sobjects/Lead/{lead}", {"Title": "Dr"}),
        ("PATCH", "/sobjects/Lead/Bridge_Key__c/k-1", {"Title": "Dr"}),
        ("POST", "/sobjects/Task", note),
    ):
        answer = salesforce.call(method, place, body)
        assert answer.json()[0]["errorCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_a_key_goes_over_where_it_is_mapped(salesforce: SalesforceSandbox) -> None:
    salesforce.settings(maps_bridge_key=True)
    lead = new_lead(salesforce, Bridge_Key__c="k-1")
    salesforce.post("convert", {"lead": lead})
    assert salesforce.held("Contact")[0]["Bridge_Key__c"] == "k-1"
    assert salesforce.held("Opportunity") == []


def test_contacts_are_merged(salesforce: SalesforceSandbox) -> None:
    one, other = (
        salesforce.post("change", {"object": "Contact", "fields": {"LastName": name}})
        for name in ("one", "other")
    )
    task = {"WhoId": other, "Subject": "x", "Status": "Completed"}
    salesforce.call("POST", "/sobjects/Task", task)
    salesforce.post("merge", {"primary": one, "others": [other]})
    assert [each["Id"] for each in salesforce.held("Contact")] == [one]
    assert salesforce.held("Task")[0]["WhoId"] == one
    soql = f"SELECT MasterRecordId FROM Contact WHERE Id = '{other}'"
    (gone,) = salesforce.call("GET", f"/queryAll?q={soql}").json()["records"]
    assert gone["MasterRecordId"] == one


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("convert", {"lead": "0035g00000NobodAAB"}),
        ("convert", {}),
        ("merge", {"primary": ANA, "others": [LUIS]}),
        ("merge", {"primary": ANA}),
        ("change", {"id": ANA}),
        ("change", {"object": "Nope", "fields": {}}),
        ("delete", {"id": "x"}),
        ("seed", {"Nope": [{}]}),
        ("seed", {"Contact": [{"Nope": 1}]}),
    ],
)
def test_what_nobody_can_do_is_refused(salesforce: SalesforceSandbox, path: str, body: Any) -> None:
    answer = requests.post(f"{salesforce.url}/_sandbox/{path}", json=body, timeout=60)
    assert 400 <= answer.status_code < 500


def test_the_page_does_what_people_do(salesforce: SalesforceSandbox, ear: Ear) -> None:
    def act(**form: str) -> int:
        return requests.post(salesforce.url, data=form, timeout=60).status_code

    aim(salesforce, ear)
    assert act(action="new", **LEAD) == 200
    (lead,) = salesforce.held("Lead")
    assert act(action="save", id=lead["Id"], OwnerId=LUIS, Status="Working - Contacted") == 200
    assert salesforce.held("Lead")[0]["OwnerId"] == LUIS
    assert act(action="convert", id=lead["Id"]) == 200
    (contact,) = salesforce.held("Contact")
    assert act(action="delete", id=contact["Id"]) == 200
    assert salesforce.held("Contact") == []
    assert act(action="nope") == 400
    settled(salesforce)
    assert {one[1] for one in ear.notifications()} == {"Lead", "Contact", "Opportunity"}
    assert "converted into" in requests.get(salesforce.url, timeout=60).text
