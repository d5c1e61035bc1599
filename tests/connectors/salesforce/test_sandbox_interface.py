"""Whatever connector and sandbox say to each other is held against what Salesforce publishes."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import requests

from connectors.salesforce.sandbox_messages import FIELDS, Notice, soap_body
from connectors.salesforce.sandbox_org import Org
from connectors.salesforce.sandbox_seed import furnish, seed
from connectors.salesforce.soap import ACK
from tests.connectors.salesforce.building import (
    ANA,
    LUIS,
)
from tests.connectors.salesforce.conftest import DATA, SalesforceSandbox
from tests.connectors.salesforce.interface import (
    NotInTheInterface,
    check_ack,
    check_answer,
    check_call,
    check_message,
    shapes,
)
from tests.connectors.salesforce.line import Line, channel_side, everything, tapped

LEAD = {"LastName": "Vega", "Company": "-", "Phone": "+34600000001"}
TASK = {"Subject": "x", "Status": "Completed"}


@pytest.fixture
def line() -> Iterator[Line]:
    with tapped() as found:
        yield found


def test_every_call_of_the_connector_is_published(line: Line) -> None:
    everything(line.org)
    channel_side(line.org)
    assert len({one.path for one in line.heard}) >= 6
    for one in line.heard:
        check_call(one.method, one.path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"{DATA}/sobjects/Lead"),
        ("GET", f"{DATA}/sobject/Lead"),
        ("GET", f"{DATA}/sobjects/Lead/a/b/c"),
        ("POST", f"{DATA}/query"),
        ("GET", "/services/data/v62.0/x/limits"),
    ],
)
def test_the_check_itself_refuses_other_calls(method: str, path: str) -> None:
    with pytest.raises(NotInTheInterface):
        check_call(method, path)


def _lead(org: SalesforceSandbox, **fields: Any) -> str:
    record: str = org.call("POST", "/sobjects/Lead", {**LEAD, **fields}).json()["id"]
    return record


def _upsert(org: SalesforceSandbox) -> requests.Response:
    return org.call("PATCH", "/sobjects/Task/Bridge_Message_Key__c/k", TASK)


def _updated(org: SalesforceSandbox) -> requests.Response:
    _upsert(org)
    return _upsert(org)


def _several(org: SalesforceSandbox) -> requests.Response:
    org.settings(not_unique=["Lead.Bridge_Key__c"])
    for _ in range(2):
        _lead(org, Bridge_Key__c="k")
    return org.call("PATCH", "/sobjects/Lead/Bridge_Key__c/k", {"Title": "Dr"})


def _expired(org: SalesforceSandbox) -> requests.Response:
    org.call("GET", "/limits")
    org.post("expire")
    return org.call("GET", "/limits")


def _spent(org: SalesforceSandbox) -> requests.Response:
    org.settings(daily_limit=0)
    return org.call("GET", "/limits")


def _duplicates(org: SalesforceSandbox) -> requests.Response:
    _lead(org)
    org.settings(duplicate_rules={"Lead": "block"})
    return org.call("POST", "/sobjects/Lead", LEAD)


def _taken(org: SalesforceSandbox) -> requests.Response:
    keyed = {**TASK, "Bridge_Message_Key__c": "k"}
    org.call("POST", "/sobjects/Task", keyed)
    return org.call("POST", "/sobjects/Task", keyed)


def _locked(org: SalesforceSandbox) -> requests.Response:
    lead = _lead(org)
    org.post("lock", {"id": lead})
    return org.call("PATCH", f"/sobjects/Lead/{lead}", {"Title": "Dr"})


def _converted(org: SalesforceSandbox) -> requests.Response:
    lead = _lead(org)
    org.post("convert", {"lead": lead})
    return org.call("PATCH", f"/sobjects/Lead/{lead}", {"Title": "Dr"})


def _partly(org: SalesforceSandbox) -> requests.Response:
    lead = _lead(org)
    org.post("lock", {"id": lead})
    kind = {"attributes": {"type": "Lead"}}
    records = [{**kind, "id": _lead(org)}, {**kind, "id": lead}]
    return org.call("PATCH", "/composite/sobjects", {"records": records})


def _rolled_back(org: SalesforceSandbox) -> requests.Response:
    _lead(org)
    org.settings(duplicate_rules={"Lead": "block"})
    parts = [
        _part("lead", "Lead", LEAD),
        _part("task", "Task", {**TASK, "WhoId": "@{lead.id}"}),
    ]
    return org.call("POST", "/composite", {"allOrNone": True, "compositeRequest": parts})


def _part(reference: str, name: str, body: Any) -> Mapping[str, Any]:
    url = f"{DATA}/sobjects/{name}"
    return {"referenceId": reference, "method": "POST", "url": url, "body": body}


def _login_rate(org: SalesforceSandbox) -> requests.Response:
    org.settings(logins_per_hour=0)
    return org.sign_in()


def _retired(org: SalesforceSandbox) -> requests.Response:
    org.call("GET", "/limits")
    bearer = {"authorization": f"Bearer {org.token}"}
    return requests.get(f"{org.url}/services/data/v30.0/limits", headers=bearer, timeout=60)


def _gateway(org: SalesforceSandbox) -> requests.Response:
    org.told("html", "/limits")
    return org.call("GET", "/limits")


PROVOKED: Mapping[str, Callable[[SalesforceSandbox], requests.Response]] = {
    "create_ok": lambda org: org.call("POST", "/sobjects/Lead", LEAD),
    "upsert_created": _upsert,
    "upsert_updated": _updated,
    "update_ok": lambda org: org.call("PATCH", f"/sobjects/Lead/{_lead(org)}", {"Title": "Dr"}),
    "external_id_multiple": _several,
    "session_expired": _expired,
    "daily_limit": _spent,
    "not_found_ext_field": lambda org: org.call("PATCH", "/sobjects/Lead/Nope__c/k", LEAD),
    "duplicates": _duplicates,
    "duplicate_value": _taken,
    "row_lock": _locked,
    "converted_lead": _converted,
    "bad_column": lambda org: org.query("SELECT Id, Nope FROM Opportunity"),
    "collections_partial": _partly,
    "composite_rolled_back": _rolled_back,
    "oauth_login_rate": _login_rate,
    "oauth_no_description": lambda org: org.sign_in(client_id="another"),
}
# An answer that is retired has no body of ours to compare; a gateway is none of Salesforce's.
BESIDES: Mapping[str, tuple[Callable[[SalesforceSandbox], requests.Response], int]] = {
    "api_version_retired": (_retired, 410),
    "html_gateway_error": (_gateway, 200),
}


def test_every_published_shape_is_provoked() -> None:
    assert PROVOKED.keys() | BESIDES.keys() == shapes().keys()


@pytest.mark.parametrize("name", PROVOKED)
def test_an_answer_has_the_published_shape(salesforce: SalesforceSandbox, name: str) -> None:
    answer = PROVOKED[name](salesforce)
    body = json.loads(answer.content) if answer.content else None
    check_answer(name, answer.status_code, _without_more(name, body))


def _without_more(name: str, body: Any) -> Any:
    """What the published answer of these is known to leave out, or to have been cut."""
    if name == "composite_rolled_back":
        for part in body["compositeResponse"]:
            part["body"] = [
                {key: value for key, value in one.items() if key != "duplicateResult"}
                for one in part["body"]
            ]
    return body


@pytest.mark.parametrize("name", BESIDES)
def test_an_answer_that_is_no_json_has_its_status(salesforce: SalesforceSandbox, name: str) -> None:
    provoke, status = BESIDES[name]
    assert provoke(salesforce).status_code == status


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        ("create_ok", 200, {"id": "x", "success": True, "errors": []}),
        ("create_ok", 201, {"id": "x", "success": "true", "errors": []}),
        ("create_ok", 201, {"id": "x", "success": True}),
        ("update_ok", 204, {}),
        ("session_expired", 401, [{"message": "x", "errorCode": "OTHER"}]),
        ("session_expired", 401, {"message": "x", "errorCode": "INVALID_SESSION_ID"}),
        ("collections_partial", 200, []),
    ],
)
def test_the_check_itself_refuses_other_answers(name: str, status: int, body: Any) -> None:
    with pytest.raises(NotInTheInterface):
        check_answer(name, status, body)


@pytest.fixture
def org() -> Org:
    made = Org()
    furnish(made)
    lead = {"Id": "00Q5g00000Lead1AAA", "LastName": "<Vega> & \x0b", "Company": "-", "OwnerId": ANA}
    deal = {"Name": "x", "StageName": "Prospecting", "CloseDate": "2026-12-01"}
    seed(made, {"Lead": [lead], "Contact": [{"LastName": "x"}], "Opportunity": [deal]})
    return made


def _notices(org: Org, object_name: str, number: int = 1) -> list[Notice]:
    (record,) = org.records[object_name]
    return [
        Notice(id=f"04l5g000000{n:04d}AAA", object=object_name, record=record)
        for n in range(number)
    ]


@pytest.mark.parametrize("object_name", FIELDS)
@pytest.mark.parametrize("number", [1, 100])
def test_an_outbound_message_fits_the_wsdl(org: Org, object_name: str, number: int) -> None:
    check_message(object_name, soap_body(org, _notices(org, object_name, number)))


def test_a_converted_lead_fits_too(org: Org) -> None:
    (record,) = org.records["Lead"].values()
    other = "0035g00000LuisAAAI"
    org.update(record, {"IsConverted": True, "ConvertedContactId": other}, LUIS)
    body = soap_body(org, _notices(org, "Lead"))
    check_message("Lead", body)
    assert other.encode() in body


def test_the_ack_of_the_connector_fits_the_wsdl() -> None:
    check_ack(ACK)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'<SessionId xsi:nil="true" />', b""),
        (b"</sf:Id>", b"</sf:Id><sf:Phone>+34600000001</sf:Phone>"),
        (b"<sf:IsDeleted>false", b"<sf:IsDeleted>no"),
        (b"<sf:OwnerId>0055g", b"<sf:OwnerId>5g"),
        (b'xsi:type="sf:Lead"', b'xsi:type="sf:Contact"'),
        (b"notifications", b"notification"),
    ],
)
def test_the_check_itself_refuses_other_messages(org: Org, old: bytes, new: bytes) -> None:
    whole = soap_body(org, _notices(org, "Lead"))
    assert old in whole
    with pytest.raises(NotInTheInterface):
        check_message("Lead", whole.replace(old, new))


def test_the_check_itself_refuses_a_hundred_and_one(org: Org) -> None:
    with pytest.raises(NotInTheInterface):
        check_message("Lead", soap_body(org, _notices(org, "Lead", 101)))
