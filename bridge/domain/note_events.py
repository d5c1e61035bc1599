"""A colleague's note about a client, kept beside his messages and never sent to him."""

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.names import AccountName, ConversationId, EmployeeId, EventKey


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    """Ours: an employee writes a note in a conversation. `in_crm`: the CRM takes notes, and is to
    have this one too where it knows the client."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    conversation: ConversationId
    employee: EmployeeId
    text: str
    in_crm: bool = False
