"""People, policies, chats and events in a line each; every test changes only what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.domain import changes as c
from bridge.domain.decisions import Decision, Wait
from bridge.domain.effects import Effect
from bridge.domain.events import (
    ClientIdentified,
    MessageDeleted,
    MessageEdited,
    MessageReacted,
    MessageReceived,
    MessageSent,
    MessageStatusChanged,
)
from bridge.domain.facts import ChatFacts, Facts, Lookup
from bridge.domain.messaging import Chat, ChatKind, Direction, MessageStatus, Messenger
from bridge.domain.names import (
    AccountName,
    ChannelName,
    CrmId,
    EmployeeId,
    EventKey,
    MessageId,
    RecordId,
    conversation_id,
    digest_id,
    message_id,
)
from bridge.domain.people import CrmEmployee, Directory, Employee, Role
from bridge.domain.policy import AccountPolicy, ChannelPolicy, Policy
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import (
    ClientState,
    Contact,
    Conversation,
    CrmContact,
    CrmDeal,
    CrmLead,
    Deal,
    Lead,
    Message,
    Owner,
)
from bridge.domain.routing import route

NOW = datetime(2026, 3, 5, 14, 20, tzinfo=UTC)
CRM, CHAT = AccountName("crm-main"), AccountName("chat-main")
ANA, BRUNO, CARLA, LUIS, QA, OTTO = (
    EmployeeId(f"{name}@acme.example") for name in ("ana", "bruno", "carla", "luis", "qa", "otto")
)
WA, WA_NORTH, TG = ChannelName("wa"), ChannelName("wa-north"), ChannelName("tg")
PHONE, TEXT, NAME = "+525512345678", "a very private text", "Clara Canary"

DIRECTORY = Directory(
    people=tuple(
        CrmEmployee(
            crm_id=CrmId(f"crm-{email.split('@')[0]}"), email=email, name=f"N-{email}", active=True
        )
        for email in (ANA, BRUNO, CARLA, LUIS, QA, OTTO)
    ),
    as_of=NOW,
)
POLICY = Policy(
    crm=CRM,
    accounts={CRM: AccountPolicy(connector="hubspot"), CHAT: AccountPolicy(connector="wazzup")},
    channels={
        WA: ChannelPolicy(account=CHAT, messenger=Messenger.WHATSAPP, id="id-wa", label="Sales"),
        WA_NORTH: ChannelPolicy(
            account=CHAT, messenger=Messenger.WHATSAPP, id="id-north", label="North"
        ),
        TG: ChannelPolicy(account=CHAT, messenger=Messenger.TELEGRAM, id="id-tg", label="Telegram"),
    },
    employees={
        ANA: Employee(id=ANA, role=Role.SALESPERSON, gets_new_clients=True),
        BRUNO: Employee(id=BRUNO, role=Role.SALESPERSON, gets_new_clients=True),
        CARLA: Employee(id=CARLA, role=Role.SALESPERSON),
        LUIS: Employee(id=LUIS, role=Role.MANAGER),
        QA: Employee(id=QA, role=Role.QUALITY_CONTROL),
    },
)


def policy(**changed: Any) -> Policy:
    return replace(POLICY, **changed)


def with_employee(given: Policy, who: EmployeeId, **changed: Any) -> Policy:
    """The policy with one entry of roles.yaml changed, or added."""
    entry = replace(given.employee(who), **changed)
    return replace(given, employees={**given.employees, who: entry})


def crm_id(employee: EmployeeId) -> CrmId:
    return CrmId(f"crm-{employee.split('@')[0]}")


def without(*gone: EmployeeId) -> Directory:
    """The CRM's people with some of them archived."""
    people = (replace(p, active=p.email not in gone) for p in DIRECTORY.people)
    return replace(DIRECTORY, people=tuple(people))


def owner(employee: EmployeeId | None, age: timedelta = timedelta(0)) -> Owner:
    return Owner(crm_id=None if employee is None else crm_id(employee), as_of=NOW - age)


def contact(employee: EmployeeId | None = None, **changed: Any) -> Contact:
    given = Contact(
        id=RecordId("ct_1"), crm_id=CrmId("501"), name=NAME, owner=owner(employee), phones=(PHONE,)
    )
    return replace(given, **changed)


