"""What happened: the vocabulary that every connector translates into.

Every event has `event_key` (stable over redelivery, different for different facts; unique within
its account), `occurred_at` (aware UTC, the vendor's clock), `account`, and `raw` (the vendor's item
as ASCII JSON text, for people who look into a dead letter; no rule reads it).

`by_us` of a CRM event: the vendor says that our own write caused it.
"""

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.crm_events import (
    AssociationChanged as AssociationChanged,
)
from bridge.domain.crm_events import (
    ClientChanged as ClientChanged,
)
from bridge.domain.crm_events import (
    ContactChanged as ContactChanged,
)
from bridge.domain.crm_events import (
    ContactDeleted as ContactDeleted,
)
from bridge.domain.crm_events import (
    ContactErased as ContactErased,
)
from bridge.domain.crm_events import (
    ContactsMerged as ContactsMerged,
)
from bridge.domain.crm_events import (
    CrmEvent as CrmEvent,
)
from bridge.domain.crm_events import (
    DealChanged as DealChanged,
)
from bridge.domain.crm_events import (
    LeadChanged as LeadChanged,
)
from bridge.domain.crm_events import (
    OwnerChanged as OwnerChanged,
)
from bridge.domain.crm_events import (
    RecordChange as RecordChange,
)
from bridge.domain.crm_events import (
    RecordEvent as RecordEvent,
)
from bridge.domain.crm_events import (
    UnitsUsed as UnitsUsed,
)
from bridge.domain.desk_events import (
    ClientChosen as ClientChosen,
)
from bridge.domain.desk_events import (
    ClientIdentified as ClientIdentified,
)
from bridge.domain.desk_events import (
    ContactsJoined as ContactsJoined,
)
from bridge.domain.desk_events import (
    ContactsParted as ContactsParted,
)
from bridge.domain.desk_events import (
    DeskEvent as DeskEvent,
)
from bridge.domain.desk_events import (
    MessageWritten as MessageWritten,
)
from bridge.domain.desk_events import (
    SendMarked as SendMarked,
)
from bridge.domain.helping_events import HelpingEvent as HelpingEvent
from bridge.domain.messaging import (
    ChannelState,
    Chat,
    Direction,
    Media,
    MessageStatus,
    Referral,
)
from bridge.domain.names import (
    AccountName,
    CrmId,
    EventKey,
)
from bridge.domain.note_events import NoteAdded as NoteAdded
from bridge.domain.partner_events import PartnerEvent as PartnerEvent
from bridge.domain.renewing_events import RenewalEvent as RenewalEvent
from bridge.domain.reselling_events import ResellingEvent as ResellingEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived:
    """A client wrote. `reply_to` is the vendor's id of the message he quotes.

    Messages sent together as one album bear the same `album`. `pressed` is what a button that he
    pressed stands for, its label is the text. Of a kind that the vendor hands over without its
    content, the text says so: it is never silent. `author_name` is who wrote it, where that is not
    whom the chat is named after: in groups. `earlier`: from before the channel was connected, so
    it is kept in the chat and nothing follows from it.
    """

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    chat: Chat
    message_id: str
    text: str = ""
    media: tuple[Media, ...] = ()
    reply_to: str | None = None
    forwarded: bool = False
    album: str | None = None
    pressed: str | None = None
    referral: Referral | None = None
    author_name: str = ""
    earlier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent:
    """A message left to a client: typed elsewhere, or our own coming back.

    `author` is the CRM's user id where the vendor knows it; `sent_from` is `phone`, `window` (the
    vendor's own chat window), `api`, or empty when the vendor does not say. `automatic`: by a
    greeting, an away message or a schedule, not by a person just now. `earlier` as of
    MessageReceived.
    """

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    chat: Chat
    message_id: str
    text: str = ""
    media: tuple[Media, ...] = ()
    reply_to: str | None = None
    author: CrmId | None = None
    author_name: str = ""
    sent_from: str = ""
    status: MessageStatus = MessageStatus.SENT
    automatic: bool = False
    earlier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited:
    """A message has a new text. `chat` is None where the vendor names only the message; `number`
    rises from edit to edit, where the vendor counts them."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    message_id: str
    direction: Direction
    text: str
    chat: Chat | None = None
    old_text: str | None = None
    media: tuple[Media, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDeleted:
    """`message_id` may be the `reaction_id` of a reaction that was taken back, where the vendor
    does not say what it was that was deleted."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    message_id: str
    direction: Direction | None  # None where the vendor does not say
    chat: Chat | None = None
    old_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReacted:
    """`emoji` is empty when the reaction was taken back. `reaction_id` is the vendor's id of the
    reaction itself, where it has one.

    `by` is the vendor's id of who reacted, and `author_name` what he is called, where the chat has
    several people in it. Somebody's next reaction takes the place of his last one, unless it stands
    `beside` it. `number` rises from one to the next, where the vendor counts them.
    """

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    message_id: str
    chat: Chat
    emoji: str
    direction: Direction = Direction.IN
    reaction_id: str = ""
    by: str = ""
    author_name: str = ""
    beside: bool = False
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStatusChanged:
    """A message of ours moved on. `error_code` and `error_detail` are the vendor's words.

    `and_before`: so have all of ours before it in the same chat, `chat` where the vendor says.
    `our_key` is what a vendor that gives it back was given with the message: SendMessage.key, so
    that one is known whose id was never heard."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    message_id: str
    status: MessageStatus
    error_code: str = ""
    error_detail: str = ""
    and_before: bool = False
    chat: Chat | None = None
    our_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChanged:
    """A client's channel-scoped id moved from `old_chat_id` to `chat.chat_id`; where both are the
    same, he is known by other `chat.identities` now."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    chat: Chat
    old_chat_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatBlocked:
    """A client wants to hear nothing more on this channel, or again when `blocked` is false; where
    `marketing_only`, this goes for advertising alone."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    chat: Chat
    blocked: bool
    marketing_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatInvited:
    """Somebody asks us into a chat, of which we hear nothing before we have joined."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    chat: Chat


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChanged:
    """`detail` is the vendor's own word for the state; `state` is None where only that is new.

    A vendor that does not say which channel by its id names it by its `plain_id` (digits of a
    number), or means all channels of the account."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    channel_id: str
    state: ChannelState | None
    detail: str = ""
    plain_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateChanged:
    """`state` is the vendor's word in lower case, `""` where it stays; `detail` says why, or what
    else is new."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    template_id: str
    name: str
    state: str
    language: str = ""
    detail: str = ""


MessengerEvent = (
    MessageReceived
    | MessageSent
    | MessageEdited
    | MessageDeleted
    | MessageReacted
    | MessageStatusChanged
    | IdentityChanged
    | ChatBlocked
    | ChatInvited
    | ChannelChanged
    | TemplateChanged
)


OwnEvent = DeskEvent | PartnerEvent | RenewalEvent | ResellingEvent | HelpingEvent
Event = MessengerEvent | CrmEvent | OwnEvent
