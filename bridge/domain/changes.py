"""What a decision changes in the bridge's own store, as data."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bridge.domain.identities import KnownIdentity
from bridge.domain.messaging import ChannelState
from bridge.domain.names import (
    AccountName,
    ConversationId,
    CrmId,
    EmployeeId,
    MessageId,
    RecordId,
)
from bridge.domain.partner_changes import PartnerChange
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import Contact, Conversation, Deal, Lead, Message, Owner, RecordKind
from bridge.domain.renewing_changes import RenewalChange
from bridge.domain.reselling_changes import ResellingChange
from bridge.domain.rotation import Rotation


@dataclass(frozen=True, slots=True, kw_only=True)
class PutConversation:
    conversation: Conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class PutContact:
    contact: Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class PutDeal:
    deal: Deal


@dataclass(frozen=True, slots=True, kw_only=True)
class PutLead:
    lead: Lead


@dataclass(frozen=True, slots=True, kw_only=True)
class PutMessage:
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOwner:
    kind: RecordKind
    record: RecordId
    owner: Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeContacts:
    """Conversations, deals and leads of `absorbed` go to `survivor`, which is `crm_id` now.

    `absorbed` is `survivor` where the surviving CRM contact was not known here. `merge` names what
    is kept of it, so that it can be undone; `by` of None: the CRM did it.
    """

    survivor: RecordId
    absorbed: RecordId
    crm_id: CrmId | None
    merge: str = ""
    by: EmployeeId | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutIdentity:
    """A contact is known by this, or (`former`) was and is no longer."""

    identity: KnownIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveChat:
    """The chat that would be `chat` by its id goes on in this conversation."""

    chat: ConversationId
    conversation: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoMerge:
    """All that moved by this merge goes back to whom it came from."""

    merge: str
    by: EmployeeId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseContact:
    """Names, numbers and texts of this client are wiped."""

    contact: RecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseChat:
    """The same of a stranger, who has no contact."""

    conversation: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class SetChannelState:
    account: AccountName
    channel_id: str
    state: ChannelState
    detail: str
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeTurn:
    """`employee` had the last turn of `pool`: a real assignment moves the pointer (PX-06).

    `after` is how the pool stands from then on.
    """

    pool: str
    employee: EmployeeId
    after: Rotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """`conversation` of None: about a channel or the house itself. `about` names the channel or the
    account; never a client.

    Whose `tenant` is set is a user of a partner or reseller, by his e-mail: that an employee may
    have the same changes nothing. `subject` is what it is about there, by `Subject.name`.
    """

    employee: EmployeeId
    conversation: ConversationId | None
    message: MessageId | None
    code: ReasonCode
    about: str = ""
    tenant: str = ""
    subject: str = ""


class RefreshKind(StrEnum):
    """What a refresh reads anew."""

    CONTACT = "contact"
    DEAL = "deal"
    LEAD = "lead"
    IDENTITY = "identity"  # key is a conversation's id
    EMPLOYEES = "employees"  # key is the CRM account's name
    TEMPLATES = "templates"  # key is the messenger account's name
    CHANNELS = "channels"  # key is the messenger account's name
    CHANGES = "changes"  # what the vendor may have told nobody; key is the account's name
    PARTNERS = "partners"  # the partner side; key is the CRM account's name
    NEW_LEAD = "new_lead"  # has just come there: for the partner programme
    PARTNER_LEAD = "partner_lead"  # as the programme knows it
    RENEWALS = "renewals"  # those that are coming; key is the CRM account's name
    CLIENT = "client"  # a vendor's partner's client; key is the CRM's id
    WINDOW = "window"  # nothing is read, but the account's own window told what is new


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefresh:
    """Read this from the CRM soon; `key` is the CRM's id, or a conversation's id."""

    kind: RefreshKind
    key: CrmId | ConversationId | AccountName


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleSend:
    """The vendor shows a message that an open send of ours must have made."""

    message: MessageId
    vendor_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropSend:
    """This message of ours will not be sent any more: another one goes in its place."""

    message: MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class DisableTemplate:
    """The vendor takes this template no more; `detail` says why."""

    account: AccountName
    template_id: str
    detail: str
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Park:
    """The event waits for what the vendor calls `target`."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameReaction:
    """The vendor calls a reaction to this message `reaction_id`."""

    reaction_id: str
    message: MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote:
    """A colleague's note stands in the conversation from now on."""

    conversation: ConversationId
    author: EmployeeId
    at: datetime
    text: str


ChatChange = (
    PutConversation
    | PutContact
    | PutDeal
    | PutLead
    | PutMessage
    | SetOwner
    | MergeContacts
    | PutIdentity
    | MoveChat
    | UndoMerge
    | EraseContact
    | EraseChat
    | SetChannelState
    | TakeTurn
    | Notify
    | RequestRefresh
    | SettleSend
    | DisableTemplate
    | Park
    | NameReaction
    | DropSend
    | AddNote
)
RoomChange = RenewalChange | ResellingChange | PartnerChange
"""Of a subject beside chats, which its own room carries out."""

Change = ChatChange | RoomChange
