"""The sandbox refuses what HubSpot refuses, and tells people's changes by webhooks."""

import time
from typing import Any

import pytest

from connectors.hubspot.outbound import HubSpotOutbound
from tests.connectors.hubspot.building import (
    delivery,
    entry,
    new_contact,
    new_deal,
)
from tests.connectors.hubspot.conftest import HubSpotSandbox

V3 = "/crm/v3/objects"


def link(type_id: int, to: str = "1") -> dict[str, Any]:
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}
    return {"to": {"id": to}, "types": [spec]}


def message(**changed: Any) -> dict[str, Any]:
    return {
        "hs_communication_channel_type": "WHATS_APP",
        "hs_communication_logged_from": "CRM",
        "hs_communication_body": "hola",
        "hs_timestamp": "1765043528476",
    } | changed


@pytest.fixture
def one_contact(hubspot: HubSpotSandbox) -> None:
    known = {"id": "1", "properties": {"firstname": "Luz", "email": "luz@acme.example"}}
    hubspot.post("seed", {"contacts": [known]})


@pytest.mark.usefixtures("one_contact")
@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("contacts", {"properties": {"firstname": "Eva"}}, 201),
        ("contacts", {"properties": {"nosuch": "x"}}, 400),
        ("contacts", {"properties": {"hs_object_id": "7"}}, 400),
        ("contacts", {"properties": {"firstname": {"a": 1}}}, 400),
        ("contacts", {"properties": {"hubspot_owner_id": "404"}}, 400),
        ("contacts", {"properties": {"hubspot_owner_id": "13"}}, 400),  # archived
        ("contacts", {"properties": {"email": "luz@acme.example"}}, 409),
        ("contacts", {}, 400),
        ("deals", {"properties": {"dealname": "x"}}, 400),
        ("deals", {"properties": {"dealname": "x", "dealstage": "nowhere"}}, 400),
        ("deals", {"properties": {"dealname": "x", "dealstage": "contractsent"}}, 201),
        ("leads", {"properties": {"hs_lead_name": "x"}}, 400),
        ("leads", {"properties": {"hs_lead_name": "x"}, "associations": [link(608)]}, 400),
        ("leads", {"properties": {"hs_lead_name": "x"}, "associations": [link(578)]}, 201),
        ("leads", {"properties": {"hs_lead_name": "x"}, "associations": [link(578, "9")]}, 400),
        ("communications", {"properties": message()}, 201),
        ("communications", {"properties": message(), "associations": [link(81)]}, 201),
        ("communications", {"properties": message(), "associations": [link(199)]}, 400),
        ("communications", {"properties": message(), "associations": [link(85)]}, 400),
        ("communications", {"properties": message(hs_communication_channel_type="ICQ")}, 400),
        ("communications", {"properties": message(hs_communication_logged_from="API")}, 400),
        ("communications", {"properties": message(hs_timestamp="")}, 400),
        ("notes", {"properties": {"hs_note_body": "x"}}, 400),
        ("notes", {"properties": {"hs_note_body": "x", "hs_timestamp": "1"}}, 201),
        ("notes", {"properties": {"hs_note_body": "x" * 65_537, "hs_timestamp": "1"}}, 400),
        ("companies", {"properties": {}}, 400),
        ("companies", {"properties": {"name": "Acme"}}, 201),
        ("tasks", {"properties": {"hs_task_subject": "x"}}, 400),
        ("tasks", {"properties": {"hs_task_status": "LATER", "hs_timestamp": "1"}}, 400),
        ("tasks", {"properties": {"hs_task_type": "TODO", "hs_timestamp": "1"}}, 201),
        ("partner_clients", {"properties": {}}, 405),
        ("tickets", {"properties": {}}, 404),
    ],
)
def test_what_a_new_record_needs(
    hubspot: HubSpotSandbox, kind: str, body: Any, status: int
) -> None:
    assert hubspot.call("POST", f"{V3}/{kind}", body).status_code == status


def test_ids_are_strings(hubspot: HubSpotSandbox, one_contact: None) -> None:
    number = {"inputs": [{"id": 1, "properties": {}}]}
    assert hubspot.call("POST", f"{V3}/contacts/batch/update", number).status_code == 400


def test_a_doubled_contact_is_named_in_the_refusal(
    hubspot: HubSpotSandbox, one_contact: None
) -> None:
    taken = {"properties": {"email": "luz@acme.example"}}
    answer = hubspot.call("POST", f"{V3}/contacts", taken).json()
    assert (answer["category"], answer["message"]) == (
        "CONFLICT",
        "Contact already exists. Existing ID: 1",
    )


