"""A whole house for one test: the real store, real connectors, both sandboxes on loopback."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from sqlalchemy import Engine, Table, func, select

from bridge import codec
from bridge.domain.messaging import Messenger
from bridge.domain.names import AccountName, ChannelName, EmployeeId
from bridge.domain.people import Employee, Role
from bridge.domain.policy import AccountPolicy, ChannelPolicy, NewClients, Ownership, Policy
from bridge.pipeline.drain import drain, due_lanes
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.parts import Active, Parts
from bridge.policy.reading import hash_of, policy_of
from bridge.ports import Account, Connector, Inbound, Outbound, Reader
from bridge.store import configs, inbox
from bridge.store.engine import writing
from connectors import CONNECTORS
from tests.serving import served

CRM = AccountName("hubspot-main")
CHAT = AccountName("wazzup-main")
ANA = EmployeeId("ana@acme.example")
BRUNO = EmployeeId("bruno@acme.example")
LUIS = EmployeeId("luis@acme.example")
QA = EmployeeId("qa@acme.example")
WA_SALES = ChannelName("wa-sales")
WA_NORTH = ChannelName("wa-north")
TG_SALES = ChannelName("tg-sales")
SECRETS = {
    CRM: {"access_token": ("token-of-hubspot",), "client_secret": ("secret-of-hubspot",)},
    CHAT: {"api_key": ("key-of-wazzup",), "webhook_key": ("hook-of-wazzup",)},
}

POLICY = Policy(
    crm=CRM,
    accounts={
        CRM: AccountPolicy(connector="hubspot"),
        CHAT: AccountPolicy(connector="wazzup"),
    },
    channels={
        WA_SALES: ChannelPolicy(
            account=CHAT, messenger=Messenger.WHATSAPP, id="chan-sales", label="Sales"
        ),
        WA_NORTH: ChannelPolicy(
            account=CHAT, messenger=Messenger.WHATSAPP, id="chan-north", label="North"
        ),
        TG_SALES: ChannelPolicy(
            account=CHAT, messenger=Messenger.TELEGRAM, id="chan-tg", label="Telegram"
        ),
    },
    employees={
        ANA: Employee(id=ANA, role=Role.SALESPERSON, gets_new_clients=True),
        BRUNO: Employee(id=BRUNO, role=Role.SALESPERSON, gets_new_clients=True),
        LUIS: Employee(id=LUIS, role=Role.MANAGER),
        QA: Employee(id=QA, role=Role.QUALITY_CONTROL),
    },
    new_clients=NewClients(pipeline="default", stage="appointmentscheduled"),
    ownership=Ownership(fallback=LUIS),
    default=LUIS,
)

OWNERS = [
    {"id": "101", "email": ANA, "firstName": "Ana", "lastName": "Alba", "archived": False},
    {"id": "102", "email": BRUNO, "firstName": "Bruno", "lastName": "Bo", "archived": False},
    {"id": "103", "email": LUIS, "firstName": "Luis", "lastName": "Lara", "archived": False},
    {"id": "104", "email": QA, "firstName": "Qa", "lastName": "Quo", "archived": False},
]


@dataclass
class Rings:
    rung: list[str] = field(default_factory=list)

    def ring(self, name: str) -> None:
        self.rung.append(name)


class Unlimited:
    def take(self, account: AccountName, calls: int) -> float:
        return 0.0


class Vendors:
    def __init__(self, accounts: Mapping[AccountName, Account]) -> None:
        self._accounts = accounts
        self._inbound = {n: self.connector(n).inbound(a) for n, a in accounts.items()}
        self._outbound = {n: self.connector(n).outbound(a) for n, a in accounts.items()}
        self._reader = {n: self.connector(n).reader(a) for n, a in accounts.items()}

    def connector(self, account: AccountName) -> Connector:
        name = self._accounts[account].connector
        return next(c for c in CONNECTORS if c.name == name)

    def inbound(self, account: AccountName) -> Inbound:
        return self._inbound[account]

    def outbound(self, account: AccountName) -> Outbound:
        return self._outbound[account]

    def reader(self, account: AccountName) -> Reader:
        return self._reader[account]


class World:
    """What a test does and sees; time stands still unless the test moves it."""

    def __init__(self, engine: Engine, crm_url: str, chat_url: str) -> None:
        self.engine = engine
        self.crm_url = crm_url
        self.chat_url = chat_url
        self.rings = Rings()
        self.skew = timedelta()
        self._number = 0
        accounts = {
            CRM: _account(CRM, "hubspot", crm_url),
            CHAT: _account(CHAT, "wazzup", chat_url),
        }
        self._accounts = accounts
        self._active = self._activated(POLICY)
        self.parts = Parts(
            engine=engine,
            active=self.active,
            vendors=Vendors(accounts),
            bell=self.rings,
            budgets=Unlimited(),
            now=lambda: datetime.now(UTC) + self.skew,
            public_url="https://bridge.example",
        )

    def active(self) -> Active:
        return self._active

    def use(self, **changes: Any) -> None:
        """Another policy from the next decision on."""
        self._active = self._activated(replace(self._active.policy, **changes))

    def _activated(self, policy: Policy) -> Active:
        canonical = codec.encode(policy).decode()
        name = hash_of(canonical)
        with writing(self.engine) as db:
            configs.put_config(db, name, canonical, datetime.now(UTC))
            configs.activate(db, name, datetime.now(UTC))
        return Active(policy=policy_of(canonical), hash=name, accounts=self._accounts)

    def client_writes(self, phone: str = "34600111222", text: str = "hello", **more: Any) -> str:
        """A WhatsApp message of a client arrives; gives the vendor's message id."""
        self._number += 1
        message = {
            "messageId": f"m-{self._number}",
            "channelId": "chan-sales",
            "chatType": "whatsapp",
            "chatId": phone,
            "dateTime": datetime.now(UTC).isoformat(),
            "type": "text",
            "isEcho": False,
            "contact": {"name": "Clara Client"},
            "text": text,
            "status": "inbound",
            **more,
        }
        self.receives(CHAT, {"messages": [message]})
        return str(message["messageId"])

    def receives(self, account: AccountName, body: Any) -> None:
        """A webhook that the front door has accepted."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        row = inbox.NewRow(
            lane=lane(Way.IN, account),
            account=account,
            received_at=self.parts.now(),
            method="POST",
            url=f"https://bridge.example/hooks/{account}",
            headers=b"{}",
            body=raw,
        )
        with writing(self.engine) as db:
            inbox.append(db, [row])

    def settle(self, seconds: float = 20.0) -> None:
        """Drains every lane until nothing is due."""
        end = time.monotonic() + seconds
        while names := due_lanes(self.parts):
            assert time.monotonic() < end, f"lanes never came to rest: {names}"
            for name in names:
                drain(self.parts, name, deadline=end)

    def later(self, seconds: float) -> None:
        """Time passes, for the store's waits as well."""
        self.skew += timedelta(seconds=seconds)
        shift_waits(self.engine, seconds)

    def crm(self) -> dict[str, Any]:
        """What stands in the CRM's sandbox."""
        answer: dict[str, Any] = requests.get(f"{self.crm_url}/_sandbox/state", timeout=5).json()
        return answer

    def phone(self) -> dict[str, Any]:
        """What the messenger's sandbox has sent to clients."""
        answer: dict[str, Any] = requests.get(f"{self.chat_url}/_sandbox/state", timeout=5).json()
        return answer

    def seed(self, **records: Any) -> None:
        _post(f"{self.crm_url}/_sandbox/seed", records)

    def fail(self, account: AccountName, **rule: Any) -> None:
        base = self.crm_url if account == CRM else self.chat_url
        _post(f"{base}/_sandbox/faults", {"rules": [rule]})

    def mend(self) -> None:
        for base in (self.crm_url, self.chat_url):
            requests.delete(f"{base}/_sandbox/faults", timeout=5).raise_for_status()

    def count(self, table: Table, **where: Any) -> int:
        found = select(func.count()).select_from(table)
        for name, value in where.items():
            found = found.where(table.c[name] == value)
        with self.engine.connect() as db:
            return int(db.scalar(found) or 0)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        first = next(iter(table.primary_key.columns))
        with self.engine.connect() as db:
            return [dict(row) for row in db.execute(select(table).order_by(first)).mappings()]


