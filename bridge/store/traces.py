"""Where a client's conversations have left something, for those who want to erase it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, func, select

from bridge import codec
from bridge.domain.messaging import Direction
from bridge.domain.names import AccountName, ConversationId, MessageId
from bridge.domain.records import Message
from bridge.store.among import among
from bridge.store.schema import (
    DECISIONS,
    INBOX,
    MEDIA,
    MESSAGES,
    NOTES,
    NOTIFICATIONS,
    OUTBOX,
    VENDOR_IDS,
)

_OPEN = ("pending", "held", "unknown", "dead")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """How much there is of each: `requests` are those that a decision names, `effects` what is
    still to be done at vendors, `on_their_way` what is being done just now."""

    messages: int
    files: int
    requests: int
    decisions: int
    effects: int
    notifications: int
    on_their_way: int
    notes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message that the CRM's timeline shows."""

    message: MessageId
    conversation: ConversationId
    occurred_at: datetime
    direction: Direction


def traces(db: Connection, conversations: Sequence[ConversationId]) -> Traces:
    decided = among(DECISIONS.c.conversation, conversations)
    planned = among(OUTBOX.c.conversation, conversations)
    named = select(DECISIONS.c.inbox_id).where(decided, DECISIONS.c.inbox_id.is_not(None))
    return Traces(
        messages=_count(db, MESSAGES, among(MESSAGES.c.conversation, conversations)),
        files=_count(db, MEDIA, among(MEDIA.c.conversation, conversations)),
        requests=_count(db, INBOX, INBOX.c.id.in_(named)),
        decisions=_count(db, DECISIONS, decided),
        effects=_count(db, OUTBOX, planned, OUTBOX.c.state.in_(_OPEN)),
        notifications=_count(db, NOTIFICATIONS, among(NOTIFICATIONS.c.conversation, conversations)),
        on_their_way=_count(db, OUTBOX, planned, OUTBOX.c.state == "leased"),
        notes=_count(db, NOTES, among(NOTES.c.conversation, conversations)),
    )


def entries(
    db: Connection, crm: AccountName, conversations: Sequence[ConversationId]
) -> tuple[Entry, ...]:
    """The messages of which the CRM has told us the id of their entry, in their order."""
    values = db.scalars(
        select(MESSAGES.c.value)
        .join(VENDOR_IDS, VENDOR_IDS.c.name == MESSAGES.c.id)
        .where(among(MESSAGES.c.conversation, conversations), VENDOR_IDS.c.account == crm)
        .order_by(MESSAGES.c.seq)
    )
    found = (codec.decode(Message, bytes(value)) for value in values)
    return tuple(
        Entry(
            message=message.id,
            conversation=message.conversation,
            occurred_at=message.occurred_at,
            direction=message.direction,
        )
        for message in found
    )


def _count(db: Connection, table: Table, *which: ColumnElement[bool]) -> int:
    return int(db.scalar(select(func.count()).select_from(table).where(*which)) or 0)
