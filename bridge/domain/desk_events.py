"""Events of our own about chats: what employees write and say of them."""

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.messaging import (
    Media,
)
from bridge.domain.names import (
    AccountName,
    ChannelName,
    ConversationId,
    EmployeeId,
    EventKey,
    MessageId,
    RecordId,
)
from bridge.domain.note_events import NoteAdded
from bridge.domain.pieces import Piece
from bridge.domain.reasons import Reason
from bridge.domain.records import Conversation, CrmContact, CrmDeal, CrmLead, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientIdentified:
    """Ours, not a vendor's: the CRM could be asked at last who is behind a conversation.

    `found` are all the CRM contacts that fit; none means a new client.
    """

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    conversation: ConversationId
    found: tuple[CrmContact, ...]
    deals: tuple[CrmDeal, ...] = ()
    leads: tuple[CrmLead, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWritten:
    """Ours, not a vendor's: an employee wrote in the bridge, and it may leave.

    `conversation` is the chat as it stands, on the channel that the message leaves from;
    `channel_reason` says why that one, `passed_over` why not others. `key` is unique per letter,
    whose `pieces` are what leaves, a message each; `again` are earlier ones in whose place they go.
    """

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    employee: EmployeeId
    key: str
    conversation: Conversation
    text: str = ""
    media: tuple[Media, ...] = ()
    reply_to: str | None = None
    channel_reason: Reason
    passed_over: tuple[tuple[ChannelName, Reason], ...] = ()
    pieces: tuple[Piece, ...] = ()
    again: tuple[Message, ...] = ()
    automatic: bool = False  # by a machine in his name: nobody has answered


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChosen:
    """Ours: a manager says which contact is behind a conversation. `contact` of None: none of those
    who fit, a new client. `why` is what he gives as the reason."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    conversation: ConversationId
    contact: RecordId | None
    employee: EmployeeId
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsJoined:
    """Ours: a manager says that two contacts are one client. `absorbed` goes to `survivor`."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    survivor: RecordId
    absorbed: RecordId
    employee: EmployeeId
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsParted:
    """Ours: a manager undoes a merge, the CRM's or a person's."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    merge: str
    employee: EmployeeId
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMarked:
    """Ours, not a vendor's: an employee knows that a message of unknown outcome has arrived."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    employee: EmployeeId
    conversation: ConversationId
    message: MessageId


DeskEvent = (
    ClientIdentified
    | MessageWritten
    | SendMarked
    | ClientChosen
    | ContactsJoined
    | ContactsParted
    | NoteAdded
)
"""Of ours, about chats."""
