"""What each answer of Salesforce means, what counts as an answer, and what nobody gets to read."""

import json
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from bridge.domain.errors import (
    BridgeError,
    ConfigError,
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
)
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from tests.connectors.salesforce.building import ANA, account

ORG = "https://acme.my.salesforce.com"
DATA = f"{ORG}/services/data/v62.0"
PHONE = "+34600000001"
LEAD_ID = "00Q5g00000PiaAAEAZ"
OWNER_IS_OURS = {"Sforce-Auto-Assign": "FALSE"}
NEW_LEAD = {"LastName": "Vega", "Company": "-", "OwnerId": ANA, "Bridge_Key__c": "k1"}


@pytest.fixture
def elsewhere() -> SalesforceClient:
    """Of an org whose answers the test gives itself; the sign-in works."""
    given = {"access_token": "00D!very-secret", "instance_url": ORG}
    responses.post(f"{ORG}/services/oauth2/token", json=given)
    return SalesforceClient(account(options={"login_url": ORG}))


def said(code: str, message: str = f"{PHONE} is wrong", **more: Any) -> list[dict[str, Any]]:
    return [{"errorCode": code, "message": message, **more}]


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "error", "code"),
    [
        (400, said("UNABLE_TO_LOCK_ROW"), DeliveryTransient, None),
        (400, said("QUERY_TIMEOUT"), DeliveryTransient, None),
        (400, said("STRING_TOO_LONG", fields=["Subject"]), SalesforceRefused, "STRING_TOO_LONG"),
        (
            400,
            said("CANNOT_UPDATE_CONVERTED_LEAD"),
            SalesforceRefused,
            "CANNOT_UPDATE_CONVERTED_LEAD",
        ),
        (403, said("INSUFFICIENT_ACCESS"), SalesforceRefused, "INSUFFICIENT_ACCESS"),
        (403, said("API_DISABLED_FOR_ORG"), CredentialsInvalid, None),
        (404, said("NOT_FOUND"), SalesforceRefused, "NOT_FOUND"),
        (410, said("UNSUPPORTED_API_VERSION"), CredentialsInvalid, None),
        (410, None, CredentialsInvalid, None),
        (404, None, DeliveryRejected, ""),
        (400, {"error": "x"}, DeliveryRejected, ""),
        (400, said(f"{PHONE} LEAKS"), DeliveryRejected, ""),
        (302, None, OutcomeUnknown, None),
        (
            300,
            [f"/services/data/v62.0/sobjects/Lead/{LEAD_ID}"],
            SalesforceRefused,
            "MULTIPLE_CHOICES",
        ),
        (503, said("SERVER_UNAVAILABLE"), OutcomeUnknown, None),
        (200, {"id": "//evil"}, OutcomeUnknown, None),
        (200, [], OutcomeUnknown, None),
        (200, 5, OutcomeUnknown, None),
    ],
)
def test_what_an_answer_means(
    elsewhere: SalesforceClient,
    status: int,
    body: Any,
    error: type[BridgeError],
    code: str | None,
) -> None:
    headers = {"location": "https://evil.example/"}
    responses.post(f"{DATA}/sobjects/Lead/", json=body, status=status, headers=headers)
    with pytest.raises(error) as raised:
        elsewhere.create("Lead", NEW_LEAD)
    assert getattr(raised.value, "code", None) == code
    assert PHONE not in str(raised.value)


@responses.activate
@pytest.mark.parametrize(
    ("message", "longest"),
    [("ConcurrentRequests (Concurrent API Requests) Limit exceeded.", 30), ("TotalRequests", 3600)],
)
def test_a_limit_says_how_long_to_wait(
    elsewhere: SalesforceClient, message: str, longest: int
) -> None:
    body = said("REQUEST_LIMIT_EXCEEDED", message)
    responses.post(f"{DATA}/sobjects/Lead/", json=body, status=403)
    with pytest.raises(DeliveryTransient) as raised:
        elsewhere.create("Lead", NEW_LEAD)
    assert (raised.value.account_wide, raised.value.retry_at is None) == (True, False)
    now = datetime.now(UTC)
    assert raised.value.retry_at is not None
    assert now < raised.value.retry_at < now + timedelta(seconds=longest)


def match(*records: tuple[str, float]) -> dict[str, Any]:
    found = [{"matchConfidence": c, "record": {"Id": one}} for one, c in records]
    return {"matchResults": [{"matchRecords": found}]}


@responses.activate
@pytest.mark.parametrize(
    ("body", "existing"),
    [
        (
            said(
                "DUPLICATE_VALUE",
                f"duplicate value found: K duplicates value on record with id: {LEAD_ID[:15]}",
            ),
            (LEAD_ID,),
        ),
        (said("DUPLICATE_VALUE", f"… on record with id: {LEAD_ID}"), (LEAD_ID,)),
        (said("DUPLICATE_VALUE", "… on record with id: <unknown>"), ()),
        (
            said(
                "DUPLICATES_DETECTED",
                duplicateResult=match((LEAD_ID, 80.0), ("0035g00000Pia0AAAR", 92)),
            ),
            ("0035g00000Pia0AAAR", LEAD_ID),
        ),
        (said("DUPLICATES_DETECTED", duplicateResult={"matchResults": []}), ()),
        (said("DUPLICATES_DETECTED", duplicateResult=match(("//evil", 99.0))), ()),
        (said("DUPLICATES_DETECTED", duplicateResult="odd"), ()),
    ],
)
def test_what_is_in_the_way_is_named(
    elsewhere: SalesforceClient, body: Any, existing: Sequence[str]
) -> None:
    responses.post(f"{DATA}/sobjects/Lead/", json=body, status=400)
    with pytest.raises(SalesforceRefused) as raised:
        elsewhere.create("Lead", NEW_LEAD)
    assert raised.value.existing == existing


