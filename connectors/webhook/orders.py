"""What the bridge orders of the other side, and asks it: the wire form of effects and questions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bridge.domain.effects import (
    AssignRecord,
    ChangeOwner,
    CreateContact,
    CreateDeal,
    CreateLead,
    CreateTask,
    Effect,
    JoinChat,
    PostNotification,
    SendEmail,
    SendMessage,
    SetProperty,
    UpdateTimelineEntry,
    WriteNote,
    WriteTimelineEntry,
)
from bridge.domain.messaging import ChatKind, Direction, Media, Messenger, Template
from bridge.domain.names import ConversationId, CrmId, EmployeeId, MessageId
from bridge.domain.people import CrmEmployee
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import CrmContact, CrmDeal, CrmKind, CrmLead, Pipeline, RecordKind
from bridge.ports import ChannelReading, CrmQueue, IdentityQuery, TemplateReading
from connectors.webhook.channel_questions import CHANNEL_QUESTIONS, ChannelQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactOrder:
    """Upsert by `key`, our own key of this client, without touching the owner of one there is."""

    key: str
    name: str
    owner: CrmId | None
    phone: str | None = None
    messenger: Messenger = Messenger.OTHER
    username: str | None = None
    source: str = ""
    with_lead: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DealOrder:
    contact: CrmId
    name: str
    pipeline: str
    stage: str
    owner: CrmId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadOrder:
    contact: CrmId
    name: str
    owner: CrmId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerOrder:
    kind: RecordKind
    record: CrmId
    owner: CrmId


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRecord:
    kind: RecordKind
    id: CrmId


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryOrder:
    """`message` is our id of the message, `records` what the entry stands on, the contact first."""

    message: MessageId
    records: tuple[EntryRecord, ...]
    occurred_at: datetime
    direction: Direction
    messenger: Messenger
    source: str
    channel: str
    head: str
    text: str
    media: tuple[Media, ...] = ()
    author: CrmId | None = None
    author_name: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryUpdateOrder:
    """`entry` is the id that `timeline.write` was answered with, `entry_now` how it must read."""

    entry: str
    entry_now: EntryOrder
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOrder:
    """A text, one file, or a template, of which `text` is how it reads."""

    message: MessageId
    channel_id: str
    messenger: Messenger
    chat_id: str
    chat_kind: ChatKind = ChatKind.DIRECT
    text: str = ""
    media: Media | None = None
    template: Template | None = None
    reply_to: str | None = None
    author: CrmId | None = None
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinOrder:
    """Follows an invitation into a chat."""

    channel_id: str
    messenger: Messenger
    chat_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailOrder:
    """A plain mail to one person; nobody else gets it."""

    recipient: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationOrder:
    """An employee was told something; `code` says why, `link` leads to it. Holds no word of a
    client."""

    employee: EmployeeId
    code: ReasonCode
    told_at: datetime
    conversation: ConversationId | None = None
    about: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignOrder:
    """A new owner of any record; a queue where `to_queue`. No rule of your own takes it back."""

    kind: CrmKind
    record: CrmId
    owner: CrmId
    to_queue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyOrder:
    kind: CrmKind
    record: CrmId
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOrder:
    """A task on a record; without an owner it is whose you like."""

    kind: CrmKind
    record: CrmId
    subject: str
    text: str
    due: date
    owner: CrmId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteOrder:
    kind: CrmKind
    record: CrmId
    subject: str
    text: str
    occurred_at: datetime
    author: CrmId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindQuestion:
    queries: tuple[IdentityQuery, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdsQuestion:
    ids: tuple[CrmId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsQuestion:
    contacts: tuple[CrmId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoQuestion:
    """Everything there is."""


RecordOrder = AssignOrder | PropertyOrder | TaskOrder | NoteOrder
Order = (
    ContactOrder
    | DealOrder
    | LeadOrder
    | OwnerOrder
    | EntryOrder
    | EntryUpdateOrder
    | MessageOrder
    | JoinOrder
    | EmailOrder
    | NotificationOrder
    | RecordOrder
)
Question = FindQuestion | IdsQuestion | ContactsQuestion | NoQuestion

ORDER_WORDS: Mapping[type[Effect], str] = {
    CreateContact: "contact.create",
    CreateDeal: "deal.create",
    CreateLead: "lead.create",
    ChangeOwner: "owner.change",
    WriteTimelineEntry: "timeline.write",
    UpdateTimelineEntry: "timeline.update",
    SendMessage: "message.send",
    JoinChat: "chat.join",
    SendEmail: "email.send",
    PostNotification: "notification.post",
    AssignRecord: "record.assign",
    SetProperty: "property.set",
    CreateTask: "task.create",
    WriteNote: "note.write",
}
ORDERS: Mapping[str, type[Order]] = {
    "contact.create": ContactOrder,
    "deal.create": DealOrder,
    "lead.create": LeadOrder,
    "owner.change": OwnerOrder,
    "timeline.write": EntryOrder,
    "timeline.update": EntryUpdateOrder,
    "message.send": MessageOrder,
    "chat.join": JoinOrder,
    "email.send": EmailOrder,
    "notification.post": NotificationOrder,
    "record.assign": AssignOrder,
    "property.set": PropertyOrder,
    "task.create": TaskOrder,
    "note.write": NoteOrder,
}
WITHOUT_ID = frozenset(
    {"owner.change", "timeline.update", "chat.join", "notification.post"}
    | {"record.assign", "property.set"}
)
"""Orders that any 2xx settles."""

QUESTIONS: Mapping[str, tuple[type[Question | ChannelQuestion], type]] = {
    "employees": (NoQuestion, CrmEmployee),
    "pipelines": (NoQuestion, Pipeline),
    "queues": (NoQuestion, CrmQueue),
    "channels": (NoQuestion, ChannelReading),
    "templates": (NoQuestion, TemplateReading),
    "contacts.find": (FindQuestion, CrmContact),
    "contacts": (IdsQuestion, CrmContact),
    "deals": (IdsQuestion, CrmDeal),
    "leads": (IdsQuestion, CrmLead),
    "deals.of": (ContactsQuestion, CrmDeal),
    "leads.of": (ContactsQuestion, CrmLead),
    **CHANNEL_QUESTIONS,
}
"""What is asked, and what an item of the answer is."""
PING = "ping"
