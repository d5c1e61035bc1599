"""A whole house for one test: the real store, real connectors, both sandboxes on loopback."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import Engine, Table, func, select

from bridge import codec
from bridge.domain.effects import Effect
from bridge.domain.messaging import Media, Messenger
from bridge.domain.names import (
    AccountName,
    ChannelName,
    ConversationId,
    EmployeeId,
    EventKey,
    RecordId,
    conversation_id,
)
from bridge.domain.people import Employee, Role
from bridge.domain.policy import AccountPolicy, ChannelPolicy, NewClients, Ownership, Policy
from bridge.pipeline.drain import after, drain, due_copies, due_lanes
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.lease import Lease, leased
from bridge.pipeline.parts import Active, Parts
from bridge.policy.reading import hash_of, policy_of
from bridge.ports import (
    Absent,
    Account,
    CannotTell,
    Connector,
    Delivery,
    Found,
    Inbound,
    MediaSource,
    Outbound,
    Outcome,
    Poll,
    RawRequest,
    Reader,
    RenewalReader,
)
from bridge.storage import FileStorage
from bridge.store import chats, configs, inbox, lanes, outbox
from bridge.store.engine import open_engine, writing
from bridge.store.schema import CONVERSATIONS, INBOX
from connectors import CONNECTORS
from connectors.fetching import Links
from tests.serving import served

STORE_CLOCK = dict(lanes.CLOCK)
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


CHANNELS = [
    {"channelId": "chan-sales", "transport": "whatsapp", "plainId": "34600000001"},
    {"channelId": "chan-north", "transport": "whatsapp", "plainId": "34600000002"},
    {"channelId": "chan-tg", "transport": "tgapi", "plainId": "34600000003"},
]


@dataclass
class Rings:
    rung: list[str] = field(default_factory=list)

    def ring(self, name: str) -> None:
        self.rung.append(name)


class Unlimited:
    def take(self, account: AccountName, calls: int) -> float:
        return 0.0


@dataclass
class Limited:
    """Lets so many calls pass, then asks to wait."""

    left: int
    pause: float = 3.0

    def take(self, account: AccountName, calls: int) -> float:
        if calls > self.left:
            return self.pause
        self.left -= calls
        return 0.0


class Vendors:
    """The connectors' real parts; a test may put its own in their place."""

    def __init__(self, accounts: Mapping[AccountName, Account]) -> None:
        self._accounts = accounts
        self.connectors = {n: self._named(n) for n in accounts}
        self.inbounds = {n: self._named(n).inbound(a) for n, a in accounts.items()}
        self.outbounds = {n: self._named(n).outbound(a) for n, a in accounts.items()}
        self.readers = {n: self._named(n).reader(a) for n, a in accounts.items()}
        self.polls: dict[AccountName, Poll] = {}
        self.renewal_readers: dict[AccountName, RenewalReader] = {}
        self.links: dict[AccountName, MediaSource] = {n: Links(a) for n, a in accounts.items()}
        self.sources: dict[AccountName, MediaSource] = {}

    def connector(self, account: AccountName) -> Connector:
        return self.connectors[account]

    def methods(self, account: AccountName) -> frozenset[str]:
        return self.connectors[account].methods

    def inbound(self, account: AccountName) -> Inbound:
        return self.inbounds[account]

    def outbound(self, account: AccountName) -> Outbound:
        return self.outbounds[account]

    def reader(self, account: AccountName) -> Reader:
        return self.readers[account]

    def poll(self, account: AccountName) -> Poll | None:
        return self.polls.get(account)

    def renewals(self, account: AccountName) -> RenewalReader | None:
        if account in self.renewal_readers:
            return self.renewal_readers[account]
        make = self.connectors[account].renewals
        return make(self._accounts[account]) if make else None

    def media(self, account: AccountName, media: Media) -> MediaSource:
        if account in self.sources:
            return self.sources[account]
        made = self.connectors[account].media
        return made(self._accounts[account]) if made and media.media_id else self.links[account]

    def _named(self, account: AccountName) -> Connector:
        name = self._accounts[account].connector
        return next(c for c in CONNECTORS if c.name == name)