@responses.activate
@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/services/data/v62.0/query/01g-2000",
        "//evil.example/services/data/v62.0/query/01g-2000",
        "/services/data/v62.0/query/../sobjects/User",
        "/services/data/v62.0/sobjects/User",
        "/services/oauth2/revoke?token=x",
    ],
)
def test_a_further_page_is_read_nowhere_else(elsewhere: SalesforceClient, following: str) -> None:
    page = {"done": False, "records": [], "totalSize": 9, "nextRecordsUrl": following}
    responses.get(f"{DATA}/query/", json=page)
    with pytest.raises(OutcomeUnknown, match="leads elsewhere"):
        elsewhere.query("SELECT Id FROM Lead")
    assert len(responses.calls) == 2


@responses.activate
def test_pages_without_end_are_given_up(elsewhere: SalesforceClient) -> None:
    more = {"records": [], "nextRecordsUrl": "/services/data/v62.0/query/01g-2000"}
    responses.get(f"{DATA}/query/", json=more)
    responses.get(f"{DATA}/query/01g-2000", json=more)
    with pytest.raises(OutcomeUnknown, match="pages"):
        elsewhere.query("SELECT Id FROM Lead")


@responses.activate
@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        [{"success": True}],
        [{"success": "yes", "id": LEAD_ID, "errors": []}],
        [{"success": False}],
        [{"success": True, "id": LEAD_ID, "errors": []}] * 2,
    ],
)
def test_an_odd_answer_to_a_collection_leaves_it_open(
    elsewhere: SalesforceClient, answer: Any
) -> None:
    responses.post(f"{DATA}/composite/sobjects", json=answer)
    with pytest.raises(OutcomeUnknown):
        elsewhere.collections("POST", [{"attributes": {"type": "Lead"}}])


@responses.activate
@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"compositeResponse": []},
        {"compositeResponse": [{"referenceId": "a", "httpStatusCode": "200"}]},
        {"compositeResponse": [{"httpStatusCode": 200, "body": {}}]},
    ],
)
def test_an_odd_answer_to_a_composite_call_leaves_it_open(
    elsewhere: SalesforceClient, answer: Any
) -> None:
    responses.post(f"{DATA}/composite", json=answer)
    part = {"method": "GET", "url": "limits", "referenceId": "a"}
    with pytest.raises(OutcomeUnknown):
        elsewhere.composite([part])


@responses.activate
def test_the_version_is_ours_and_may_be_chosen() -> None:
    given = {"access_token": "00D!t", "instance_url": ORG}
    responses.post(f"{ORG}/services/oauth2/token", json=given)
    asked = responses.get(
        f"{ORG}/services/data/v66.0/query/",
        json={"records": []},
        match=[matchers.header_matcher({"Authorization": "Bearer 00D!t"})],
    )
    options = {"login_url": ORG, "api_version": "66.0"}
    assert SalesforceClient(account(options=options)).query("SELECT Id FROM Lead") == []
    assert asked.call_count == 1


@pytest.mark.parametrize("version", ["62", "v62.0", "62.0/../..", "", "62.5"])
def test_an_odd_version_is_refused_at_the_start(version: str) -> None:
    with pytest.raises(ConfigError, match="api_version"):
        SalesforceClient(account(options={"api_version": version}))


@responses.activate
@pytest.mark.parametrize("error", [requests.ReadTimeout("x"), requests.ConnectionError("x")])
def test_neither_clients_nor_tokens_stand_in_what_is_logged(
    elsewhere: SalesforceClient, error: Exception
) -> None:
    key = f"wa:{PHONE}"
    url = f"{DATA}/sobjects/Lead/Bridge_Key__c/wa%3A%2B34600000001"
    calls: Mapping[str, Callable[[], object]] = {
        f"{DATA}/query/": lambda: elsewhere.query(f"SELECT Id FROM Lead WHERE Phone = '{PHONE}'"),
        url: lambda: elsewhere.upsert("Lead", "Bridge_Key__c", key, {"Phone": PHONE}),
    }
    for address, call in calls.items():
        responses.add("GET" if "query" in address else "PATCH", address, body=error)
        with pytest.raises(BridgeError) as raised:
            call()
        told = "".join(traceback.format_exception(raised.value))
        assert not any(word in told for word in (PHONE, "34600000001", "very-secret"))


@responses.activate
def test_headers_of_one_call_do_not_stay_for_the_next(elsewhere: SalesforceClient) -> None:
    responses.post(f"{DATA}/sobjects/Lead/", json={"id": LEAD_ID, "success": True, "errors": []})
    elsewhere.create("Lead", NEW_LEAD, OWNER_IS_OURS)
    elsewhere.create("Lead", NEW_LEAD)
    *_, first, second = [call.request for call in responses.calls]
    assert (first.headers["Sforce-Auto-Assign"], "Sforce-Auto-Assign" in second.headers) == (
        "FALSE",
        False,
    )
    assert json.loads(first.body or "") == NEW_LEAD
