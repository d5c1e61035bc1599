"""Twenty people want one thing at the same moment, over HTTP, from two webs on one PostgreSQL."""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, select

from bridge.domain.crm_partners import (
    CrmPartnerAccount,
    CrmPartnerUser,
    Organisation,
    SharingReview,
)
from bridge.domain.names import AccountName, ClientId, CrmId, EmployeeId
from bridge.domain.partner_leads import (
    Holder,
    HolderKind,
    How,
    LeadState,
    LeadSummary,
    PartnerLead,
    lead_id,
)
from bridge.domain.programme import Programme
from bridge.settings import Settings
from bridge.store import partner_leads, partners
from bridge.store.engine import open_engine, reading, writing
from bridge.store.keys import Scope, create_key
from bridge.store.partners import House as CrmHouse
from bridge.store.reseller_clients import by_ids
from bridge.store.schema import OUTBOX, UNIT_MOVEMENTS
from bridge.store.unit_movements import imbalances
from bridge.wiring import prepare
from tests.chaos.door import Door
from tests.cli.running import House
from tests.ports import free_port

pytestmark = pytest.mark.postgres

CRM = AccountName("hubspot-main")
MANY = 20
USERS = [EmployeeId(f"user{number:02d}@north.example") for number in range(MANY)]
RITA = "rita@norte.example"
NOW = datetime.now(UTC)
ORGANISATION = Organisation(id="1", name="Acme", is_sandbox=True)
ACCOUNT = CrmPartnerAccount(crm_id=CrmId("501"), name="North", is_partner=True, owner=None)
Asked = tuple[str, str, Mapping[str, Any]]
CONFIG = {
    "crm": CRM,
    "accounts": {
        CRM: {
            "connector": "hubspot",
            "secrets": {"access_token": "TEST_TOKEN", "client_secret": "TEST_SECRET"},
        }
    },
    "employees": {"luis@acme.example": {"role": "manager"}},
    "new_clients": {"create": "lead"},
    "partners": {
        "accounts": {"north": {"crm_id": "501"}},
        "users": {user: {"account": "north"} for user in USERS},
        "queues": {"latam": {"label": "Latin America", "members": list(USERS)}},
        "default_owner": "luis@acme.example",
    },
    "plans": {
        "resellers": {"norte": {"users": [RITA], "plans": {"small": {"name": "Small", "units": 7}}}}
    },
}