def deal(employee: EmployeeId | None = None, **changed: Any) -> Deal:
    given = Deal(
        id=RecordId("dl_1"),
        crm_id=CrmId("601"),
        name="Deal",
        pipeline="default",
        stage="first",
        is_open=True,
        owner=owner(employee),
        contacts=(RecordId("ct_1"),),
    )
    return replace(given, **changed)


def lead(employee: EmployeeId | None = None, **changed: Any) -> Lead:
    given = Lead(
        id=RecordId("ld_1"),
        crm_id=CrmId("701"),
        name="Lead",
        is_open=True,
        owner=owner(employee),
        contacts=(RecordId("ct_1"),),
    )
    return replace(given, **changed)


def crm_contact(employee: EmployeeId | None = None, number: str = "501") -> CrmContact:
    found = None if employee is None else crm_id(employee)
    return CrmContact(crm_id=CrmId(number), name=NAME, owner=found, phones=(PHONE,))


def crm_deal(employee: EmployeeId | None = None, *, is_open: bool = True) -> CrmDeal:
    return CrmDeal(
        crm_id=CrmId("601"),
        name="Deal",
        pipeline="default",
        stage="first",
        is_open=is_open,
        owner=None if employee is None else crm_id(employee),
        contacts=(CrmId("501"),),
    )


def crm_lead(employee: EmployeeId | None = None) -> CrmLead:
    return CrmLead(
        crm_id=CrmId("701"),
        name="Lead",
        is_open=True,
        owner=None if employee is None else crm_id(employee),
        contacts=(CrmId("501"),),
    )


def conversation(channel: ChannelName = WA, **changed: Any) -> Conversation:
    where = POLICY.channels[channel]
    given = Conversation(
        id=conversation_id(CHAT, where.id, "chat-1"),
        account=CHAT,
        channel=channel,
        channel_id=where.id,
        messenger=where.messenger,
        chat_id="chat-1",
        kind=ChatKind.DIRECT,
        client=ClientState.NEW,
        title=NAME,
        phone=PHONE,
        last_inbound_at=NOW - timedelta(minutes=5),
        last_message_at=NOW - timedelta(minutes=5),
        unanswered_since=NOW - timedelta(minutes=5),
    )
    return replace(given, **changed)


def new_chat(channel: ChannelName = WA, **changed: Any) -> ChatFacts:
    """A chat with somebody who is not in the CRM."""
    return ChatFacts(conversation=conversation(channel, **changed))


def chat(
    owned_by: EmployeeId | None = None,
    *,
    deals: tuple[Deal, ...] = (),
    leads: tuple[Lead, ...] = (),
    channel: ChannelName = WA,
    **changed: Any,
) -> ChatFacts:
    """A chat with a contact of the CRM; `changed` is about the conversation."""
    known = conversation(channel, client=ClientState.KNOWN, contact=RecordId("ct_1"))
    return ChatFacts(
        conversation=replace(known, **changed), contact=contact(owned_by), deals=deals, leads=leads
    )


def facts(given: ChatFacts | None = None, **changed: Any) -> Facts:
    """The facts of an event in this chat; the CRM, if asked, knows nobody."""
    base = Facts(
        now=NOW,
        directory=DIRECTORY,
        lookup=Lookup(available=True),
        public_url="https://bridge.example",
    )
    if given is not None:
        base = replace(
            base,
            conversation=given.conversation,
            contact=given.contact,
            deals=given.deals,
            leads=given.leads,
        )
    return replace(base, **changed)


def found(*contacts: CrmContact, **changed: Any) -> Lookup:
    return Lookup(available=True, found=contacts, **changed)


def where(channel: ChannelName = WA, **changed: Any) -> Chat:
    there = POLICY.channels[channel]
    given = Chat(
        channel_id=there.id, messenger=there.messenger, chat_id="chat-1", phone=PHONE, name=NAME
    )
    return replace(given, **changed)


def received(number: str = "m1", **changed: Any) -> MessageReceived:
    given = MessageReceived(
        event_key=EventKey(f"in:{number}"),
        occurred_at=NOW,
        account=CHAT,
        chat=where(),
        message_id=number,
        text=TEXT,
    )
    return replace(given, **changed)


