"""The messenger's own window follows the mirror: in bulk, once, and never with a leak (WS-09)."""

import os
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bridge.domain.messenger_window import WindowClient
from bridge.domain.names import AccountName
from bridge.domain.people import Role
from bridge.pipeline.mirror import sync
from bridge.pipeline.parts import Parts
from bridge.pipeline.upkeep import tick
from bridge.store.pushes import PushState
from bridge.store.schema import PUSHES, REFRESHES, WINDOWS
from tests.pipeline.world import (
    ANA,
    CHAT,
    CRM,
    World,
    client,
    in_another_process,
    known_clients,
)

FIRST = "100000"  # the CRM's id of the first known client
MIRROR = "mirror:wazzup-main"
PUT_CLIENTS = "POST /v3/contacts"


@dataclass
class OfMessenger:
    """The messenger's rate is used up but for what reading costs; the CRM's is not."""

    pause: float = 3.0

    def take(self, account: AccountName, calls: int) -> float:
        return self.pause if account == CHAT and calls < 5 else 0.0


def shown(house: World, kind: str = "contacts") -> dict[str, Any]:
    """What the window has, by id."""
    return {str(record["id"]): record for record in house.phone()["records"].get(kind, ())}


def responsible(house: World, contact: str = FIRST) -> str | None:
    found = shown(house).get(contact)
    return None if found is None else str(found["responsibleUserId"])


def asked(house: World, call: str) -> list[int]:
    """How many records each such call to the messenger held."""
    return [count for made, count in house.phone()["asked"] if made == call]


def deal_of_bruno(house: World) -> None:
    deal = {
        "dealname": "Order",
        "pipeline": "default",
        "dealstage": "appointmentscheduled",
        "hubspot_owner_id": "102",
    }
    house.seed(deals=[{"id": "600001", "properties": deal, "contacts": [FIRST]}])
    house.person_changes("deals", "600001", amount="100")


def owner_is_told(house: World, crm_id: str) -> None:
    """A webhook that comes while something else is under way."""
    house.receives(CRM, [owner_event(house, crm_id)])
    house.drain("in:hubspot-main")


def owner_event(house: World, crm_id: str) -> dict[str, Any]:
    now = house.parts.now()
    return {
        "eventId": int(now.timestamp() * 1_000_000),
        "subscriptionId": 1,
        "portalId": 1,
        "appId": 1,
        "occurredAt": int(now.timestamp() * 1000),
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": int(FIRST),
        "propertyName": "hubspot_owner_id",
        "propertyValue": crm_id,
        "changeSource": "CRM_UI",
    }


def owner_becomes(house: World, crm_id: str, contact: str = FIRST) -> None:
    with house.hooks():
        house.person_changes("contacts", contact, hubspot_owner_id=crm_id)
        house.hears(CRM, 1)
        house.settle()


def test_employees_with_a_role_and_pipelines_are_there_after_the_first_sync(house: World) -> None:
    """WS-11: a counter works only for who has a role."""
    assert set(shown(house, "users")) == {"101", "102", "103", "104"}
    assert [one["id"] for one in house.phone()["pipelines"]] == ["default"]


def test_ws_09_a_client_is_shown_to_his_owner_with_all_that_is_needed_and_no_more(
    house: World,
) -> None:
    [phone] = known_clients(house, 1)
    [contact] = shown(house).values()
    url = contact.pop("uri")
    assert contact == {
        "id": FIRST,
        "name": "Client 0",
        "responsibleUserId": "101",
        "contactData": [{"chatType": "whatsapp", "chatId": phone}],
    }
    assert url.startswith("https://bridge.example/conversations/")
    assert phone not in url
    assert house.count(REFRESHES) == 0


def test_ws_12_250_contacts_are_calls_of_100_100_and_50(small: World) -> None:
    known_clients(small, 250)
    before = asked(small, PUT_CLIENTS)
    sync(small.parts)
    assert asked(small, PUT_CLIENTS)[len(before) :] == [100, 100, 50]
    assert len(shown(small)) == 250
    assert small.count(PUSHES, state=PushState.DUE) == 0