def inputs(*names: str, traced: bool) -> dict[str, Any]:
    def one(number: int, name: str) -> dict[str, Any]:
        trace = {"objectWriteTraceId": f"t{number}"} if traced else {}
        return {"properties": {name: "x"}, **trace}

    return {"inputs": [one(number, name) for number, name in enumerate(names)]}


def test_a_batch_with_traces_goes_through_in_part(hubspot: HubSpotSandbox) -> None:
    body = inputs("firstname", "nosuch", "lastname", traced=True)
    answer = hubspot.call("POST", f"{V3}/contacts/batch/create", body)
    told = answer.json()
    assert (answer.status_code, told["numErrors"], len(told["results"])) == (207, 1, 2)
    assert told["errors"][0]["context"]["objectWriteTraceId"] == ["t1"]
    assert [one["objectWriteTraceId"] for one in told["results"]] == ["t0", "t2"]


def test_a_batch_without_traces_fails_as_a_whole(hubspot: HubSpotSandbox) -> None:
    body = inputs("firstname", "nosuch", traced=False)
    assert hubspot.call("POST", f"{V3}/contacts/batch/create", body).status_code == 400
    assert hubspot.held("contacts") == []


def test_doubled_traces_and_doubled_ids_are_refused(
    hubspot: HubSpotSandbox, one_contact: None
) -> None:
    traced = inputs("firstname", traced=True)["inputs"] * 2
    twice = [{"id": "1", "properties": {}}] * 2
    for verb, given in (("create", traced), ("update", twice)):
        answer = hubspot.call("POST", f"{V3}/contacts/batch/{verb}", {"inputs": given})
        assert answer.status_code == 400


@pytest.mark.parametrize(("number", "status"), [(100, 201), (101, 400)])
def test_a_batch_holds_a_hundred(hubspot: HubSpotSandbox, number: int, status: int) -> None:
    body = inputs(*["firstname"] * number, traced=True)
    assert hubspot.call("POST", f"{V3}/contacts/batch/create", body).status_code == status


def test_a_token_is_needed_and_it_alone(hubspot: HubSpotSandbox) -> None:
    assert hubspot.call("GET", f"{V3}/contacts", token="wrong").status_code == 401
    assert hubspot.call("GET", f"{V3}/contacts").status_code == 200


def test_a_version_that_is_none_is_not_found(hubspot: HubSpotSandbox) -> None:
    assert hubspot.call("GET", "/crm/objects/2020-01/contacts").status_code == 404


def test_the_list_of_links_has_no_dated_path(hubspot: HubSpotSandbox, one_contact: None) -> None:
    path = "objects/{}contacts/1/associations/deals"
    old, new = path.format(""), path.format("2026-09/")
    assert hubspot.call("GET", f"/crm/v4/{old}").status_code == 200
    assert hubspot.call("GET", f"/crm/{new}").status_code in (404, 405)


def test_an_upsert_needs_a_unique_property(hubspot: HubSpotSandbox) -> None:
    for name, status in (("firstname", 400), ("nosuch", 400), ("email", 200)):
        given = {"id": "eva@acme.example", "idProperty": name, "properties": {}}
        answer = hubspot.call("POST", f"{V3}/contacts/batch/upsert", {"inputs": [given]})
        assert answer.status_code == status, name


def test_search_lags_when_told_while_links_show_at_once(
    hubspot: HubSpotSandbox, one_contact: None
) -> None:
    hubspot.post("settings", {"search_lag_seconds": 30})
    made = {"properties": message(), "associations": [link(81)]}
    hubspot.call("POST", f"{V3}/communications", made)
    found = hubspot.call("POST", f"{V3}/communications/search", {"filterGroups": []}).json()
    read = {"inputs": [{"id": "1"}]}
    path = "/crm/associations/2026-09/contacts/communications/batch/read"
    linked = hubspot.call("POST", path, read).json()
    assert found["total"] == 0
    assert len(linked["results"][0]["to"]) == 1


def test_what_is_changed_is_found_while_search_lags(
    hubspot: HubSpotSandbox, one_contact: None
) -> None:
    time.sleep(0.2)  # the contact is older than the lag, its change is not
    hubspot.post("settings", {"search_lag_seconds": 0.2})
    changed = {"kind": "contacts", "id": "1", "properties": {"lastname": "Paz"}}
    hubspot.post("change", changed)
    found = hubspot.call("POST", f"{V3}/contacts/search", {"filterGroups": []}).json()
    assert found["total"] == 1