@dataclass
class Scripted:
    """An Outbound of which a test decides what some deliveries come to; the rest is real.

    `runs` holds what each call of `deliver` was given.
    """

    inner: Outbound
    says: Callable[[Delivery], Outcome | None]
    runs: list[list[Delivery]] = field(default_factory=list)
    looked_up: list[Delivery] = field(default_factory=list)

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        self.runs.append(list(run))
        said = [self.says(delivery) for delivery in run]
        real = [d for d, outcome in zip(run, said, strict=True) if outcome is None]
        outcomes = iter(self.inner.deliver(real) if real else ())
        return [next(outcomes) if outcome is None else outcome for outcome in said]

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        self.looked_up.extend(run)
        return self.inner.find(run)


@contextmanager
def holding(engine: Engine, lane: str, seconds: float) -> Iterator[Lease]:
    """Another worker's turn on the lane; raises LeaseLost when it can't have it."""
    with leased(engine, lane, seconds) as lease:
        with writing(engine) as db:
            lease.keep(db)
        yield lease


class World:
    """What a test does and sees. `later` turns every clock of the house, the store's as well."""

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
        self.vendors = Vendors(accounts)
        self.parts = Parts(
            engine=engine,
            active=self.active,
            vendors=self.vendors,
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

    def tune(self, account: AccountName, **options: str) -> None:
        """Options of an account, as accounts.yaml holds them; parts are made anew."""
        self._use_account(account, replace(self._accounts[account], options=options))

    def crm_is_elsewhere(self, url: str) -> None:
        self._use_account(CRM, replace(self._accounts[CRM], base_url=url))

    def more_messengers(self, count: int) -> list[AccountName]:
        """Further accounts of the messenger, each a lane of its own with a sales channel."""
        names = [AccountName(f"wazzup-{n}") for n in range(count)]
        policy = self._active.policy
        accounts = {name: AccountPolicy(connector="wazzup") for name in names}
        channels = {
            ChannelName(f"sales-{name}"): ChannelPolicy(
                account=name, messenger=Messenger.WHATSAPP, id="chan-sales", label=name
            )
            for name in names
        }
        for name in names:
            self._use_account(name, replace(self._accounts[CHAT], name=name))
        self.use(accounts={**policy.accounts, **accounts}, channels={**policy.channels, **channels})
        return names

    def limit(self, calls: int) -> None:
        """So many calls are left of every account's rate."""
        self.parts = replace(self.parts, budgets=Limited(left=calls))

    def has_account(self, account: Account) -> None:
        """One more, whose webhooks come."""
        self._use_account(AccountName(account.name), account)

    def _use_account(self, name: AccountName, account: Account) -> None:
        self._accounts = {**self._accounts, name: account}
        self._active = replace(self._active, accounts=self._accounts)
        self.vendors = Vendors(self._accounts)
        self.parts = replace(self.parts, vendors=self.vendors)

    def _activated(self, policy: Policy) -> Active:
        canonical = codec.encode(policy).decode()
        name = hash_of(canonical)
        with writing(self.engine) as db:
            configs.put_config(db, name, canonical, datetime.now(UTC))
            configs.activate(db, name, datetime.now(UTC))
        return Active(policy=policy_of(canonical), hash=name, accounts=self._accounts)

    def client_writes(self, phone: str = "34600111222", text: str = "hello", **more: Any) -> str:
        """A WhatsApp message of a client arrives; gives the vendor's message id."""
        message = self.message(phone, text, **more)
        self.receives(CHAT, {"messages": [message]})
        return str(message["messageId"])

    def message(self, phone: str = "34600111222", text: str = "hello", **more: Any) -> Any:
        """An item of Wazzup's `messages`."""
        self._number += 1
        return {
            "messageId": f"m-{self._number}",
            "channelId": "chan-sales",
            "chatType": "whatsapp",
            "chatId": phone,
            "dateTime": self.parts.now().isoformat(),
            "type": "text",
            "isEcho": False,
            "contact": {"name": "Clara Client"},
            "text": text,
            "status": "inbound",
            **more,
        }

    def receives_each(self, phones: Sequence[str], text: str) -> None:
        """Each of these clients writes, all in one body."""
        self.receives(CHAT, {"messages": [self.message(phone, text) for phone in phones]})

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

    def settle(self, seconds: float = 120.0) -> None:
        """Drains every lane until nothing is due."""
        end = time.monotonic() + seconds
        while names := due_lanes(self.parts):
            assert time.monotonic() < end, f"lanes never came to rest: {names}"
            for name in names:
                drain(self.parts, name, over=lambda: time.monotonic() >= end)

    def drain(self, name: str, seconds: float = 120.0) -> tuple[str, ...]:
        return drain(self.parts, name, over=after(seconds))

    def later(self, seconds: float) -> None:
        self.skew += timedelta(seconds=seconds)
        micros = int(self.skew.total_seconds() * 1_000_000)
        for dialect, clock in STORE_CLOCK.items():
            lanes.CLOCK[dialect] = f"({clock} + {micros})"

    def keeps_files(self, folder: Path) -> FileStorage:
        """Files have a storage of their own from now on."""
        made = FileStorage((folder / "kept").as_uri(), folder / "staging")
        self.parts = replace(self.parts, storage=made)
        return made

    def copy_files(self, seconds: float = 120.0) -> None:
        """Drains every lane of files until nothing is due."""
        end = time.monotonic() + seconds
        while names := due_copies(self.parts):
            assert time.monotonic() < end, f"files never came to rest: {names}"
            for name in names:
                drain(self.parts, name, over=lambda: time.monotonic() >= end)

    def patiently(self, rounds: int = 12, seconds: float = 30.0) -> None:
        """Drains, lets time pass, and drains again."""
        for _ in range(rounds):
            self.settle()
            self.later(seconds)
        self.settle()

    def script(self, account: AccountName, says: Callable[[Delivery], Outcome | None]) -> Scripted:
        made = Scripted(inner=self.vendors.outbound(account), says=says)
        self.vendors.outbounds[account] = made
        return made

    @contextmanager
    def hooks(self) -> Iterator[None]:
        """Both vendors call the house, which lets in what they prove to have sent."""
        with served(self._let_in) as url:
            secret = SECRETS[CRM]["client_secret"][0]
            aim = {"url": f"{url}/hooks/{CRM}", "client_secret": secret}
            _post(f"{self.crm_url}/_sandbox/webhooks", aim)
            webhook = {"webhooksUri": f"{url}/hooks/{CHAT}"}
            _post(f"{self.chat_url}/_sandbox/seed", {"webhook": webhook})
            yield
            requests.delete(f"{self.crm_url}/_sandbox/webhooks", timeout=60).raise_for_status()

    def _let_in(self, environ: Any, start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        account = AccountName(path.rpartition("/")[2])
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        came = RawRequest(
            method="POST",
            url=f"http://{environ['HTTP_HOST']}{path}",
            headers=headers,
            body=body,
            received_at=self.parts.now(),
        )
        self.vendors.inbound(account).verify(came)
        self.receives(account, body)
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    def hears(self, account: AccountName, count: int, seconds: float = 120.0) -> None:
        """Waits until so many webhooks of the account have come in all."""
        end = time.monotonic() + seconds
        while self.count(INBOX, account=account) < count:
            assert time.monotonic() < end, f"{self.count(INBOX, account=account)} of {count} came"
            time.sleep(0.01)

    def settles_with(self, holds: Callable[[], bool], otherwise: str) -> None:
        """Works off what comes until that holds: one thing may be told by several webhooks."""
        end = time.monotonic() + 120
        self.settle(60)
        while not holds():
            assert time.monotonic() < end, otherwise
            time.sleep(0.05)
            self.settle(60)

    def person_changes(self, kind: str, record: str = "", **properties: str) -> None:
        """Somebody changes a record in the CRM's own pages; without an id he makes one."""
        named = {"id": record} if record else {}
        self.in_crm("change", kind=kind, properties=properties, **named)

    def in_crm(self, deed: str, **body: Any) -> None:
        _post(f"{self.crm_url}/_sandbox/{deed}", body)

    def at_messenger(self, deed: str, **body: Any) -> None:
        _post(f"{self.chat_url}/_sandbox/{deed}", body)

    def crm(self) -> dict[str, Any]:
        """What stands in the CRM's sandbox, and in `calls` what it was asked."""
        answer: dict[str, Any] = requests.get(f"{self.crm_url}/_sandbox/state", timeout=60).json()
        return answer

    def phone(self) -> dict[str, Any]:
        """What the messenger's sandbox has sent to clients."""
        answer: dict[str, Any] = requests.get(f"{self.chat_url}/_sandbox/state", timeout=60).json()
        return answer

    def seed(self, **records: Any) -> None:
        _post(f"{self.crm_url}/_sandbox/seed", records)

    def fail(self, account: AccountName, **rule: Any) -> None:
        base = self.crm_url if account == CRM else self.chat_url
        _post(f"{base}/_sandbox/faults", {"rules": [rule]})

    def calls(self, ending: str) -> int:
        """How many calls of the CRM's API ended like this."""
        return sum(n for line, n in self.crm()["calls"].items() if line.endswith(ending))

    def entries(self) -> list[str]:
        """The texts on the CRM's timeline in the order in which they were written."""
        found = sorted(self.crm()["communications"], key=lambda entry: int(entry["seq"]))
        return [str(entry["properties"]["hs_communication_body"]) for entry in found]

    def mend(self) -> None:
        for base in (self.crm_url, self.chat_url):
            requests.delete(f"{base}/_sandbox/faults", timeout=60).raise_for_status()

    def conversations(self) -> list[ConversationId]:
        return [ConversationId(row["id"]) for row in self.rows(CONVERSATIONS)]

    def contact_of(self, phone: str) -> RecordId:
        """Our id of a known client who wrote on the sales channel."""
        where = conversation_id(CHAT, "chan-sales", phone)
        with self.engine.connect() as db:
            contact = chats.conversations_by_id(db, [where])[where].contact
        assert contact is not None
        return contact

    def outbox_row(self, effect: Effect, *, urgent: bool = False) -> outbox.NewRow:
        self._number += 1
        return outbox.NewRow(
            lane=lane(Way.OUT, CRM),
            account=CRM,
            effect=effect,
            idempotency_key=f"key-{self._number}",
            ordering_key=f"order-{self._number}",
            urgent=urgent,
            makes=None,
            needs=(),
            event_account=CRM,
            event_key=EventKey(f"event-{self._number}"),
            conversation=None,
            message=None,
        )

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


def in_another_process(house: World, work: Callable[[Parts], None]) -> int:
    """Runs it with a connection of its own; gives the wait status. It may kill its process."""
    url = house.engine.url.render_as_string(hide_password=False)
    pid = os.fork()
    if pid == 0:
        try:
            work(replace(house.parts, engine=open_engine(url)))
        finally:
            os._exit(0)
    return os.waitpid(pid, 0)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandboxes:
    crm: str
    chat: str


@contextmanager
def sandboxes() -> Iterator[Sandboxes]:
    """Both vendors on loopback; they serve one house after the other."""
    crm, chat = (next(c for c in CONNECTORS if c.name == n) for n in ("hubspot", "wazzup"))
    with (
        served(crm.sandbox({k: v[0] for k, v in SECRETS[CRM].items()})) as crm_url,
        served(chat.sandbox({k: v[0] for k, v in SECRETS[CHAT].items()})) as chat_url,
    ):
        yield Sandboxes(crm=crm_url, chat=chat_url)


@contextmanager
def world(engine: Engine, vendors: Sandboxes) -> Iterator[World]:
    for url in (vendors.crm, vendors.chat):
        _post(f"{url}/_sandbox/reset", {})
    house = World(engine, vendors.crm, vendors.chat)
    house.seed(owners=OWNERS)
    house.at_messenger("seed", channels=CHANNELS)
    try:
        yield house
    finally:
        lanes.CLOCK.update(STORE_CLOCK)


def _account(name: AccountName, connector: str, base_url: str) -> Account:
    return Account(name=name, connector=connector, base_url=base_url, secrets=SECRETS[name])


def _post(url: str, body: Any) -> None:
    answer = requests.post(url, json=body, timeout=60)
    assert answer.ok, answer.text


def client(number: int, owner: str = "101") -> tuple[str, dict[str, Any]]:
    """A client's phone as Wazzup writes it, and his contact as the CRM's sandbox is seeded."""
    phone = f"34600{number:06d}"
    properties = {"firstname": f"Client {number}", "phone": f"+{phone}", "hubspot_owner_id": owner}
    return phone, {"id": str(100_000 + number), "properties": properties}


def known_clients(house: World, count: int) -> list[str]:
    """Clients of Ana's that the bridge has met; gives their phones."""
    made = [client(number) for number in range(count)]
    house.seed(contacts=[contact for _, contact in made])
    items = [house.message(phone, "first") for phone, _ in made]
    house.receives(CHAT, {"messages": items})
    house.settle()
    return [phone for phone, _ in made]
