"""Conversations in any state that the store can hold, put there in bulk: many to a world."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import strategies as st

from bridge.codec import encode
from bridge.domain.changes import Notify
from bridge.domain.decisions import Decision, Verdict
from bridge.domain.messaging import ChatKind, Direction, Media, MediaKind, MessageStatus, Messenger
from bridge.domain.names import (
    ChannelName,
    ConversationId,
    CrmId,
    EmployeeId,
    EventKey,
    MessageId,
    RecordId,
)
from bridge.domain.people import CrmEmployee, Directory
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import (
    ClientState,
    Contact,
    ContactState,
    Conversation,
    Deal,
    Lead,
    Message,
    Owner,
)
from bridge.pipeline.ledger import record_of
from bridge.store import decisions, media, mirror, notices, records
from bridge.store.decisions import DecisionRow
from bridge.store.engine import writing
from tests.web.files import is_copied
from tests.web.world import ANA, BRUNO, CRM, LUIS, NORTH, OWNER, QA, SALES, TELEGRAM, WA, World

# Whom a record may name as its owner: people of each role, one who left, one nobody knows.
GONE, STRANGER = CrmId("o-gone"), CrmId("o-stranger")
OTTO = EmployeeId("otto@acme.example")
TWICE = CrmId("o1-again")  # Ana has two users in the CRM
OWNERS = (None, OWNER[ANA], TWICE, OWNER[BRUNO], OWNER[LUIS], OWNER[QA], GONE, STRANGER)
UNNAMED = ChannelName(f"{WA}:unnamed")
FRESH, STALE, AHEAD = timedelta(hours=1), timedelta(hours=30), -timedelta(days=300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A deal or a lead."""

    owner: CrmId | None
    is_open: bool
    age: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """What there is to know of a conversation before anybody asks for it."""

    client: ClientState
    channel: ChannelName
    owner: CrmId | None
    contact: ContactState | None  # None: no contact
    age: timedelta
    deals: tuple[Record, ...]
    leads: tuple[Record, ...]
    claimed_by: EmployeeId | None
    participant: EmployeeId | None  # wrote here once, was chosen, was told
    is_unanswered: bool
    has_messages: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """`event` is the decision's id; the ids are those by which somebody may ask. `file` is a
    message that has one."""

    chat: Chat
    conversation: ConversationId
    contact: RecordId
    message: MessageId
    event_key: EventKey
    event: str = ""
    file: MessageId | None = None


_record = st.builds(
    Record,
    owner=st.sampled_from(OWNERS),
    is_open=st.booleans(),
    age=st.sampled_from((FRESH, FRESH, FRESH, STALE)),
)
_records = st.one_of(st.just(()), st.just(()), st.lists(_record, max_size=2).map(tuple))

chats = st.builds(
    Chat,
    client=st.sampled_from((*([ClientState.KNOWN] * 5), *ClientState)),
    channel=st.sampled_from((SALES, SALES, NORTH, TELEGRAM, UNNAMED)),
    owner=st.sampled_from(OWNERS),
    contact=st.sampled_from((*([ContactState.ACTIVE] * 6), None, None, *ContactState)),
    age=st.sampled_from((*([FRESH] * 5), STALE, AHEAD)),
    deals=_records,
    leads=_records,
    claimed_by=st.sampled_from((None, None, ANA, BRUNO)),
    participant=st.sampled_from((None, ANA, BRUNO)),
    is_unanswered=st.booleans(),
    has_messages=st.sampled_from((True, True, True, False)),
)


