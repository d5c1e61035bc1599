"""A whole house with its doors open: real connectors, their sandboxes, a store, and time."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import requests
from sqlalchemy import Engine, func, select

from bridge import codec
from bridge.domain.names import AccountName, ChannelName, EmployeeId
from bridge.domain.people import Employee, Role
from bridge.domain.policy import (
    AccountPolicy,
    ChannelPolicy,
    Creation,
    NewClients,
    Ownership,
    Policy,
    Timeline,
)
from bridge.pipeline.drain import after, drain, due_lanes
from bridge.pipeline.mirror import sync
from bridge.pipeline.parts import Active, Parts
from bridge.pipeline.receive import Receiver
from bridge.pipeline.vendors import AccountVendors
from bridge.policy.reading import hash_of
from bridge.ports import Account
from bridge.queue.standing import QueueState
from bridge.settings import Settings
from bridge.store import configs
from bridge.store.engine import writing
from bridge.store.keys import Scope, create_key
from bridge.store.schema import DECISIONS
from bridge.web.api import PREFIX
from bridge.web.app import Web, create_app
from bridge.web.metrics import Metrics
from connectors import installed
from tests.serving import served
from tests.stories.crms import AtCrm, Crm, email
from tests.stories.messengers import AtMessenger, Client

CRM, CHAT = AccountName("crm-main"), AccountName("chat-main")
CHANNEL = ChannelName("sales")
ANA, BRUNO, LUIS = (EmployeeId(email(name)) for name in ("ana", "bruno", "luis"))
PATIENCE_SECONDS = 300.0  # until a busy machine has done what takes it a moment
_SECRET_KEY = "0123456789abcdef" * 2


class _Silent:
    def ring(self, lane: str) -> None:
        """Nobody sleeps: the town looks for work itself."""


class _Open:
    def take(self, account: AccountName, calls: int) -> float:
        return 0.0


class _Door:
    """Stands on its port before the house is built, as the house must know its address."""

    def __init__(self) -> None:
        self.app: Any = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        return self.app(environ, start_response)


@dataclass(frozen=True, slots=True, kw_only=True)
class Besides:
    """What a story has beside a CRM and a messenger: `accounts` get an address to be called at,
    `policy` makes the configuration of the plain one."""

    accounts: Mapping[AccountName, Account] = field(default_factory=dict)
    policy: Callable[[Policy], Policy] = lambda plain: plain
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """`crm` and `client` are the others' side of it; people see the house through its API."""

    parts: Parts
    crm: Crm
    client: Client
    url: str
    keys: Mapping[EmployeeId, str]

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Works until this has happened."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            for lane in due_lanes(self.parts):
                drain(self.parts, lane, over=after(20))
            if happened():
                return
            assert not self._items(LUIS, "/dead-letters"), f"given up before: {what}"
            assert time.monotonic() < end, f"never happened: {what}"
            time.sleep(0.02)

    def rests(self) -> None:
        """Works until there is nothing left to do."""
        self.until(lambda: not due_lanes(self.parts), "rest")

    def decided(self, account: AccountName, headline: str) -> int:
        """How many events of the account were decided so."""
        found = select(func.count()).select_from(DECISIONS)
        with self.parts.engine.connect() as db:
            where = DECISIONS.c.account == account, DECISIONS.c.headline == headline
            return int(db.scalar(found.where(*where)) or 0)

    def sees(self, employee: EmployeeId) -> list[str]:
        """The ids of the chats that he may read."""
        return [str(chat["id"]) for chat in self._items(employee, "/conversations")]

    def told(self, employee: EmployeeId) -> int:
        """How often he was told of something."""
        return len(self._items(employee, "/notifications"))

    def says(self, employee: EmployeeId, chat: str, text: str) -> None:
        """He writes in the bridge."""
        answer = requests.post(
            f"{self.url}{PREFIX}/conversations/{chat}/messages",
            json={"text": text},
            headers=self._headers(employee),
            timeout=60,
        )
        assert answer.status_code == 202, answer.text

    def _items(self, employee: EmployeeId, path: str) -> list[Any]:
        answer = requests.get(
            f"{self.url}{PREFIX}{path}", headers=self._headers(employee), timeout=60
        )
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    def _headers(self, employee: EmployeeId) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[employee]}"}


