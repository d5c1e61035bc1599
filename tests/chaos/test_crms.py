"""What stands in another CRM than HubSpot is read for the verdict as it is."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.clients import Chat, Client, Sent
from tests.chaos.harness import CRMS
from tests.chaos.salesforce import SALESFORCE
from tests.chaos.standing import Store
from tests.chaos.verdict import judge

CHATS = [Chat(number=0, client=Client(number=0, is_known=False))]
TAKEN = {Sent(0, 0), Sent(0, 1)}
KEYS = frozenset({"received:m-000-00000", "received:m-000-00001"})
STORE = Store(decided=KEYS, rows={}, dead=(), tried_again=0, owners={("contacts", "003"): "005"})


def record(record_id: str, seq: int = 0, **fields: Any) -> Any:
    return {"id": record_id, "seq": seq, "fields": {"IsDeleted": False, **fields}}


def state() -> Any:
    """As Salesforce's sandbox shows it when all is well."""
    tasks = [
        record(f"00T{n}", 10 + n, Description=f"x\n\n{Sent(0, n)}", WhoId="003", WhatId="006")
        for n in range(2)
    ]
    return {
        "Contact": [record("003", Phone="+34600000000", OwnerId="005")],
        "Opportunity": [record("006", OwnerId="005")],
        "OpportunityContactRole": [record("00K", OpportunityId="006", ContactId="003")],
        "Task": tasks,
        "calls": {},
        "webhooks": {},
    }


def test_what_is_right_is_found_right() -> None:
    assert judge(TAKEN, CHATS, SALESFORCE.shown(state()), STORE).wrong() == {}


def lose(shown: Any) -> None:
    shown["Task"].pop()


def delete(shown: Any) -> None:
    shown["Task"][0]["fields"]["IsDeleted"] = True


def double(shown: Any) -> None:
    shown["Task"].append({**shown["Task"][1], "seq": 12})


def swap(shown: Any) -> None:
    shown["Task"][0]["seq"] = 13


def misplace(shown: Any) -> None:
    shown["Task"][0]["fields"]["WhatId"] = None


def double_contact(shown: Any) -> None:
    shown["Contact"].append({**shown["Contact"][0], "id": "0032"})


def lose_role(shown: Any) -> None:
    shown["OpportunityContactRole"].clear()


def change_owner(shown: Any) -> None:
    shown["Contact"][0]["fields"]["OwnerId"] = "0052"


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lose, "lost"),
        (delete, "lost"),
        (double, "doubled"),
        (swap, "out of order"),
        (misplace, "misplaced"),
        (double_contact, "clients"),
        (lose_role, "clients"),
        (change_owner, "mirror"),
    ],
)
def test_damage_in_salesforce_is_seen(damage: Callable[[Any], None], word: str) -> None:
    told = state()
    damage(told)
    assert word in judge(TAKEN, CHATS, SALESFORCE.shown(told), STORE).wrong()


@pytest.mark.parametrize("name", CRMS)
def test_known_clients_have_what_their_owners_are_changed_of(name: str) -> None:
    crm = CRMS[name]
    client = Client(number=3, is_known=True)
    seeded = str(crm.seed([client]))
    assert all(record in seeded for _, record in crm.owned(client))
    assert all(owner in seeded for owner in crm.owners)