def some_of_everything(count: int) -> list[Chat]:
    """Kinds that come round at different intervals, so that each meets each of the others."""
    clients = (ClientState.KNOWN, ClientState.NEW, ClientState.KNOWN, *ClientState)  # 8
    contacts = (ContactState.ACTIVE, None, ContactState.ACTIVE, ContactState.DELETED, None)
    ages = (FRESH, FRESH, STALE)
    ana, bruno = OWNER[ANA], OWNER[BRUNO]
    deals = (None, (ana, True), (bruno, True), (ana, False), None, (GONE, True))
    return [
        Chat(
            client=clients[n % 8],
            channel=(SALES, NORTH)[n % 2],
            owner=OWNERS[n % 7],
            contact=contacts[n % 5],
            age=ages[n % 3],
            deals=_one(deals[n % 6]),
            leads=_one(deals[(n // 6) % 6]),
            claimed_by=(None, None, ANA, BRUNO)[n % 4],
            participant=(None, ANA, BRUNO)[n % 3],
            is_unanswered=n % 2 == 0,
            has_messages=n % 9 > 0,
        )
        for n in range(count)
    ]


def _one(given: tuple[CrmId, bool] | None) -> tuple[Record, ...]:
    return () if given is None else (Record(owner=given[0], is_open=given[1], age=FRESH),)


def directory(world: World) -> Directory:
    """The company, one who left, and a second CRM user of Ana's."""
    with writing(world.engine) as db:
        known = mirror.directory(db, CRM)
        more = (
            CrmEmployee(crm_id=GONE, email=OTTO, name="Otto", active=False),
            CrmEmployee(crm_id=TWICE, email=ANA, name="Ana Ruiz", active=True),
        )
        people = Directory(people=(*known.people, *more), as_of=world.now)
        mirror.put_directory(db, CRM, people, world.now + timedelta(seconds=1))
    return people


def plant(world: World, wanted: Sequence[Chat]) -> list[Planted]:
    """All of them in one transaction; the first one wrote first."""
    planted = [_names(number, chat) for number, chat in enumerate(wanted)]
    with writing(world.engine) as db:
        records.put_conversations(db, [_conversation(world, one) for one in planted])
        records.put_contacts(db, CRM, [_contact(world, p) for p in planted if p.chat.contact])
        records.put_deals(db, CRM, [deal for p in planted for deal in _deals(world, p)])
        records.put_leads(db, CRM, [lead for p in planted for lead in _leads(world, p)])
        said = [message for p in planted for message in _messages(world, p)]
        accounts = {message.id: WA for message in said}
        records.put_messages(db, accounts, said)
        media.want(db, {WA: f"media:{WA}"}, accounts, said, world.now)
        decisions.add(db, [_decision(world, one) for one in planted])
        notices.add(db, [notice for p in planted for notice in _notices(p)], world.now)
    for one in planted:
        if one.file is not None:
            is_copied(world, one.file)
    return planted


def _names(number: int, chat: Chat) -> Planted:
    return Planted(
        chat=chat,
        conversation=ConversationId(f"cv_{number:03}"),
        contact=RecordId(f"rc_{number:03}"),
        message=MessageId(f"ms_{number:03}"),
        event_key=EventKey(f"planted-{number:03}"),
        event=str(number + 1),
        file=MessageId(f"ms_{number:03}") if chat.has_messages else None,
    )


def _conversation(world: World, planted: Planted) -> Conversation:
    chat = planted.chat
    is_group = chat.client is ClientState.GROUP
    at = _said_at(world, planted) if chat.has_messages else None
    number = planted.conversation.removeprefix("cv_")
    return Conversation(
        id=planted.conversation,
        account=WA,
        channel=chat.channel,
        channel_id=f"ch-{chat.channel}",
        messenger=Messenger.WHATSAPP,
        chat_id=f"34600{number}",
        kind=ChatKind.GROUP if is_group else ChatKind.DIRECT,
        client=chat.client,
        contact=planted.contact if chat.contact else None,
        claimed_by=chat.claimed_by,
        title=f"needle {number}",
        phone=f"+34600{number}",
        username=f"user{number}",
        last_inbound_at=at,
        last_message_at=at,
        unanswered_since=at if chat.is_unanswered else None,
    )


def _said_at(world: World, planted: Planted) -> datetime:
    return world.now - timedelta(days=2) + timedelta(minutes=int(planted.event))


def _owner(world: World, owner: CrmId | None, age: timedelta) -> Owner:
    return Owner(crm_id=owner, as_of=world.now - age)


def _contact(world: World, planted: Planted) -> Contact:
    chat = planted.chat
    return Contact(
        id=planted.contact,
        crm_id=CrmId(f"c-{planted.contact}"),
        name=f"Client {planted.contact}",
        owner=_owner(world, chat.owner, chat.age),
        phones=(),
        state=chat.contact or ContactState.ACTIVE,
    )


def _deals(world: World, planted: Planted) -> Iterator[Deal]:
    for number, deal in enumerate(planted.chat.deals):
        yield Deal(
            id=RecordId(f"rd_{planted.contact}_{number}"),
            crm_id=None,
            name="A deal",
            pipeline="default",
            stage="new",
            is_open=deal.is_open,
            owner=_owner(world, deal.owner, deal.age),
            contacts=(planted.contact,),
        )


def _leads(world: World, planted: Planted) -> Iterator[Lead]:
    for number, lead in enumerate(planted.chat.leads):
        yield Lead(
            id=RecordId(f"rl_{planted.contact}_{number}"),
            crm_id=None,
            name="A lead",
            is_open=lead.is_open,
            owner=_owner(world, lead.owner, lead.age),
            contacts=(planted.contact,),
        )


def _messages(world: World, planted: Planted) -> Iterator[Message]:
    """The client's with a file, and the participant's answer."""
    if not planted.chat.has_messages:
        return
    at = _said_at(world, planted)
    yield Message(
        id=planted.message,
        conversation=planted.conversation,
        vendor_id=f"v-{planted.message}",
        direction=Direction.IN,
        occurred_at=at,
        status=MessageStatus.DELIVERED,
        text=f"haystack {planted.message}",
        media=(Media(kind=MediaKind.IMAGE, url="https://files.example/1", name="photo.jpg"),),
    )
    if planted.chat.participant is not None:
        yield Message(
            id=MessageId(f"{planted.message}-out"),
            conversation=planted.conversation,
            vendor_id=f"v-{planted.message}-out",
            direction=Direction.OUT,
            occurred_at=at,
            status=MessageStatus.SENT,
            text="an answer",
            author=planted.chat.participant,
            sent_from="bridge",
        )


def _decision(world: World, planted: Planted) -> DecisionRow:
    chat = planted.chat
    at = _said_at(world, planted)
    decision = Decision(
        event_key=planted.event_key,
        account=WA,
        kind="MessageReceived",
        verdict=Verdict.APPLIED,
        reasons=(Reason(ReasonCode.MESSAGE_STORED, "stored"),),
        decided_at=at,
        occurred_at=at,
        target=chat.participant,
        conversation=planted.conversation,
        contact=planted.contact if chat.contact else None,
    )
    return DecisionRow(
        account=WA,
        event_key=planted.event_key,
        kind=decision.kind,
        verdict=decision.verdict,
        headline=ReasonCode.MESSAGE_STORED,
        inbox_id=None,
        conversation=planted.conversation,
        contact=decision.contact,
        subject=None,
        tenant=None,
        target=decision.target,
        message=planted.message if chat.has_messages else None,
        occurred_at=at,
        decided_at=at,
        config_hash="",
        directory_hash="",
        code_version="test",
        event=None,
        facts=None,
        record=encode(record_of(decision, "", "")),
    )


def _notices(planted: Planted) -> Iterator[Notify]:
    if planted.chat.participant is not None:
        yield Notify(
            employee=planted.chat.participant,
            conversation=planted.conversation,
            message=None,
            code=ReasonCode.NOTIFY_RESPONSIBLE,
        )