def shift_waits(engine: Engine, seconds: float) -> None:
    """Waits are counted by the store's clock, which no test can turn: the waits move instead."""
    micros = int(seconds * 1_000_000)
    with writing(engine) as db:
        for table in ("inbox", "outbox", "refreshes"):
            db.exec_driver_sql(
                f"UPDATE {table} SET next_attempt_at = next_attempt_at - {micros}"
                " WHERE next_attempt_at IS NOT NULL"
            )
        db.exec_driver_sql(
            f"UPDATE lanes SET held_until = held_until - {micros},"
            f" lease_until = lease_until - {micros}"
        )


@contextmanager
def world(engine: Engine) -> Iterator[World]:
    crm, chat = (next(c for c in CONNECTORS if c.name == n) for n in ("hubspot", "wazzup"))
    with (
        served(crm.sandbox({k: v[0] for k, v in SECRETS[CRM].items()})) as crm_url,
        served(chat.sandbox({k: v[0] for k, v in SECRETS[CHAT].items()})) as chat_url,
    ):
        house = World(engine, crm_url, chat_url)
        house.seed(owners=OWNERS)
        yield house


def _account(name: AccountName, connector: str, base_url: str) -> Account:
    return Account(name=name, connector=connector, base_url=base_url, secrets=SECRETS[name])


def _post(url: str, body: Any) -> None:
    answer = requests.post(url, json=body, timeout=5)
    assert answer.ok, answer.text
