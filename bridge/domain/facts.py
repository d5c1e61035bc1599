"""What a decision may look at: everything is passed in, nothing is fetched."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bridge.domain.identities import KnownIdentity
from bridge.domain.merging import Merge
from bridge.domain.messaging import ChannelState
from bridge.domain.names import (
    AccountName,
    ChannelName,
    ConversationId,
    EmployeeId,
    MessageId,
    RecordId,
)
from bridge.domain.partner_facts import PartneringFacts
from bridge.domain.people import Directory
from bridge.domain.records import (
    Contact,
    Conversation,
    CrmContact,
    CrmDeal,
    CrmLead,
    Deal,
    Lead,
    Message,
)
from bridge.domain.renewing_facts import RenewingFacts
from bridge.domain.reselling_facts import ResellingFacts
from bridge.domain.rotation import Rotation
from bridge.domain.templates import MessageTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What the CRM just said of an identity. `available` is False when it could not be asked."""

    available: bool
    found: tuple[CrmContact, ...] = ()
    deals: tuple[CrmDeal, ...] = ()
    leads: tuple[CrmLead, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFacts:
    """A channel as last heard of; `window_hours` as in `ports.ChannelReading`."""

    name: ChannelName
    state: ChannelState = ChannelState.UNKNOWN
    as_of: datetime | None = None
    window_hours: int | None = None
    can_write_first: bool = True
    account: AccountName | None = None
    channel_id: str = ""
    plain_id: str = ""
    max_text: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSend:
    """A send of ours to this chat that was tried, and of which the vendor's id is not known."""

    message: MessageId
    text: str
    unknown: bool  # no answer is awaited any more that could bring the id


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A message as the mark of its chat sees it: a client's asks, a person's answers; what a
    machine sent, and what never arrived, does neither."""

    message: MessageId
    at: datetime
    asks: bool = False
    answers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts of one event, as they stand after the events before it."""

    now: datetime
    directory: Directory
    channel: ChannelFacts | None = None
    account_channels: tuple[ChannelFacts, ...] = ()  # of the account that tells of a channel
    conversation: Conversation | None = None
    contact: Contact | None = None
    deals: tuple[Deal, ...] = ()
    leads: tuple[Lead, ...] = ()
    lookup: Lookup | None = None
    same_phone: tuple[Contact, ...] = ()  # mirrored contacts with the chat's phone
    same_phone_deals: tuple[Deal, ...] = ()
    same_phone_leads: tuple[Lead, ...] = ()
    message: Message | None = None
    waiting: tuple[Message, ...] = ()  # of the conversation, not yet on any timeline
    open_sends: tuple[OpenSend, ...] = ()  # oldest first
    turns: Mapping[str, EmployeeId] = field(default_factory=dict)  # who had the last turn, by pool
    rotations: Mapping[str, Rotation] = field(default_factory=dict)  # where it stands, by pool
    records: Mapping[str, RecordId] = field(default_factory=dict)  # ours, by `kind:crm id`
    conversations: tuple[ConversationId, ...] = ()  # of the contact, the latest first
    received_at: datetime | None = None  # when the event came; None: just now
    templates: tuple[MessageTemplate, ...] = ()  # known as the one that an event tells of
    public_url: str = ""
    is_open_stage: bool | None = None  # of the stage that the event names, where pipelines say
    claims: tuple[EmployeeId, ...] = ()  # who claimed chats of the record whose owner changes
    exchanged: tuple[Exchange, ...] = ()  # of the chat whose message has failed
    parked_at: datetime | None = None  # since when the event waits for what it is about
    unread: tuple[Message, ...] = ()  # of ours before the message, whose status is behind its own
    known_otherwise: tuple[KnownIdentity, ...] = ()  # of contacts that the CRM names
    identities: tuple[KnownIdentity, ...] = ()  # whom what is new of this chat is known to be of
    kin: tuple[Contact, ...] = ()  # those contacts, and all whom the event or its chat names
    kin_deals: tuple[Deal, ...] = ()
    kin_leads: tuple[Lead, ...] = ()
    undecided: tuple[ConversationId, ...] = ()  # that wait for what the event is about
    former_chat: Conversation | None = None  # what a chat was before its id changed
    merge: Merge | None = None
    renewing: RenewingFacts | None = None
    reselling: ResellingFacts | None = None
    partnering: PartneringFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatFacts:
    """What access, marks and notifications look at."""

    conversation: Conversation
    contact: Contact | None = None
    deals: tuple[Deal, ...] = ()
    leads: tuple[Lead, ...] = ()
