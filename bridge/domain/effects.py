"""What to do at a vendor: effects name our records, the deliverer fills in the vendor's ids.

No effect holds a secret. Each is carried out by the account named in its outbox row, under an
idempotency key made from its decision.
"""

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.crm_effects import AssignRecord as AssignRecord
from bridge.domain.crm_effects import CreateTask as CreateTask
from bridge.domain.crm_effects import CrmRecordEffect as CrmRecordEffect
from bridge.domain.crm_effects import SetProperty as SetProperty
from bridge.domain.crm_effects import WriteNote as WriteNote
from bridge.domain.messaging import ChatKind, Direction, Media, Messenger, Template
from bridge.domain.names import (
    ConversationId,
    CrmId,
    EmployeeId,
    MessageId,
    PartnerLeadId,
    RecordId,
)
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import RecordKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateContact:
    """Upserts a contact under `key`, our own unique key of this client. Gives `{"id": …}`.

    `with_lead`: a `CreateLead` for him follows, so that a CRM whose leads are people of their own
    makes one record of both.
    """

    contact: RecordId
    key: str
    name: str
    owner: CrmId | None
    phone: str | None = None
    messenger: Messenger = Messenger.OTHER
    username: str | None = None
    source: str = ""  # label of the channel he wrote on
    with_lead: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDeal:
    """Creates a deal linked to the contact. Gives `{"id": …}`."""

    deal: RecordId
    contact: RecordId
    name: str
    pipeline: str
    stage: str
    owner: CrmId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateLead:
    """Creates a lead linked to the contact. Gives `{"id": …}`."""

    lead: RecordId
    contact: RecordId
    name: str
    owner: CrmId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOwner:
    """Makes `owner` the owner of our record."""

    kind: RecordKind
    record: RecordId
    owner: CrmId


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTimelineEntry:
    """Writes one message into the CRM's timeline, on all records named. Gives `{"id": …}`.

    `head` is a short line, `text` the whole message; `link` leads to the conversation in the
    bridge. `author` is the CRM id of the employee who wrote an outgoing message. `records` holds
    the contact first; one that has no vendor's id at delivery (its own effect failed) is left out.
    """

    message: MessageId
    records: tuple[tuple[RecordKind, RecordId], ...]
    occurred_at: datetime
    direction: Direction
    messenger: Messenger
    source: str  # the connector's name, which feeds can be filtered by
    channel: str  # label
    head: str
    text: str
    media: tuple[Media, ...] = ()
    author: CrmId | None = None
    author_name: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTimelineEntry:
    """Rewrites the entry of `message` after an edit or a deletion; `entry` as it must read now."""

    message: MessageId
    entry: WriteTimelineEntry
    note: str  # "edited" or "deleted by contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessage:
    """Sends text, one file, or a template to a client. Gives `{"id": …}`, the vendor's message id.

    They go together only where the connector's `captions` say so: else the decision makes several
    effects of them; of a template `text` is how it reads. `key` is what a vendor with an
    idempotency key of its own is given. `author` is the CRM id of the writer. `after`: only once
    that message has left.
    """

    message: MessageId
    key: str
    channel_id: str
    messenger: Messenger
    chat_id: str
    chat_kind: ChatKind = ChatKind.DIRECT
    text: str = ""
    media: Media | None = None
    template: Template | None = None
    reply_to: str | None = None
    author: CrmId | None = None
    automatic: bool = False  # sent by a machine: a person's "unanswered" mark stays
    after: MessageId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinChat:
    """Follows an invitation into a chat, of which nothing can be heard before. Gives nothing."""

    channel_id: str
    messenger: Messenger
    chat_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendEmail:
    """Sends a plain mail to one person. Gives `{"id": …}`, its Message-ID, which is made of `key`.

    Nobody but `recipient` gets it, and it says no more than he may read in the bridge. Where it
    names an `employee`, he is asked for anew when it leaves: who may no longer read the
    `conversation`, or lost his role, gets nothing. Nor does who is no longer a user of the
    `tenant` that it names; of `leads` one of them must still be his, and he a candidate for leads.
    """

    key: str
    recipient: str
    subject: str
    text: str
    employee: EmployeeId | None = None
    conversation: ConversationId | None = None
    tenant: str = ""
    leads: tuple[PartnerLeadId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PostNotification:
    """Posts to the house's own webhook that an employee was told something. Gives nothing.

    Holds no word of a client; dropped when the employee may not read the conversation any more.
    """

    key: str
    employee: EmployeeId
    code: ReasonCode  # why he was told
    told_at: datetime
    conversation: ConversationId | None = None  # None: about a channel or the house itself
    about: str = ""  # the channel or account
    link: str = ""


Effect = (
    CreateContact
    | CreateDeal
    | CreateLead
    | ChangeOwner
    | WriteTimelineEntry
    | UpdateTimelineEntry
    | SendMessage
    | JoinChat
    | SendEmail
    | PostNotification
    | CrmRecordEffect
)