def sent(number: str = "m2", author: EmployeeId | None = None, **changed: Any) -> MessageSent:
    given = MessageSent(
        event_key=EventKey(f"out:{number}"),
        occurred_at=NOW,
        account=CHAT,
        chat=where(),
        message_id=number,
        text=TEXT,
        author=None if author is None else crm_id(author),
    )
    return replace(given, **changed)


def edited(text: str, number: str = "m1", **changed: Any) -> MessageEdited:
    given = MessageEdited(
        event_key=EventKey(digest_id("edit", number, text)),
        occurred_at=NOW,
        account=CHAT,
        message_id=number,
        direction=Direction.IN,
        text=text,
        chat=where(),
    )
    return replace(given, **changed)


def deleted(number: str = "m1", **changed: Any) -> MessageDeleted:
    given = MessageDeleted(
        event_key=EventKey(f"delete:{number}"),
        occurred_at=NOW,
        account=CHAT,
        message_id=number,
        direction=Direction.IN,
        chat=where(),
    )
    return replace(given, **changed)


def reacted(emoji: str, number: str = "m1", **changed: Any) -> MessageReacted:
    given = MessageReacted(
        event_key=EventKey(digest_id("react", number, emoji)),
        occurred_at=NOW,
        account=CHAT,
        message_id=number,
        chat=where(),
        emoji=emoji,
    )
    return replace(given, **changed)


def status(word: MessageStatus, number: str = "m2", **changed: Any) -> MessageStatusChanged:
    given = MessageStatusChanged(
        event_key=EventKey(f"status:{number}:{word}"),
        occurred_at=NOW,
        account=CHAT,
        message_id=number,
        status=word,
    )
    return replace(given, **changed)


def identified(*contacts: CrmContact, **changed: Any) -> ClientIdentified:
    given = ClientIdentified(
        event_key=EventKey("identified"),
        occurred_at=NOW,
        account=CHAT,
        conversation=conversation().id,
        found=contacts,
    )
    return replace(given, **changed)


def message(direction: Direction = Direction.IN, number: str = "m1", **changed: Any) -> Message:
    first = MessageStatus.RECEIVED if direction is Direction.IN else MessageStatus.SENT
    given = Message(
        id=message_id(CHAT, number),
        conversation=conversation().id,
        vendor_id=number,
        direction=direction,
        occurred_at=NOW,
        status=first,
        text=TEXT,
    )
    return replace(given, **changed)


def decide(event: Any, given: Facts, by: Policy = POLICY) -> Decision:
    decided = route(event, given, by)
    assert isinstance(decided, Decision)
    return decided


def waits(event: Any, given: Facts, by: Policy = POLICY) -> Wait:
    decided = route(event, given, by)
    assert isinstance(decided, Wait)
    return decided


def codes(decision: Decision) -> list[ReasonCode]:
    return [reason.code for reason in decision.reasons]


def effects(decision: Decision) -> list[Effect]:
    return [planned.effect for planned in decision.effects]


def kinds(decision: Decision) -> list[str]:
    return [type(effect).__name__ for effect in effects(decision)]


def told_of(decision: Decision) -> dict[EmployeeId, ReasonCode]:
    return {x.employee: x.code for x in decision.changes if isinstance(x, c.Notify)}


def conversation_after(decision: Decision) -> Conversation:
    return [x.conversation for x in decision.changes if isinstance(x, c.PutConversation)][-1]


def messages_after(decision: Decision) -> dict[MessageId, Message]:
    return {x.message.id: x.message for x in decision.changes if isinstance(x, c.PutMessage)}


def chat_after(decision: Decision, before: ChatFacts | None = None) -> ChatFacts:
    """The chat as the store holds it once this decision is carried out."""
    put = [x.contact for x in decision.changes if isinstance(x, c.PutContact)]
    deals = [x.deal for x in decision.changes if isinstance(x, c.PutDeal)]
    leads = [x.lead for x in decision.changes if isinstance(x, c.PutLead)]
    kept = before.contact if before else None
    return ChatFacts(
        conversation=conversation_after(decision),
        contact=put[-1] if put else kept,
        deals=(*(before.deals if before else ()), *deals),
        leads=(*(before.leads if before else ()), *leads),
    )


def turns_after(decision: Decision, before: dict[str, EmployeeId]) -> dict[str, EmployeeId]:
    taken = {x.pool: x.employee for x in decision.changes if isinstance(x, c.TakeTurn)}
    return {**before, **taken}
