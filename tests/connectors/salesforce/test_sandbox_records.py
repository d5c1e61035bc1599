"""The sandbox's records keep the rules of an org."""

from typing import Any

import pytest
import requests

from connectors.salesforce.sandbox_org import INTEGRATION_USER
from tests.connectors.salesforce.building import ANA, LUIS, OLD, QUEUE
from tests.connectors.salesforce.conftest import SalesforceSandbox

LEAD = {"LastName": "Vega", "Company": "-"}
DEAL = {"Name": "Vega", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
NOBODY = "0035g00000NobodAAB"


def made(org: SalesforceSandbox, name: str, body: Any, **headers: str) -> str:
    answer = org.call("POST", f"/sobjects/{name}", body, **headers)
    assert answer.status_code == 201, answer.text
    record: str = answer.json()["id"]
    return record


def refusal(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


def the(org: SalesforceSandbox, name: str) -> dict[str, Any]:
    (found,) = org.held(name)
    return found


@pytest.mark.parametrize(
    ("name", "body", "missing"),
    [
        ("Lead", {"FirstName": "Luz"}, ["LastName", "Company"]),
        ("Lead", {"LastName": "Vega", "Company": ""}, ["Company"]),
        ("Contact", {"FirstName": "Luz"}, ["LastName"]),
        ("Opportunity", {}, ["Name", "StageName", "CloseDate"]),
        ("OpportunityContactRole", {}, ["OpportunityId", "ContactId"]),
    ],
)
def test_required_fields_are_required(
    salesforce: SalesforceSandbox, name: str, body: Any, missing: list[str]
) -> None:
    answer = salesforce.call("POST", f"/sobjects/{name}", body)
    assert refusal(answer) == (400, "REQUIRED_FIELD_MISSING")
    assert answer.json()[0]["fields"] == missing
    assert salesforce.held(name) == []


def test_an_admin_may_require_more(salesforce: SalesforceSandbox) -> None:
    salesforce.settings(required_fields=["Lead.Email"], validation={"Contact": "say please"})
    assert refusal(salesforce.call("POST", "/sobjects/Lead", LEAD)) == (
        400,
        "REQUIRED_FIELD_MISSING",
    )
    answer = salesforce.call("POST", "/sobjects/Contact", {"LastName": "Vega"})
    assert refusal(answer) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")


@pytest.mark.parametrize(
    ("name", "more", "code"),
    [
        ("Contact", {"Nope": "x"}, "INVALID_FIELD"),
        ("Contact", {"Id": NOBODY}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("Contact", {"Name": "Luz"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("Contact", {"CreatedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("Contact", {"FirstName": "x" * 41}, "STRING_TOO_LONG"),
        ("Contact", {"Email": "no address"}, "INVALID_EMAIL_ADDRESS"),
        ("Contact", {"FirstName": ["x"]}, "JSON_PARSER_ERROR"),
        ("Contact", {"AccountId": "//evil.example"}, "MALFORMED_ID"),
        ("Contact", {"AccountId": NOBODY}, "MALFORMED_ID"),
        ("Contact", {"AccountId": "0015g00000NobodAAB"}, "INVALID_CROSS_REFERENCE_KEY"),
        ("Opportunity", {"CloseDate": "31.12.2026"}, "JSON_PARSER_ERROR"),
        ("Opportunity", {"Amount": "much"}, "JSON_PARSER_ERROR"),
        ("Opportunity", {"StageName": "Nope"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("Lead", {"Status": "Nope"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("Lead", {"IsConverted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_what_does_not_fit_a_field_is_refused(
    salesforce: SalesforceSandbox, name: str, more: Any, code: str
) -> None:
    whole = {"Contact": {"LastName": "Vega"}, "Opportunity": DEAL, "Lead": LEAD}[name]
    answer = salesforce.call("POST", f"/sobjects/{name}", {**whole, **more})
    assert refusal(answer) == (400, code)
    assert salesforce.held(name) == []


@pytest.mark.parametrize(
    ("name", "owner", "code"),
    [
        ("Lead", OLD, "INACTIVE_OWNER_OR_USER"),
        ("Lead", "0055g00000NobodAAB", "INVALID_CROSS_REFERENCE_KEY"),
        ("Lead", "501", "MALFORMED_ID"),
        ("Lead", f"{ANA[:15]}XXX", "MALFORMED_ID"),
        ("Opportunity", QUEUE, "MALFORMED_ID"),
    ],
)
def test_an_owner_has_to_work_here(
    salesforce: SalesforceSandbox, name: str, owner: str, code: str
) -> None:
    whole = {"Lead": LEAD, "Opportunity": DEAL}[name]
    answer = salesforce.call("POST", f"/sobjects/{name}", {**whole, "OwnerId": owner})
    assert refusal(answer) == (400, code)


def test_a_queue_owns_what_it_holds(salesforce: SalesforceSandbox) -> None:
    made(salesforce, "Lead", {**LEAD, "OwnerId": QUEUE})
    assert the(salesforce, "Lead")["OwnerId"] == QUEUE
    (other,) = salesforce.seed(Group=[{"Name": "Cases"}])["Group"]
    answer = salesforce.call("POST", "/sobjects/Lead", {**LEAD, "OwnerId": other})
    assert refusal(answer) == (400, "INVALID_QUEUE_FOR_OBJECT")


def test_an_owner_in_fifteen_characters_is_kept_in_eighteen(salesforce: SalesforceSandbox) -> None:
    made(salesforce, "Contact", {"LastName": "Vega", "OwnerId": ANA[:15]})
    assert the(salesforce, "Contact")["OwnerId"] == ANA


def test_without_an_owner_it_is_whoever_calls(salesforce: SalesforceSandbox) -> None:
    made(salesforce, "Contact", {"LastName": "Vega"})
    found = the(salesforce, "Contact")
    assert (found["OwnerId"], found["LastModifiedById"]) == (INTEGRATION_USER, INTEGRATION_USER)


@pytest.mark.parametrize("length", [15, 18])
def test_a_record_answers_to_either_length_of_its_id(
    salesforce: SalesforceSandbox, length: int
) -> None:
    place = f"/sobjects/Contact/{made(salesforce, 'Contact', {'LastName': 'Vega'})[:length]}"
    assert salesforce.call("PATCH", place, {"FirstName": "Luz"}).status_code == 204
    found = salesforce.call("GET", f"{place}?fields=Name,OwnerId").json()
    assert (found["Name"], found["attributes"]["type"]) == ("Luz Vega", "Contact")
    assert salesforce.call("DELETE", place).status_code == 204
    assert refusal(salesforce.call("PATCH", place, {})) == (404, "ENTITY_IS_DELETED")


@pytest.mark.parametrize(
    ("method", "path", "body", "refused"),
    [
        ("GET", f"/sobjects/Contact/{NOBODY}", None, (404, "NOT_FOUND")),
        ("PATCH", f"/sobjects/Contact/{NOBODY}", {}, (404, "NOT_FOUND")),
        ("GET", "/sobjects/Contact/12345", None, (400, "MALFORMED_ID")),
        ("GET", "/sobjects/Nope/describe", None, (404, "NOT_FOUND")),
        ("PUT", "/sobjects/Contact/", {}, (405, "METHOD_NOT_ALLOWED")),
        ("GET", "/nope", None, (404, "NOT_FOUND")),
        ("POST", "/sobjects/Contact", "text", (400, "JSON_PARSER_ERROR")),
    ],
)
def test_what_is_not_there_is_refused(
    salesforce: SalesforceSandbox, method: str, path: str, body: Any, refused: tuple[int, str]
) -> None:
    assert refusal(salesforce.call(method, path.rstrip("/"), body)) == refused


@pytest.mark.parametrize("value", ["k-1", "a/b", "a b?c#d", "+34600", "100%", "ключ"])
def test_an_upsert_makes_a_record_once(salesforce: SalesforceSandbox, value: str) -> None:
    place = f"/sobjects/Lead/Bridge_Key__c/{requests.utils.quote(value, safe='')}"  # type: ignore[attr-defined]
    first = salesforce.call("PATCH", place, LEAD)
    second = salesforce.call("PATCH", place, {"Title": "Dr"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert (first.json()["created"], second.json()["created"]) == (True, False)
    assert first.json()["id"] == second.json()["id"]
    found = the(salesforce, "Lead")
    assert (found["Bridge_Key__c"], found["Title"]) == (value, "Dr")


def test_an_upsert_that_may_only_change_makes_nothing(salesforce: SalesforceSandbox) -> None:
    place = "/sobjects/Lead/Bridge_Key__c/k-1?updateOnly=true"
    assert salesforce.call("PATCH", place, LEAD).status_code == 404
    assert salesforce.held("Lead") == []


def test_several_under_one_key_are_told_and_not_touched(salesforce: SalesforceSandbox) -> None:
    salesforce.settings(not_unique=["Lead.Bridge_Key__c"])
    pair = [made(salesforce, "Lead", {**LEAD, "Bridge_Key__c": "k"}) for _ in range(2)]
    answer = salesforce.call("PATCH", "/sobjects/Lead/Bridge_Key__c/k", {"Title": "Dr"})
    assert answer.status_code == 300
    assert answer.json() == [f"/services/data/v62.0/sobjects/Lead/{one}" for one in pair]
    assert [one["Title"] for one in salesforce.held("Lead")] == [None, None]


@pytest.mark.parametrize("body", [{"Id": NOBODY}, {"Bridge_Key__c": "k-1"}])
def test_an_upsert_does_not_name_its_key_twice(salesforce: SalesforceSandbox, body: Any) -> None:
    answer = salesforce.call("PATCH", "/sobjects/Lead/Bridge_Key__c/k-1", {**LEAD, **body})
    assert refusal(answer) == (400, "INVALID_FIELD")


@pytest.mark.parametrize("field", ["Phone", "Nope"])
def test_an_upsert_needs_an_external_id(salesforce: SalesforceSandbox, field: str) -> None:
    answer = salesforce.call("PATCH", f"/sobjects/Lead/{field}/k-1", LEAD)
    assert refusal(answer) == (404, "NOT_FOUND")


def test_fields_that_nobody_has_made_are_no_fields(salesforce: SalesforceSandbox) -> None:
    salesforce.settings(missing_fields=["Lead.Bridge_Key__c"])
    answer = salesforce.call("PATCH", "/sobjects/Lead/Bridge_Key__c/k-1", LEAD)
    assert refusal(answer) == (404, "NOT_FOUND")
    answer = salesforce.call("POST", "/sobjects/Lead", {**LEAD, "Bridge_Key__c": "k-1"})
    assert refusal(answer) == (400, "INVALID_FIELD")
    described = salesforce.call("GET", "/sobjects/Lead/describe").json()["fields"]
    assert "Bridge_Key__c" not in {one["name"] for one in described}


def test_a_unique_value_is_there_once_and_free_when_its_record_is_gone(
    salesforce: SalesforceSandbox,
) -> None:
    keyed = {**LEAD, "Bridge_Key__c": "k-1"}
    first = made(salesforce, "Lead", keyed)
    answer = salesforce.call("POST", "/sobjects/Lead", keyed)
    assert refusal(answer) == (400, "DUPLICATE_VALUE")
    assert first[:15] in answer.json()[0]["message"]
    salesforce.call("DELETE", f"/sobjects/Lead/{first}")
    second = made(salesforce, "Lead", keyed)
    salesforce.post("restore", {"id": first})
    keys = {one["Id"]: one["Bridge_Key__c"] for one in salesforce.held("Lead")}
    assert keys == {first: None, second: "k-1"}


@pytest.mark.parametrize(
    ("headers", "owner"),
    [
        ({}, QUEUE),
        ({"Sforce_Auto_Assign": "TRUE"}, QUEUE),
        ({"Sforce_Auto_Assign": "01Q5g000000abcdEAA"}, QUEUE),
        ({"Sforce_Auto_Assign": "FALSE"}, ANA),
        ({"sforce_auto_assign": "false"}, ANA),
    ],
)
def test_an_assignment_rule_takes_leads_unless_told_not_to(
    salesforce: SalesforceSandbox, headers: dict[str, str], owner: str
) -> None:
    salesforce.settings(assignment_rule_owner=QUEUE)
    lead = made(salesforce, "Lead", {**LEAD, "OwnerId": ANA}, **headers)
    assert the(salesforce, "Lead")["OwnerId"] == owner
    salesforce.call("PATCH", f"/sobjects/Lead/{lead}", {"OwnerId": ANA}, **headers)
    assert the(salesforce, "Lead")["OwnerId"] == owner


def test_it_takes_no_contacts(salesforce: SalesforceSandbox) -> None:
    salesforce.settings(assignment_rule_owner=LUIS)
    made(salesforce, "Contact", {"LastName": "Vega", "OwnerId": ANA})
    assert the(salesforce, "Contact")["OwnerId"] == ANA


PHONE = {"LastName": "Vega", "MobilePhone": "+34 600-000-001"}


@pytest.mark.parametrize(
    ("rule", "header", "status"),
    [
        ("block", "", 400),
        ("block", "allowSave=true", 400),
        ("alert", "", 400),
        ("alert", "allowSave=false; includeRecordDetails=true", 400),
        ("alert", "allowSave=true", 201),
    ],
)
def test_duplicate_rules_refuse_and_name_who_is_there(
    salesforce: SalesforceSandbox, rule: str, header: str, status: int
) -> None:
    there = made(salesforce, "Contact", PHONE)
    salesforce.settings(duplicate_rules={"Contact": rule})
    headers = {"Sforce_Duplicate_Rule_Header": header} if header else {}
    twin = {"LastName": "Other", "Phone": "0034600000001"}
    answer = salesforce.call("POST", "/sobjects/Contact", twin, **headers)
    assert answer.status_code == status
    assert len(salesforce.held("Contact")) == (2 if status == 201 else 1)
    named = [
        match["record"]["Id"]
        for error in (answer.json() if status == 400 else [])
        for result in error["duplicateResult"]["matchResults"]
        for match in result["matchRecords"]
    ]
    assert named == ([] if status == 201 else [there])


def test_a_lead_is_a_duplicate_of_a_contact_too_but_not_of_a_converted_lead(
    salesforce: SalesforceSandbox,
) -> None:
    lead = made(salesforce, "Lead", {**PHONE, "Company": "-"})
    contact = salesforce.post("convert", {"lead": lead})["Contact"]
    salesforce.settings(duplicate_rules={"Lead": "block"})
    answer = salesforce.call("POST", "/sobjects/Lead", {**PHONE, "Company": "x"})
    (match,) = answer.json()[0]["duplicateResult"]["matchResults"]
    assert (match["entityType"], match["matchRecords"][0]["record"]["Id"]) == ("Contact", contact)


def test_a_locked_record_is_refused_so_often_as_told(salesforce: SalesforceSandbox) -> None:
    lead = made(salesforce, "Lead", LEAD)
    salesforce.post("lock", {"id": lead, "times": 2})
    found = [salesforce.call("PATCH", f"/sobjects/Lead/{lead}", {}) for _ in range(3)]
    assert [one.status_code for one in found] == [400, 400, 204]
    assert refusal(found[0]) == (400, "UNABLE_TO_LOCK_ROW")


@pytest.mark.parametrize(("status", "code"), [("Completed", 201), ("Not Started", 400)])
def test_a_task_that_is_closed_when_it_is_made_waits_for_no_lock(
    salesforce: SalesforceSandbox, status: str, code: int
) -> None:
    contact = made(salesforce, "Contact", {"LastName": "Vega"})
    salesforce.post("lock", {"id": contact})
    task = {"WhoId": contact, "Subject": "x", "Status": status}
    assert salesforce.call("POST", "/sobjects/Task", task).status_code == code


def test_a_task_has_its_rules(salesforce: SalesforceSandbox) -> None:
    lead, deal = made(salesforce, "Lead", LEAD), made(salesforce, "Opportunity", DEAL)
    task = {"Subject": "x", "Status": "Completed"}
    for more, code in (
        ({"WhoId": lead, "WhatId": deal}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"WhoId": deal}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"WhoId": NOBODY}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"Subject": "x" * 256}, "STRING_TOO_LONG"),
        ({"Description": "x" * 32_001}, "STRING_TOO_LONG"),
        ({"Status": "Erledigt"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
    ):
        answer = salesforce.call("POST", "/sobjects/Task", {**task, **more})
        assert refusal(answer) == (400, code)
    made(salesforce, "Task", {**task, "WhoId": lead, "Description": "x" * 32_000})
    assert the(salesforce, "Task")["IsClosed"] is True


def test_a_deal_that_is_made_with_a_contact_has_him_as_its_primary_one(
    salesforce: SalesforceSandbox,
) -> None:
    contact = made(salesforce, "Contact", {"LastName": "Vega"})
    deal = made(salesforce, "Opportunity", {**DEAL, "ContactId": contact})
    role = the(salesforce, "OpportunityContactRole")
    assert (role["OpportunityId"], role["ContactId"], role["IsPrimary"]) == (deal, contact, True)
    answer = salesforce.call("PATCH", f"/sobjects/Opportunity/{deal}", {"ContactId": contact})
    assert refusal(answer) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


def test_a_reference_may_go_by_an_external_id(salesforce: SalesforceSandbox) -> None:
    contact = made(salesforce, "Contact", {"LastName": "Vega", "Bridge_Key__c": "k-1"})
    deal = made(salesforce, "Opportunity", DEAL)
    role = {"OpportunityId": deal, "Contact": {"Bridge_Key__c": "k-1"}}
    made(salesforce, "OpportunityContactRole", role)
    assert the(salesforce, "OpportunityContactRole")["ContactId"] == contact
    wrong = {"OpportunityId": deal, "Contact": {"Bridge_Key__c": "k-2"}}
    answer = salesforce.call("POST", "/sobjects/OpportunityContactRole", wrong)
    assert refusal(answer) == (400, "INVALID_FIELD")


def test_a_stage_says_whether_a_deal_is_over(salesforce: SalesforceSandbox) -> None:
    deal = made(salesforce, "Opportunity", DEAL)
    assert the(salesforce, "Opportunity")["IsClosed"] is False
    salesforce.call("PATCH", f"/sobjects/Opportunity/{deal}", {"StageName": "Closed Lost"})
    found = the(salesforce, "Opportunity")
    assert (found["IsClosed"], found["IsWon"]) == (True, False)


def test_who_may_only_read_writes_nothing(salesforce: SalesforceSandbox) -> None:
    salesforce.settings(read_only=["Contact"])
    answer = salesforce.call("POST", "/sobjects/Contact", {"LastName": "Vega"})
    assert refusal(answer) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")
    told = salesforce.call("GET", "/sobjects/Contact/describe").json()
    assert (told["createable"], told["updateable"]) == (False, False)
