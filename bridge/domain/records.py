"""The nouns of the CRM side as we mirror them, and our own conversations and messages."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bridge.domain.messaging import (
    ChatKind,
    Direction,
    Media,
    MessageStatus,
    Messenger,
    Template,
)
from bridge.domain.names import (
    AccountName,
    ChannelName,
    ConversationId,
    CrmId,
    EmployeeId,
    MessageId,
    RecordId,
)


class RecordKind(StrEnum):
    CONTACT = "contact"
    DEAL = "deal"
    LEAD = "lead"


class CrmKind(StrEnum):
    """Kinds of a CRM's records, also those that the bridge keeps no mirror of."""

    CONTACT = "contact"
    COMPANY = "company"
    DEAL = "deal"
    LEAD = "lead"
    CONTRACT = "contract"
    PARTNER_CLIENT = "partner_client"  # what a CRM's vendor keeps of its partners' clients


class ContactState(StrEnum):
    ACTIVE = "active"
    DELETED = "deleted"
    ERASED = "erased"
    MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who owns a record, and since when we know it. `crm_id` of None: nobody owns it."""

    crm_id: CrmId | None
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A client. `crm_id` of None: being created in the CRM by an effect of ours. `merged_into`: he
    is the same person as that contact, whose chats are his now."""

    id: RecordId
    crm_id: CrmId | None
    name: str
    owner: Owner
    phones: tuple[str, ...] = ()
    state: ContactState = ContactState.ACTIVE
    merged_into: RecordId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    id: RecordId
    crm_id: CrmId | None
    name: str
    pipeline: str
    stage: str
    is_open: bool
    owner: Owner
    contacts: tuple[RecordId, ...]
    active_at: datetime | None = None  # when somebody last did something to it in the CRM


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    id: RecordId
    crm_id: CrmId | None
    name: str
    is_open: bool
    owner: Owner
    contacts: tuple[RecordId, ...]


class ClientState(StrEnum):
    """What we know of the client behind a conversation."""

    KNOWN = "known"  # linked to a contact
    NEW = "new"  # not in the CRM, nobody has taken him yet
    UNIDENTIFIED = "unidentified"  # the CRM could not be asked yet
    AMBIGUOUS = "ambiguous"  # several CRM contacts fit; a person decides
    GROUP = "group"  # a group chat: never a client


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientWishes:
    """What a client has asked not to be sent on a channel, and when he said so last."""

    blocked: bool = False
    as_of: datetime | None = None
    no_marketing: bool = False
    marketing_as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What left up to this time has got as far as this."""

    status: MessageStatus
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One client's chat on one channel. `identities` are the names of all that its vendor proved
    of the client; `candidates` the contacts among whom a manager has to choose."""

    id: ConversationId
    account: AccountName
    channel: ChannelName
    channel_id: str
    messenger: Messenger
    chat_id: str
    kind: ChatKind
    client: ClientState
    contact: RecordId | None = None
    claimed_by: EmployeeId | None = None
    title: str = ""
    phone: str | None = None
    username: str | None = None
    last_inbound_at: datetime | None = None
    last_message_at: datetime | None = None
    unanswered_since: datetime | None = None
    wishes: ClientWishes = field(default_factory=ClientWishes)
    dismissed_by: EmployeeId | None = None  # who said last that no answer is needed, and when
    dismissed_at: datetime | None = None
    identities: tuple[str, ...] = ()
    candidates: tuple[RecordId, ...] = ()
    pinned_deal: RecordId | None = None  # the deal whose owner counts while it is open
    reached: tuple[Reached, ...] = ()  # where the vendor tells it of all at once

    @property
    def is_undecided(self) -> bool:
        """Whether a manager has to say whose client this is."""
        return self.client is ClientState.AMBIGUOUS or bool(self.candidates)


class TimelineState(StrEnum):
    """Where a message stands with the CRM's timeline."""

    WRITTEN = "written"  # an effect that writes it has been decided
    WAITING = "waiting"  # no contact yet
    OFF = "off"  # switched off, or a group chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What a message said from some time on: by an edit, or by itself at first.

    Edits of the same time follow their `number` where the vendor counts them, else the text that
    each began with, else their event keys.
    """

    text: str
    at: datetime
    media: tuple[Media, ...] = ()
    key: str = ""  # the edit's event
    number: int = 0
    old_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What somebody put on a message; without an emoji he has taken it back.

    `by` is the vendor's id of him where there are several, `beside` as of MessageReacted.
    """

    emoji: str
    at: datetime
    direction: Direction
    by: str = ""
    name: str = ""
    id: str = ""
    key: str = ""  # the event
    number: int = 0
    beside: bool = False
    taken_back: bool = False  # by its id


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of a conversation. `vendor_id` of None: ours, not yet accepted by the vendor.

    One letter may be several messages: `part` of `parts`, counted from 1. `again_of` is one of ours
    that did not arrive and in whose place this was sent, `resent_as` the other way round.
    """

    id: MessageId
    conversation: ConversationId
    vendor_id: str | None
    direction: Direction
    occurred_at: datetime
    status: MessageStatus
    text: str = ""
    media: tuple[Media, ...] = ()
    author: EmployeeId | None = None
    author_name: str = ""
    sent_from: str = ""  # "bridge", "phone" or "" (the client)
    reply_to: str | None = None
    timeline: TimelineState = TimelineState.OFF
    edits: tuple[str, ...] = ()  # earlier texts, oldest first
    deleted_at: datetime | None = None
    error: str = ""
    template: Template | None = None
    part: int = 1
    parts: int = 1
    again_of: MessageId | None = None
    resent_as: MessageId | None = None
    automatic: bool = False  # sent by a machine, so nobody has answered
    wiped_at: datetime | None = None  # kept no longer: what it said is gone for good
    first: Version | None = None  # before all edits; None: never edited, or it never came
    versions: tuple[Version, ...] = ()  # by edits, oldest first; `text` and `edits` follow
    times_edited: int = 0
    reactions: tuple[Reaction, ...] = ()  # those taken back included


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    id: str
    label: str
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A CRM pipeline: `kind` is DEAL or LEAD."""

    id: str
    kind: RecordKind
    label: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmContact:
    """A contact as just read from the CRM."""

    crm_id: CrmId
    name: str
    owner: CrmId | None
    phones: tuple[str, ...] = ()
    usernames: tuple[str, ...] = ()
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmDeal:
    """A deal as just read, with the CRM ids of all its contacts."""

    crm_id: CrmId
    name: str
    pipeline: str
    stage: str
    is_open: bool
    owner: CrmId | None
    contacts: tuple[CrmId, ...]
    active_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmLead:
    """A lead as just read, with the CRM ids of all its contacts."""

    crm_id: CrmId
    name: str
    is_open: bool
    owner: CrmId | None
    contacts: tuple[CrmId, ...]