@dataclass(frozen=True, slots=True)
class Crowd:
    """`doors` are those of the two webs, without a key."""

    engine: Engine
    doors: Sequence[Door]

    def key(self, principal: str) -> str:
        with writing(self.engine) as db:
            scopes = (Scope.READ, Scope.SEND)
            return create_key(db, name="at once", principal=principal, scopes=scopes, now=NOW)[1]

    def at_once(self, path: str, asked: Sequence[Asked]) -> Counter[str]:
        """Each asks with his key, his idempotency key and body, by turns at either door; how often
        what was answered: a status and why."""
        barrier, answers = threading.Barrier(len(asked)), Counter[str]()
        lock = threading.Lock()

        def ask(place: int, key: str, name: str, body: Mapping[str, Any]) -> None:
            door = replace(self.doors[place % len(self.doors)], key=key)
            barrier.wait()
            status, said = door.ask("POST", path, json.dumps(body).encode(), name)
            reason = "" if status < 400 else f" {json.loads(said)['reason']}"
            with lock:
                answers[f"{status}{reason}"] += 1

        threads = [
            threading.Thread(target=ask, args=(place, *one)) for place, one in enumerate(asked)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers


@pytest.fixture
def crowd(postgres_url: str, tmp_path: Path) -> Iterator[Crowd]:
    extra = {
        "BRIDGE_DATABASE_URL": postgres_url,
        "BRIDGE_BASE_URL_HUBSPOT_MAIN": "http://127.0.0.1:1",
        "TEST_TOKEN": "token",
        "TEST_SECRET": "secret",
    }
    houses = [House(folder=tmp_path, extra=extra, port=free_port()) for _ in range(2)]
    houses[0].config.parent.mkdir()
    houses[0].config.write_text(yaml.safe_dump(json.loads(json.dumps(CONFIG))))
    environ = houses[0].environ()
    prepare(Settings.of(environ), environ)
    engine = open_engine(postgres_url)
    with ExitStack() as running:
        running.callback(engine.dispose)
        for house in houses:
            running.enter_context(house.web())
        yield Crowd(engine, [Door(port=house.port, hook="", key="") for house in houses])


def programme_is_on(engine: Engine) -> None:
    people = [
        CrmPartnerUser(
            email=user,
            name=user,
            account=CrmId("501"),
            crm_id=CrmId(f"8{number}"),
            contact=CrmId(f"7{number}"),
            active=True,
            is_partner=True,
            has_signed_in=True,
            is_member=True,
            is_published=True,
        )
        for number, user in enumerate(USERS)
    ]
    with writing(engine) as db:
        partners.put_programme(db, Programme(since=NOW, by="luis@acme.example", version=1), NOW)
        partners.put_house(
            db,
            CrmHouse(crm=CRM, organisation=ORGANISATION, sharing=SharingReview(), read_at=NOW),
            NOW,
        )
        partners.put_accounts(db, [ACCOUNT], NOW)
        partners.put_users(db, people, NOW)


def queued(engine: Engine, number: int) -> PartnerLead:
    crm_id = CrmId(f"90{number}")
    lead = PartnerLead(
        id=lead_id(CRM, crm_id),
        account=CRM,
        crm_id=crm_id,
        summary=LeadSummary(name=f"Lea {number}"),
        holder=Holder(kind=HolderKind.QUEUE, name="latam"),
        how=How.RULE,
        since=NOW,
        state=LeadState.QUEUED,
    )
    with writing(engine) as db:
        partner_leads.put_leads(db, [lead])
    return lead


def test_of_twenty_who_take_one_lead_at_once_exactly_one_has_it(crowd: Crowd) -> None:
    """PRM-13, PX-04: the others are told that it is taken; a double click changes nothing."""
    programme_is_on(crowd.engine)
    keys = {user: crowd.key(f"partner:{user}") for user in USERS}
    for number in range(3):
        lead = queued(crowd.engine, number)
        asked: list[Asked] = [(keys[user], f"{user}-{number}", {}) for user in USERS]
        path = f"/api/v1/partners/leads/{lead.id}/take"
        assert crowd.at_once(path, asked) == {"200": 1, "409 lead.already_taken": MANY - 1}
        with reading(crowd.engine) as db:
            found = partner_leads.leads_by_id(db, [lead.id])[lead.id]
        assert (found.state, found.version) == (LeadState.ACCEPTED, lead.version + 1)
        assert found.holder.name in USERS
        winner = found.holder.name
        again: Asked = (keys[EmployeeId(winner)], f"{winner}-{number}", {})
        clicks = crowd.at_once(path, [again] * 4)
        assert clicks["200"] >= 1
        assert clicks["200"] + clicks["409 request.conflict"] == 4  # one while the other is asked
        with reading(crowd.engine) as db:
            assert partner_leads.leads_by_id(db, [lead.id])[lead.id] == found


def add(crowd: Crowd, key: str) -> ClientId:
    body = {"reseller": "norte", "plan": "small", "legal_name": "Norte SA"}
    door = replace(crowd.doors[0], key=key)
    status, said = door.ask("POST", "/api/v1/clients", json.dumps(body).encode(), "add")
    assert status == 201, said
    return ClientId(json.loads(said)["client"]["id"])


def standing(engine: Engine, client: ClientId) -> tuple[int, int]:
    """His balance, and how many movements of units there were."""
    with reading(engine) as db:
        assert imbalances(db, 10) == ()
        movements = db.scalars(select(UNIT_MOVEMENTS.c.id)).all()
        return by_ids(db, [client])[client].balance, len(movements)


def test_of_twenty_uses_of_seven_units_seven_are_taken(crowd: Crowd) -> None:
    """RSL-04, RSL-10: never below zero; the same use told by four at once counts once."""
    key = crowd.key(f"reseller:{RITA}")
    client = add(crowd, key)
    path = f"/api/v1/clients/{client}/use"
    the_same = [(key, f"told-{number}", {"id": "the same"}) for number in range(4)]
    assert crowd.at_once(path, the_same) == {"200": 4}
    assert standing(crowd.engine, client) == (6, 2)
    asked = [(key, f"use-{number}", {"id": f"use {number}"}) for number in range(MANY)]
    assert crowd.at_once(path, asked) == {"200": 6, "409 client_plan.exhausted": MANY - 6}
    assert standing(crowd.engine, client) == (0, 8)


def test_of_twenty_who_add_units_to_what_they_saw_one_does(crowd: Crowd) -> None:
    """RSL-19: the others hear that it has changed meanwhile."""
    key = crowd.key(f"reseller:{RITA}")
    client = add(crowd, key)
    asked = [(key, f"add-{number}", {"units": 50, "seen": 1}) for number in range(MANY)]
    answers = crowd.at_once(f"/api/v1/clients/{client}/add-units", asked)
    assert answers == {"200": 1, "409 request.conflict": MANY - 1}
    assert standing(crowd.engine, client) == (57, 2)
    with reading(crowd.engine) as db:
        assert db.scalars(select(OUTBOX.c.id)).all() == []
