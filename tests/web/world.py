"""A small company on a real store: what happens in it goes through the real corridor."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from bridge.codec import encode
from bridge.domain.effects import Effect
from bridge.domain.events import Event, MessageReceived
from bridge.domain.messaging import Chat, ChatKind, Messenger
from bridge.domain.names import (
    AccountName,
    ChannelName,
    ConversationId,
    CrmId,
    EmployeeId,
    EventKey,
    RecordId,
    conversation_id,
)
from bridge.domain.people import CrmEmployee, Directory, Employee, Role
from bridge.domain.policy import AccountPolicy, ChannelPolicy, NewClients, Ownership, Policy
from bridge.domain.records import Contact, CrmContact, CrmDeal, Deal, Lead, Owner
from bridge.domain.signing_in import Provider
from bridge.pipeline.drain import after, drain
from bridge.pipeline.parts import Active, Parts
from bridge.pipeline.signed_links import SignedLinks
from bridge.pipeline.vendors import AccountVendors
from bridge.ports import (
    Account,
    Connector,
)
from bridge.store import mirror, records
from bridge.store.engine import writing
from bridge.store.inbox import NewRow, append
from bridge.store.keys import Scope, create_key
from bridge.store.sessions import open_session
from bridge.web import api, media, pages
from tests.web.fakes import (
    CrmReader,
    KeptFiles,
    OpenBudgets,
    ScriptedInbound,
    SilentBell,
    TakingOutbound,
    no_sandbox,
)

NOW = datetime(2026, 3, 4, 15, 6, 7, tzinfo=UTC)
SECRET_KEY = "0123456789abcdef" * 2
CRM = AccountName("crm-main")
WA = AccountName("wa-main")
SALES, NORTH, TELEGRAM = ChannelName("wa-sales"), ChannelName("wa-north"), ChannelName("tg-main")
ANA, BRUNO, LUIS, QA, NORA = (
    EmployeeId(f"{name}@acme.example") for name in ("ana", "bruno", "luis", "qa", "nora")
)
OWNER = {
    ANA: CrmId("o1"),
    BRUNO: CrmId("o2"),
    LUIS: CrmId("o3"),
    QA: CrmId("o4"),
    NORA: CrmId("o5"),
}
_names = {ANA: "Ana Ruiz", BRUNO: "Bruno Paz", LUIS: "Luis Gil", QA: "Quim Abad", NORA: "Nora Sanz"}
_channel_ids = {SALES: "ch-sales", NORTH: "ch-north", TELEGRAM: "ch-tg"}


class Key:
    """The settings that pages and API ask for."""

    def required_secret_key(self) -> str:
        return SECRET_KEY


def policy() -> Policy:
    def employee(name: EmployeeId, role: Role, gets_new_clients: bool = False) -> Employee:
        return Employee(id=name, role=role, gets_new_clients=gets_new_clients)

    people = (
        replace(
            employee(ANA, Role.SALESPERSON, True),
            priority_channel={Messenger.WHATSAPP: NORTH},
        ),
        replace(employee(BRUNO, Role.SALESPERSON), channels=frozenset({SALES})),
        employee(LUIS, Role.MANAGER),
        employee(QA, Role.QUALITY_CONTROL),
    )
    return Policy(
        crm=CRM,
        accounts={CRM: AccountPolicy(connector="crm"), WA: AccountPolicy(connector="wazzup")},
        channels={
            SALES: _channel(Messenger.WHATSAPP, SALES, "Sales"),
            NORTH: _channel(Messenger.WHATSAPP, NORTH, "North"),
            TELEGRAM: _channel(Messenger.TELEGRAM, TELEGRAM, "Telegram"),
        },
        employees={person.id: person for person in people},
        new_clients=NewClients(pipeline="default", stage="new"),
        ownership=Ownership(fallback=LUIS),
        default=LUIS,
    )


def _channel(messenger: Messenger, name: ChannelName, label: str) -> ChannelPolicy:
    return ChannelPolicy(account=WA, messenger=messenger, id=_channel_ids[name], label=label)


@dataclass
class World:
    """`policy` may be exchanged at any time, as an edited folder would do."""

    engine: Engine
    policy: Policy = field(default_factory=policy)
    now: datetime = NOW
    public_url: str = "http://127.0.0.1:8000"
    script: list[Event] = field(default_factory=list)
    crm: CrmReader = field(default_factory=CrmReader)
    storage: KeptFiles = field(default_factory=KeptFiles)
    provider: Provider | None = None
    provider_secret: str = ""

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self.parts = Parts(
            engine=self.engine,
            active=self.active,
            vendors=AccountVendors(self.active, {n: self._connector(n) for n in ("crm", "wazzup")}),
            bell=SilentBell(),
            budgets=OpenBudgets(),
            now=lambda: self.now,
            public_url=self.public_url,
            storage=self.storage,
            links=SignedLinks(self.public_url, SECRET_KEY),
            provider=self.provider,
        )
        people = [CrmEmployee(crm_id=OWNER[e], email=e, name=_names[e], active=True) for e in OWNER]
        with writing(self.engine) as db:
            mirror.put_directory(db, CRM, Directory(people=tuple(people), as_of=NOW), NOW)
        self.app = Flask("bridge.web", static_folder=None)
        api.register(self.app, self.parts, Key())
        pages.register(self.app, self.parts, Key())
        media.register(self.app, self.parts, Key())

    def active(self) -> Active:
        accounts = {
            name: Account(name=name, connector=account.connector, base_url=account.base_url)
            for name, account in self.policy.accounts.items()
        }
        return Active(
            policy=self.policy,
            hash=str(hash(str(self.policy))),
            accounts=accounts,
            provider_secret=self.provider_secret,
        )

    def change_role(self, employee: EmployeeId, role: Role) -> None:
        changed = replace(self.policy.employee(employee), role=role)
        self.policy = replace(self.policy, employees={**self.policy.employees, employee: changed})

    def client(
        self, name: str, phone: str, owner: EmployeeId | None, *, deal_of: EmployeeId | None = None
    ) -> RecordId:
        """A contact in the CRM, with an open deal when `deal_of` is given; mirrored as read now."""
        contact, crm_id = RecordId(f"rc_{phone}"), CrmId(f"c-{phone}")
        known = Contact(
            id=contact, crm_id=crm_id, name=name, owner=self.owner(owner), phones=(phone,)
        )
        self.crm.contacts_known.append(
            CrmContact(crm_id=crm_id, name=name, owner=known.owner.crm_id, phones=(phone,))
        )
        with writing(self.engine) as db:
            records.put_contacts(db, CRM, [known])
            if deal_of is not None:
                records.put_deals(db, CRM, [self._deal(known, deal_of)])
        return contact

    def lead(self, contact: RecordId, owner: EmployeeId | None, *, is_open: bool = True) -> None:
        lead = Lead(
            id=RecordId(f"rl_{contact}"),
            crm_id=CrmId(f"l-{contact}"),
            name="A lead",
            is_open=is_open,
            owner=self.owner(owner),
            contacts=(contact,),
        )
        with writing(self.engine) as db:
            records.put_leads(db, CRM, [lead])

    def writes(
        self,
        phone: str,
        text: str,
        *,
        channel: ChannelName = SALES,
        kind: ChatKind = ChatKind.DIRECT,
    ) -> ConversationId:
        """A client's message, decided by the real corridor."""
        number = next(self._numbers)
        chat = self.chat(phone, channel, kind)
        event = MessageReceived(
            event_key=EventKey(f"in-{number}"),
            occurred_at=self.now,
            account=WA,
            chat=chat,
            message_id=f"m-{number}",
            text=text,
        )
        self.happens(event)
        return conversation_id(WA, chat.channel_id, chat.chat_id)

    def chat(
        self, phone: str, channel: ChannelName = SALES, kind: ChatKind = ChatKind.DIRECT
    ) -> Chat:
        return Chat(
            channel_id=_channel_ids[channel],
            messenger=self.policy.channels[channel].messenger,
            chat_id=phone.removeprefix("+"),
            kind=kind,
            phone=phone,
            name="",
        )

    def happens(self, event: Event) -> None:
        self.script.append(event)
        self.arrives(event.account, str(len(self.script) - 1).encode())

    def arrives(self, account: AccountName, body: bytes) -> None:
        """A request, stored and decided."""
        row = NewRow(
            lane=f"in:{account}",
            account=account,
            received_at=self.now,
            method="POST",
            url=f"{self.public_url}/hooks/{account}",
            headers=encode({}),
            body=body,
        )
        with writing(self.engine) as db:
            append(db, [row])
        self.drain(f"in:{account}")

    def drain(self, lane: str) -> None:
        drain(self.parts, lane, over=after(20))

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def owner(self, employee: EmployeeId | None) -> Owner:
        return Owner(crm_id=OWNER[employee] if employee else None, as_of=self.now)

    def key(self, principal: str, *scopes: Scope, lifetime: timedelta | None = None) -> str:
        expires_at = self.now + lifetime if lifetime else None
        with writing(self.engine) as db:
            _, secret = create_key(
                db,
                name="test",
                principal=principal,
                scopes=scopes or tuple(Scope),
                now=self.now,
                expires_at=expires_at,
            )
        return secret

    def signed_in(self, employee: EmployeeId) -> FlaskClient:
        with writing(self.engine) as db:
            token = open_session(db, f"employee:{employee}", self.now)
        browser = self.app.test_client()
        browser.set_cookie("bridge_session", token)
        return browser

    def _deal(self, contact: Contact, owner: EmployeeId) -> Deal:
        crm_id = CrmId(f"d-{contact.phones[0]}")
        deal = Deal(
            id=RecordId(f"rd_{contact.phones[0]}"),
            crm_id=crm_id,
            name=f"Deal of {contact.name}",
            pipeline="default",
            stage="new",
            is_open=True,
            owner=self.owner(owner),
            contacts=(contact.id,),
        )
        self.crm.deals_known.append(
            CrmDeal(
                crm_id=crm_id,
                name=deal.name,
                pipeline=deal.pipeline,
                stage=deal.stage,
                is_open=True,
                owner=deal.owner.crm_id,
                contacts=(CrmId(f"c-{contact.phones[0]}"),),
            )
        )
        return deal

    def _connector(self, name: str) -> Connector:
        return Connector(
            name=name,
            label=name.title(),
            needs=frozenset(),
            inbound=lambda account: ScriptedInbound(self.script),
            outbound=lambda account: TakingOutbound(),
            reader=lambda account: self.crm,
            delivers=frozenset(Effect.__args__),
            sandbox=no_sandbox,
            is_crm=name == "crm",
        )