@contextmanager
def town(
    engine: Engine,
    crm: AtCrm,
    messenger: AtMessenger,
    create: Creation = Creation.DEAL,
    timeline: Timeline = Timeline(),  # noqa: B008 - frozen
    besides: Besides = Besides(),
) -> Iterator[Town]:
    """Both vendors know where to call, and the bridge has read all that they tell."""
    known, door = installed(), _Door()
    with ExitStack() as running:
        crm_url, chat_url, url = (
            running.enter_context(served(app))
            for app in (
                known[crm.connector].sandbox(crm.secrets),
                known[messenger.connector].sandbox(messenger.secrets),
                door,
            )
        )
        accounts = {
            CRM: _account(CRM, crm, crm_url, url),
            CHAT: _account(CHAT, messenger, chat_url, url),
            **{
                name: replace(account, hook_url=f"{url}/hooks/{name}")
                for name, account in besides.accounts.items()
            },
        }
        policy = besides.policy(replace(_policy(crm, messenger, create), timeline=timeline))
        active = activated(engine, policy, accounts)
        parts = Parts(
            engine=engine,
            active=lambda: active,
            vendors=AccountVendors(lambda: active, known),
            bell=_Silent(),
            budgets=_Open(),
            now=besides.now,
            public_url=url,
        )
        running.enter_context(_open(parts, door))
        made = Town(
            parts=parts,
            crm=Crm(at=crm, url=crm_url),
            client=Client(at=messenger, url=chat_url),
            url=url,
            keys={person: _key(parts, person) for person in (ANA, BRUNO, LUIS)},
        )
        made.crm.furnish()
        made.crm.hears_of(accounts[CRM].hook_url)
        made.client.hears_of(accounts[CHAT].hook_url)
        sync(parts)
        yield made


@contextmanager
def _open(parts: Parts, door: _Door) -> Iterator[None]:
    metrics = Metrics()
    receiver = Receiver(parts.engine, parts.bell, observe_batch=metrics.committed)
    web = Web(
        parts=parts,
        receiver=receiver,
        metrics=metrics,
        queue_state=lambda: QueueState(kind="polling", works=True),
    )
    door.app = create_app(web, Settings.of({"BRIDGE_SECRET_KEY": _SECRET_KEY}))
    try:
        yield
    finally:
        receiver.close()


def _account(name: AccountName, at: AtCrm | AtMessenger, base_url: str, url: str) -> Account:
    return Account(
        name=name,
        connector=at.connector,
        base_url=base_url,
        secrets={need: (value,) for need, value in at.secrets.items()},
        options=at.options,
        hook_url=f"{url}/hooks/{name}",
    )


def _policy(crm: AtCrm, messenger: AtMessenger, create: Creation) -> Policy:
    """Ana takes new clients, Bruno does not, Luis is the manager."""
    seller = Employee(id=BRUNO, role=Role.SALESPERSON)
    return Policy(
        crm=CRM,
        accounts={
            CRM: AccountPolicy(connector=crm.connector),
            CHAT: AccountPolicy(connector=messenger.connector),
        },
        channels={
            CHANNEL: ChannelPolicy(
                account=CHAT, messenger=messenger.messenger, id=messenger.channel_id, label="Sales"
            )
        },
        employees={
            ANA: replace(seller, id=ANA, gets_new_clients=True),
            BRUNO: seller,
            LUIS: Employee(id=LUIS, role=Role.MANAGER),
        },
        new_clients=NewClients(create=create, pipeline="default", stage=crm.stage),
        ownership=Ownership(fallback=LUIS),
        default=LUIS,
    )


def activated(engine: Engine, policy: Policy, accounts: Mapping[AccountName, Account]) -> Active:
    canonical = codec.encode(policy).decode()
    name, now = hash_of(canonical), datetime.now(UTC)
    with writing(engine) as db:
        configs.put_config(db, name, canonical, now)
        configs.activate(db, name, now)
    return Active(policy=policy, hash=name, accounts=accounts)


def _key(parts: Parts, person: EmployeeId) -> str:
    with writing(parts.engine) as db:
        _, secret = create_key(
            db,
            name="story",
            principal=f"employee:{person}",
            scopes=tuple(Scope),
            now=parts.now(),
        )
    return secret