def test_what_the_window_shows_already_costs_no_call(house: World) -> None:
    [phone] = known_clients(house, 1)
    house.client_writes(phone, "once more")
    house.settle()
    with house.hooks():
        house.person_changes("contacts", FIRST, lifecyclestage="customer")
        house.hears(CRM, 1)
        house.settle()
    assert asked(house, PUT_CLIENTS) == [1]


def test_a_new_owner_in_the_crm_has_the_client_there_at_once(house: World) -> None:
    known_clients(house, 1)
    owner_becomes(house, "102")
    assert responsible(house) == "102"


def test_who_nobody_owns_is_taken_out_so_that_those_who_take_new_clients_see_him(
    house: World,
) -> None:
    """WS-08"""
    known_clients(house, 1)
    owner_becomes(house, "")
    assert shown(house) == {}
    assert house.count(PUSHES, kind="client") == 0


def test_a_new_client_is_there_once_the_crm_has_him(house: World) -> None:
    house.client_writes("34600999888")
    house.settle()
    [contact] = house.crm()["contacts"]
    [deal] = house.crm()["deals"]
    assert responsible(house, contact["id"]) == contact["properties"]["hubspot_owner_id"]
    there = shown(house, "deals")[deal["id"]]
    assert there["contacts"] == [contact["id"]]
    assert there["closed"] is False


def test_ws_09_the_owner_of_an_open_deal_sees_it_and_of_a_closed_one_does_not(
    house: World,
) -> None:
    [_] = known_clients(house, 1)
    with house.hooks():
        deal_of_bruno(house)
        house.hears(CRM, 1)
        house.settle()
        assert shown(house, "deals")["600001"]["responsibleUserId"] == "102"
        house.person_changes("deals", "600001", dealstage="closedwon")
        house.hears(CRM, 2)
        house.settle()
    assert shown(house, "deals") == {}
    assert responsible(house) == "101"


@pytest.mark.parametrize("privacy", [False, True])
def test_who_is_deleted_or_erased_in_the_crm_is_gone_there(house: World, privacy: bool) -> None:
    known_clients(house, 1)
    with house.hooks():
        house.in_crm("delete", kind="contacts", id=FIRST, privacy=privacy)
        house.hears(CRM, 1)
        house.settle()
    assert shown(house) == {}
    assert house.count(PUSHES, kind="client") == 0


def test_merged_clients_are_one_there_with_both_chats(house: World) -> None:
    one, two = known_clients(house, 2)
    with house.hooks():
        house.in_crm("merge", kind="contacts", primary="100001", others=[FIRST])
        house.hears(CRM, 1)
        house.settle()
    [(contact, record)] = shown(house).items()
    survivor = house.crm()["contacts"][0]["id"]
    assert contact == survivor
    assert {chat["chatId"] for chat in record["contactData"]} == {one, two}


def test_an_owner_who_left_is_no_user_any_more_and_the_fallback_has_his_clients(
    house: World,
) -> None:
    known_clients(house, 1)
    house.seed(owners=[{"id": "101", "email": ANA, "firstName": "Ana", "archived": True}])
    house.later(2 * 3600)
    tick(house.parts)
    house.settle()
    assert "101" not in shown(house, "users")
    assert responsible(house) == "103"


def test_without_a_role_he_is_no_user_and_sees_nobody(house: World) -> None:
    """ROL-14"""
    known_clients(house, 1)
    employees = house.active().policy.employees
    house.use(employees={**employees, ANA: replace(employees[ANA], role=Role.NONE)})
    tick(house.parts)
    house.settle()
    assert "101" not in shown(house, "users")
    assert responsible(house) == "103"


def test_quality_control_is_a_user_and_never_responsible(house: World) -> None:
    known_clients(house, 1)
    owner_becomes(house, "104")
    assert "104" in shown(house, "users")
    assert responsible(house) == "103"


