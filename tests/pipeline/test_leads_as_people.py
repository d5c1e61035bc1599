"""A CRM whose leads are people of their own: the house with Salesforce, told by its poll alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from bridge.domain.access import access
from bridge.domain.names import EmployeeId, conversation_id
from bridge.domain.policy import AccountPolicy, Creation, NewClients
from bridge.pipeline.mirror import sync
from bridge.pipeline.upkeep import tick
from bridge.ports import Account
from bridge.store import chats, mirror
from bridge.store.schema import DECISIONS, OUTBOX
from connectors.salesforce import CONNECTOR
from tests.pipeline.world import ANA, BRUNO, CHAT, CRM, LUIS, QA, World
from tests.serving import served

PHONE = "34600111222"
ORG_SECRETS = {"client_id": "id", "client_secret": "secret", "path_secret": "path"}
USERS = {ANA: "0055g00000UseAnAAJ", BRUNO: "0055g00000UseBrAAJ"}
QUEUE = "00G5g00000QueueEAB"


@dataclass
class Org:
    """Salesforce in the place of the house's CRM."""

    house: World
    url: str

    def does(self, deed: str, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/_sandbox/{deed}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def held(self, name: str) -> list[dict[str, Any]]:
        state = requests.get(f"{self.url}/_sandbox/state", timeout=60).json()
        return [one["fields"] for one in state[name] if not one["fields"]["IsDeleted"]]

    def tells(self) -> None:
        """What has changed in the org is heard of, and dealt with."""
        self.house.later(11 * 60)
        tick(self.house.parts)
        self.house.settle()

    def writes(self, text: str) -> None:
        self.house.client_writes(PHONE, text)
        self.house.settle()

    def readers(self) -> set[EmployeeId]:
        where = conversation_id(CHAT, "chan-sales", PHONE)
        policy = self.house.active().policy
        with self.house.engine.connect() as db:
            people = mirror.directory(db, CRM)
            chat = chats.chat_facts(db, [where])[where]
        return {
            employee.id
            for employee in policy.employees.values()
            if access(employee, chat, people, policy, self.house.parts.now()).can_read
        }


@pytest.fixture
def org(small: World) -> Iterator[Org]:
    with served(CONNECTOR.sandbox(ORG_SECRETS)) as url:
        told = Org(small, url)
        told.does(
            "seed",
            User=[{"Id": one, "LastName": "X", "Email": email} for email, one in USERS.items()],
            Group=[{"Id": QUEUE, "Name": "Inbox"}],
            QueueSobject=[{"QueueId": QUEUE, "SobjectType": "Lead"}],
        )
        account = Account(
            name=CRM,
            connector="salesforce",
            base_url=url,
            secrets={name: (value,) for name, value in ORG_SECRETS.items()},
            options=dict(CONNECTOR.options),
        )
        small._use_account(CRM, account)
        assert CONNECTOR.poll is not None
        small.vendors.polls[CRM] = CONNECTOR.poll(account)
        accounts = {**small.active().policy.accounts, CRM: AccountPolicy(connector="salesforce")}
        small.use(accounts=accounts, new_clients=NewClients(create=Creation.LEAD))
        sync(small.parts)
        yield told


def test_a_stranger_becomes_one_lead_and_his_words_are_on_it(org: Org) -> None:
    org.writes("hello")
    (lead,) = org.held("Lead")
    (task,) = org.held("Task")
    assert (task["WhoId"], lead["Phone"]) == (lead["Id"], f"+{PHONE}")
    assert lead["OwnerId"] in USERS.values()
    assert org.held("Contact") == []
    assert not [row for row in org.house.rows(OUTBOX) if row["state"] != "done"]


def test_a_new_owner_of_the_lead_has_the_chat(org: Org) -> None:
    """ROL-11, for both records of the bridge that one lead stands for."""
    org.writes("hello")
    (lead,) = org.held("Lead")
    (old,) = [email for email, user in USERS.items() if user == lead["OwnerId"]]
    (new,) = [email for email, user in USERS.items() if user != lead["OwnerId"]]
    assert old in org.readers()
    org.does("change", id=lead["Id"], fields={"OwnerId": USERS[new]}, user=USERS[old])
    org.tells()
    assert org.readers() == {new, LUIS, QA}


def test_a_lead_in_a_queue_is_nobodys_chat_until_somebody_takes_it(org: Org) -> None:
    org.writes("hello")
    (lead,) = org.held("Lead")
    org.does("change", id=lead["Id"], fields={"OwnerId": QUEUE}, user=USERS[ANA])
    org.tells()
    org.writes("anybody there?")
    assert org.readers() == {LUIS, QA}
    assert org.held("Lead")[0]["OwnerId"] == QUEUE
    assert len(org.held("Task")) == 2
    org.does("change", id=lead["Id"], fields={"OwnerId": USERS[BRUNO]}, user=USERS[BRUNO])
    org.tells()
    assert org.readers() == {BRUNO, LUIS, QA}


def test_a_converted_lead_takes_his_chat_along_to_his_contact(org: Org) -> None:
    org.writes("hello")
    (lead,) = org.held("Lead")
    made = org.does("convert", lead=lead["Id"], opportunity="Big", user=USERS[ANA])
    org.tells()
    org.tells()
    org.writes("thanks")
    org.does("change", id=made["Contact"], fields={"OwnerId": USERS[BRUNO]}, user=USERS[ANA])
    org.does("change", id=made["Opportunity"], fields={"OwnerId": USERS[BRUNO]}, user=USERS[ANA])
    org.tells()
    assert org.readers() == {BRUNO, LUIS, QA}
    assert {task["WhoId"] for task in org.held("Task")} == {made["Contact"]}
    assert org.held("Task")[1]["WhatId"] == made["Opportunity"]
    assert len(org.held("Lead")) == len(org.held("Contact")) == 1
    assert not [row for row in org.house.rows(OUTBOX) if row["state"] != "done"]


def test_what_the_bridge_writes_comes_back_and_moves_nothing(org: Org) -> None:
    """No loop and no flapping: decisions end, and nobody is written to again."""
    org.writes("hello")
    for _ in range(4):
        org.tells()
    before, written = org.house.count(DECISIONS), org.house.count(OUTBOX)
    changed = org.held("Lead")
    for _ in range(4):
        org.tells()
    assert (org.house.count(DECISIONS), org.house.count(OUTBOX)) == (before, written)
    assert org.held("Lead") == changed
