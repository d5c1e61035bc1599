"""What the CRM tells of a record that nobody here knows yet counts once it is known (ROL-11).

It may tell while the record is being read for the first time, or before the answer to its creation.
"""

from collections.abc import Callable
from typing import Any

import pytest

from bridge.pipeline import upkeep
from bridge.store import strangers
from bridge.store.schema import CONTACTS, INBOX, REFRESHES, STRANGERS
from tests.pipeline.test_mirror import FIRST, readers
from tests.pipeline.test_side_events import ORDER, WhileReading
from tests.pipeline.world import ANA, BRUNO, CHAT, CRM, LUIS, QA, World, client, known_clients

IN, MIRROR, OUT = f"in:{CRM}", f"mirror:{CRM}", f"out:{CRM}"
MESSAGES = f"in:{CHAT}"


def while_reading(house: World, *happens: Callable[[], None]) -> None:
    """These happen one by one, the last first, each while the CRM is read."""
    reader: Any = WhileReading(house.vendors.readers[CRM], list(happens))
    house.vendors.readers[CRM] = reader


def changes_hands(house: World, record: str, owner: str, webhooks: int) -> Callable[[], None]:
    def now() -> None:
        house.person_changes("contacts", record, hubspot_owner_id=owner)
        house.hears(CRM, webhooks)
        house.drain(IN)

    return now


def test_an_owner_who_is_told_while_a_stranger_is_looked_up(house: World) -> None:
    """WS-09"""
    phone, contact = client(0)
    house.seed(contacts=[contact])
    with house.hooks():
        while_reading(house, changes_hands(house, FIRST, "102", 1))
        house.client_writes(phone)
        house.drain(MESSAGES)
        assert house.count(STRANGERS) == 0
        house.settle()
    assert readers(house, phone) == {BRUNO, LUIS, QA}
    assert house.count(REFRESHES) == 0


def test_an_owner_of_a_deal_who_is_told_while_a_stranger_is_looked_up(house: World) -> None:
    """The deal is read anew at once, but nobody here knows it by then."""
    phone, contact = client(0)
    deal = {"dealname": "Order", "pipeline": "default", "dealstage": "appointmentscheduled"}
    owned = {**deal, "hubspot_owner_id": "101"}
    house.seed(contacts=[contact])
    house.seed(deals=[{"id": ORDER, "properties": owned, "contacts": [FIRST]}])

    def deal_changes_hands() -> None:
        house.person_changes("deals", ORDER, hubspot_owner_id="102")
        house.hears(CRM, 1)
        house.drain(IN)
        house.drain(MIRROR)
        assert house.count(REFRESHES) == 0

    with house.hooks():
        while_reading(house, changes_nothing, deal_changes_hands, changes_nothing)
        house.client_writes(phone)
        house.drain(MESSAGES)
        house.settle()
    assert readers(house, phone) == {ANA, BRUNO, LUIS, QA}


def changes_nothing() -> None:
    pass


@pytest.mark.parametrize("late", [True, False], ids=["read before", "told before"])
def test_a_known_client_looked_up_by_another_chat(house: World, late: bool) -> None:
    """He writes from a other channel; his record is known, and moves while it is read."""
    [phone] = known_clients(house, 1)
    with house.hooks():
        if late:
            while_reading(house, changes_hands(house, FIRST, "102", 1))
        else:
            changes_hands(house, FIRST, "102", 1)()
        house.client_writes(phone, channelId="chan-north")
        house.drain(MESSAGES)
        house.settle()
    assert readers(house, phone) == {BRUNO, LUIS, QA}
    assert house.count(REFRESHES) == 0


def test_who_owns_a_contact_is_told_before_the_answer_to_its_creation(house: World) -> None:
    """NEW-08: the answer is lost, and an assignment rule is quicker than the look-up of it."""
    known = {met(house, "34600000007")}
    house.fail(CRM, match="contacts/batch/upsert", fault="500_after", times=1)
    with house.hooks():
        house.client_writes()
        house.settle()
        [made] = (one for one in house.crm()["contacts"] if one["id"] not in known)
        owner = "102" if made["properties"]["hubspot_owner_id"] == "101" else "101"
        told = house.count(INBOX, account=CRM)
        changes_hands(house, made["id"], owner, told + 1)()
        assert {row["crm_id"] for row in house.rows(CONTACTS)} == {*known, None}
        house.patiently(6)
    [here] = (row for row in house.rows(CONTACTS) if row["crm_id"] == made["id"])
    assert here["owner"] == owner
    assert house.count(STRANGERS) == 0


def met(house: World, phone: str) -> str:
    """A client whom the bridge makes; gives the CRM's id of him."""
    house.client_writes(phone)
    house.settle()
    [made] = house.crm()["contacts"]
    return str(made["id"])


def test_who_is_told_of_and_never_met_is_forgotten_after_a_day(small: World) -> None:
    with small.hooks():
        _, contact = client(7)
        small.seed(contacts=[contact])
        changes_hands(small, contact["id"], "102", 1)()
        assert [row["record"] for row in small.rows(STRANGERS)] == [f"contact:{contact['id']}"]
        small.later(strangers.KEPT.total_seconds() - 60)
        upkeep.tick(small.parts)
        assert small.count(STRANGERS) == 1
        small.later(120)
        upkeep.tick(small.parts)
    assert small.count(STRANGERS) == 0


def test_our_own_writes_make_nobody_a_stranger(house: World) -> None:
    """What the CRM tells of a contact that we are making is our own word."""
    with house.hooks():
        house.client_writes()
        house.settle()
        house.patiently(2)
        assert house.count(STRANGERS) == 0
