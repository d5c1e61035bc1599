"""Who strangers are is asked once for a whole run, and nobody is lost while the CRM is down."""

import json

from bridge.domain.records import ClientState
from bridge.store.schema import CONVERSATIONS, DECISIONS, INBOX, NOTIFICATIONS, REFRESHES
from tests.pipeline.world import CHAT, CRM, LUIS, World, client, known_clients


def reasons(house: World, place: int) -> list[str]:
    record = json.loads(bytes(house.rows(DECISIONS)[place]["record"]))
    return [reason["code"] for reason in record["reasons"]]


def test_many_strangers_cost_one_search(small: World) -> None:
    made = [client(number) for number in range(6)]
    small.seed(contacts=[contact for _, contact in made[:3]])
    for phone, _ in made:
        small.client_writes(phone)
    small.settle()
    assert small.calls("contacts/search") == 1
    assert len(small.crm()["contacts"]) == 6


def test_known_clients_cost_no_call(small: World) -> None:
    phones = known_clients(small, 3)
    before = small.crm()["calls"]
    for phone in phones:
        small.client_writes(phone)
    small.drain("in:wazzup-main")
    assert small.crm()["calls"] == before


def test_two_messages_of_a_stranger_in_one_run_make_one_contact(small: World) -> None:
    """NEW-08"""
    body = {"messages": [small.message(text="one"), small.message(text="two")]}
    small.receives(CHAT, body)
    small.settle()
    crm = small.crm()
    assert [len(crm[kind]) for kind in ("contacts", "deals", "communications")] == [1, 1, 2]


def test_while_the_crm_is_down_messages_are_kept_and_managers_see_them(small: World) -> None:
    """ROL-17"""
    small.fail(CRM, match=".*", fault="500")
    small.client_writes(text="anybody there?")
    small.settle()
    assert [row["state"] for row in small.rows(INBOX)] == ["done"]
    [conversation] = small.rows(CONVERSATIONS)
    assert conversation["client"] == ClientState.UNIDENTIFIED
    assert "crm.unavailable" in reasons(small, 0)
    assert "timeline.waits_for_contact" in reasons(small, 0)
    assert [row["employee"] for row in small.rows(NOTIFICATIONS)] == [LUIS]


def test_once_the_crm_is_back_all_is_identified_and_written_in_order(house: World) -> None:
    """ROL-17: the CRM write waits in the queue."""
    phone, contact = client(1)
    house.seed(contacts=[contact])
    house.fail(CRM, match=".*", fault="500")
    for text in ("one", "two", "three"):
        house.client_writes(phone, text)
        house.settle()
    house.client_writes("34600999999", "stranger")
    house.settle()
    house.mend()
    house.patiently(4)
    entries = house.entries()
    mine = [word for entry in entries for word in ("one", "two", "three") if word in entry]
    assert mine == ["one", "two", "three"]
    assert len(entries) == 4
    kinds = [row["kind"] for row in house.rows(DECISIONS)]
    assert kinds.count("ClientIdentified") == 2
    assert {row["client"] for row in house.rows(CONVERSATIONS)} == {ClientState.KNOWN}
    assert house.count(REFRESHES) == 0


def test_known_clients_are_served_while_the_crm_is_down(small: World) -> None:
    [phone] = known_clients(small, 1)
    small.fail(CRM, match=".*", fault="500", times=1)
    small.client_writes(phone, "second")
    small.settle()
    assert small.rows(DECISIONS)[-1]["target"] == "ana@acme.example"
    assert "crm.unavailable" not in reasons(small, -1)
    small.patiently(3)
    assert len(small.entries()) == 2
