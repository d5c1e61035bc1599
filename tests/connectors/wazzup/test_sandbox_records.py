"""Users, contacts, deals and pipelines of the stand-in (WS-12)."""

from typing import Any

import pytest

from tests.connectors.wazzup.phone import Phone

CONTACT = {
    "id": "c-1",
    "responsibleUserId": "7",
    "name": "Eva",
    "contactData": [{"chatType": "whatsapp", "chatId": "79111111111"}],
}
DEAL = {
    "id": "d-1",
    "responsibleUserId": "7",
    "name": "Eva",
    "uri": "https://crm.example/d/1",
    "contacts": ["c-1"],
    "closed": False,
}


GOOD: dict[str, dict[str, Any]] = {
    "contacts": CONTACT,
    "deals": DEAL,
    "users": {"id": "0", "name": "Ana"},
}


@pytest.mark.parametrize(("kind", "record"), [("contacts", CONTACT), ("deals", DEAL)])
def test_records_are_upserted_listed_and_deleted(
    phone: Phone, kind: str, record: dict[str, Any]
) -> None:
    many = [record | {"id": f"x{n:03}"} for n in range(100)]
    for given in (many, [record], [record | {"name": "Eva Luz"}]):
        assert phone.call("POST", f"/v3/{kind}", given).status == 200
    page = phone.call("GET", f"/v3/{kind}?offset=100").body
    assert (page["count"], len(page["data"])) == (101, 1)
    assert phone.call("GET", f"/v3/{kind}/{record['id']}").body["name"] == "Eva Luz"
    gone = phone.call("PATCH", f"/v3/{kind}/bulk_delete", [record["id"], "nobody"])
    assert gone.body == ["nobody"]
    assert phone.call("DELETE", f"/v3/{kind}/{record['id']}").status == 404


@pytest.mark.parametrize(
    ("kind", "record", "fields"),
    [
        ("contacts", CONTACT | {"contactData": []}, ["contactData"]),
        ("contacts", CONTACT | {"name": "x" * 201}, ["name"]),
        ("contacts", CONTACT | {"id": "x" * 101}, ["id"]),
        ("deals", DEAL | {"closed": "no"}, ["closed"]),
        ("deals", DEAL | {"uri": None}, ["uri"]),
        ("users", {"id": "1"}, ["name"]),
    ],
)
def test_ws_12_one_bad_record_refuses_the_call_and_is_pointed_at(
    phone: Phone, kind: str, record: dict[str, Any], fields: list[str]
) -> None:
    good = GOOD[kind]
    answered = phone.call("POST", f"/v3/{kind}", [good, record])
    assert answered.body["error"] == f"INVALID_{kind.upper()}_DATA"
    assert answered.body["data"] == [{"index": 1, "fields": fields}]
    assert phone.call("GET", f"/v3/{kind}/{good['id']}").status == 404


def test_ws_12_limits_of_one_call(phone: Phone) -> None:
    users = [{"id": f"u{n}", "name": "Ana"} for n in range(101)]
    assert phone.call("POST", "/v3/users", users).body["error"] == "TOO_MANY_ENTITIES"
    assert phone.call("POST", "/v3/users", [users[0], users[0]]).status == 500
    same = [user | {"phone": "79111111111"} for user in users[:2]]
    assert phone.call("POST", "/v3/users", same).body["error"] == "DUPLICATE_PHONE_NUMBER"


@pytest.mark.parametrize(
    ("pipelines", "status"),
    [
        ([{"id": "1", "name": "Sales"}], 200),
        ([{"id": "1", "name": "Sales", "stages": [{"id": "2", "name": "New"}]}], 200),
        ([{"id": "1", "name": "Sales", "stages": []}], 400),
        ([{"id": "1", "name": "x" * 101}], 400),
        ([{"id": "1"}], 400),
        ({}, 400),
    ],
)
def test_pipelines_are_replaced_if_they_are_right(
    phone: Phone, pipelines: object, status: int
) -> None:
    assert phone.call("POST", "/v3/pipelines", pipelines).status == status
    assert phone.call("GET", "/v3/pipelines").body == (pipelines if status == 200 else [])