def test_ws_12_a_bad_one_is_named_and_the_rest_is_there(house: World) -> None:
    made = [client(number) for number in range(3)]
    long = {**made[1][1], "id": "9" * 101}
    house.seed(contacts=[made[0][1], long, made[2][1]])
    house.receives(CHAT, {"messages": [house.message(phone, "first") for phone, _ in made]})
    house.settle()
    assert set(shown(house)) == {"100000", "100002"}
    [row] = [row for row in house.rows(PUSHES) if row["state"] == PushState.REFUSED]
    assert row["reason"] == "INVALID_CONTACTS_DATA"
    assert [line.split(":")[1] for line in sync(house.parts).refused] == [" INVALID_CONTACTS_DATA"]


@pytest.mark.parametrize("fault", ["500", "500_after", "reset", "reset_after", "429", "html"])
def test_what_fails_is_told_later_and_nothing_is_lost(small: World, fault: str) -> None:
    small.fail(CHAT, match="POST /v3/contacts", fault=fault, times=2)
    known_clients(small, 3)
    small.patiently()
    assert set(shown(small)) == {"100000", "100001", "100002"}
    assert small.count(PUSHES, state=PushState.DUE) == 0


def test_a_key_that_may_not_use_the_window_holds_no_message_back(small: World) -> None:
    small.fail(CHAT, match="/v3/contacts", fault="403_quota")
    [phone] = known_clients(small, 1)
    small.client_writes(phone, "and now?")
    small.settle()
    assert "and now?" in small.entries()[-1]
    states = {row["state"] for row in small.rows(PUSHES) if row["kind"] == "client"}
    assert states == {PushState.REFUSED}


def test_without_rate_the_rest_waits_and_is_told(small: World) -> None:
    budget = OfMessenger()
    small.parts = replace(small.parts, budgets=budget)
    known_clients(small, 1)
    assert shown(small) == {}
    budget.pause = 0.0
    small.patiently(rounds=2)
    assert set(shown(small)) == {FIRST}


def test_a_worker_that_is_killed_after_a_push_pushes_it_again_and_no_more(house: World) -> None:
    house.seed(contacts=[client(0)[1]])
    house.client_writes(client(0)[0])
    house.drain("in:wazzup-main")

    def dies_after_the_call(parts: Parts) -> None:
        connector = house.vendors.connector(CHAT)
        assert connector.window is not None
        window = connector.window(parts.active().accounts[CHAT])
        put = window.put_clients

        def put_and_die(clients: list[WindowClient]) -> None:
            put(clients)
            os._exit(9)

        window.put_clients = put_and_die  # type: ignore[method-assign, assignment]
        house.vendors.connectors[CHAT] = replace(connector, window=lambda account: window)
        house.drain(MIRROR)

    assert os.waitstatus_to_exitcode(in_another_process(house, dies_after_the_call)) == 9
    assert house.count(PUSHES, state=PushState.DUE) > 0
    house.patiently(rounds=2)
    assert set(shown(house)) == {FIRST}
    assert asked(house, PUT_CLIENTS) == [1, 1]
    assert house.count(PUSHES, state=PushState.DUE) == 0


def test_a_change_while_it_is_told_is_told_too(house: World) -> None:
    known_clients(house, 1)
    connector = house.vendors.connector(CHAT)
    assert connector.window is not None
    window = connector.window(house.active().accounts[CHAT])
    put = window.put_clients
    changes = [lambda: owner_is_told(house, "103"), lambda: owner_is_told(house, "102")]

    def put_while_it_changes(clients: list[WindowClient]) -> Any:
        if changes:
            changes.pop()()
        return put(clients)

    window.put_clients = put_while_it_changes  # type: ignore[method-assign, assignment]
    house.vendors.connectors[CHAT] = replace(connector, window=lambda account: window)
    owner_is_told(house, "104")
    house.settle()
    assert responsible(house) == "103"


def test_option_window_off_tells_nothing(small: World) -> None:
    small.tune(CHAT, window="off")
    sync(small.parts)
    known_clients(small, 2)
    assert shown(small) == {}
    assert small.count(WINDOWS) == 0
    assert small.count(PUSHES) == 0
    assert set(shown(small, "users")) == {"101", "102", "103", "104"}