def test_look_ups_lag_when_told_while_a_record_shows_at_once(
    hubspot: HubSpotSandbox, one_contact: None
) -> None:
    hubspot.post("settings", {"read_lag_seconds": 30})
    email = "eva@acme.example"
    given = {"properties": message(), "associations": [link(81)]}
    hubspot.call("POST", f"{V3}/communications", given)
    new = hubspot.call("POST", f"{V3}/contacts", {"properties": {"email": email}}).json()
    by_key = {"inputs": [{"id": email}], "idProperty": "email"}
    links = "/crm/associations/2026-09/contacts/communications/batch/read"
    asked = (
        hubspot.call("POST", f"{V3}/contacts/batch/read", by_key),
        hubspot.call("POST", links, {"inputs": [{"id": "1"}]}),
        hubspot.call("POST", f"{V3}/contacts/batch/read", {"inputs": [{"id": new["id"]}]}),
    )
    assert [len(answer.json()["results"]) for answer in asked] == [0, 0, 1]


@pytest.mark.parametrize(("fault", "held"), [("207_partial", 2), ("207_partial_after", 3)])
def test_every_other_input_of_a_batch_fails_when_told(
    hubspot: HubSpotSandbox, fault: str, held: int
) -> None:
    hubspot.told(fault, "batch/create", times=1)
    body = inputs("firstname", "lastname", "firstname", traced=True)
    answer = hubspot.call("POST", f"{V3}/contacts/batch/create", body)
    told = answer.json()
    assert (answer.status_code, len(told["results"])) == (207, 2)
    assert [one["category"] for one in told["errors"]] == ["INTERNAL_ERROR"]
    assert told["errors"][0]["context"]["objectWriteTraceId"] == ["t1"]
    assert len(hubspot.held("contacts")) == held


def one_filter(operator: str, *values: str, name: str = "firstname") -> dict[str, Any]:
    filters = [{"propertyName": name, "operator": operator, "values": list(values)}]
    return {"filterGroups": [{"filters": filters}]}


@pytest.mark.usefixtures("one_contact")
@pytest.mark.parametrize(
    ("body", "found"),
    [
        (one_filter("IN", "luz", "eva"), 1),
        (one_filter("EQ", "LUZ"), 1),
        (one_filter("IN", "lu"), 0),
        (one_filter("NEQ", "luz"), 0),
        (one_filter("HAS_PROPERTY"), 1),
        (one_filter("NOT_HAS_PROPERTY"), 0),
        (one_filter("CONTAINS_TOKEN", "luz"), 1),
    ],
)
def test_search(hubspot: HubSpotSandbox, body: Any, found: int) -> None:
    assert hubspot.call("POST", f"{V3}/contacts/search", body).json()["total"] == found


@pytest.mark.parametrize(
    "body",
    [
        one_filter("EQ", "x", name="nosuch"),
        one_filter("LIKE", "x"),
        {"filterGroups": [{"filters": []}] * 6},
        {"limit": 201},
        {"after": "10000"},
        one_filter("IN", *("x" * 40 for _ in range(100))),
    ],
)
def test_searches_that_are_refused(hubspot: HubSpotSandbox, one_contact: None, body: Any) -> None:
    assert hubspot.call("POST", f"{V3}/contacts/search", body).status_code == 400


def test_search_has_a_limit_of_its_own(hubspot: HubSpotSandbox) -> None:
    hubspot.post("settings", {"search_second_limit": 2})
    answers = [hubspot.call("POST", f"{V3}/contacts/search", {}) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].json()["policyName"] == "SECONDLY"
    assert hubspot.call("GET", f"{V3}/contacts").status_code == 200


def test_unknown_settings_are_refused(hubspot: HubSpotSandbox) -> None:
    with pytest.raises(Exception, match="400"):
        hubspot.post("settings", {"mood": "bad"})


def test_reset_forgets_everything(hubspot: HubSpotSandbox, one_contact: None) -> None:
    hubspot.post("reset", {})
    assert hubspot.held("contacts") == []


def test_the_page_shows_the_client_with_owner_deal_and_messages_and_runs_no_script(
    hubspot: HubSpotSandbox, outbound: HubSpotOutbound
) -> None:
    shown = entry(deal="d1", text="<script>alert(1)</script>")
    outbound.deliver([delivery(new_contact()), delivery(new_deal(), "d"), delivery(shown, "e")])
    answer = hubspot.call("GET", "/")
    for word in ("Luz Vega Paz", "Ana Ruiz", "Appointment Scheduled", "from the client"):
        assert word in answer.text
    assert "<script>" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
