"""Conversations and their messages."""

from sqlalchemy import Boolean, Column, Index, LargeBinary, Table, Text, UniqueConstraint, text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment, Serial

CONVERSATIONS = Table(
    "conversations",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("contact", Text),
    Column("client", Text, nullable=False),
    Column("last_message_at", Moment),
    Column("unanswered_since", Moment),
    Column("undecided", Boolean, nullable=False, default=False),
    Column("value", LargeBinary, nullable=False),
    Column("claimed_by", Text),
    Column("unowned", Boolean, nullable=False, default=True),
    Column("channel", Text, nullable=False, default=""),
    Column("messenger", Text, nullable=False, default=""),
)
# Without times: an index that every message moves an entry of costs the walk a page each.
Index("ix_conversations_channel", CONVERSATIONS.c.channel)
Index("ix_conversations_messenger", CONVERSATIONS.c.messenger)
Index("ix_conversations_recent", CONVERSATIONS.c.last_message_at, CONVERSATIONS.c.id)
Index("ix_conversations_contact", CONVERSATIONS.c.contact)
_CLAIMED = text("claimed_by IS NOT NULL")
Index(
    "ix_conversations_claimed",
    CONVERSATIONS.c.claimed_by,
    sqlite_where=_CLAIMED,
    postgresql_where=_CLAIMED,
)
_UNANSWERED = text("unanswered_since IS NOT NULL")
Index(
    "ix_conversations_unanswered",
    CONVERSATIONS.c.last_message_at,
    CONVERSATIONS.c.id,
    sqlite_where=_UNANSWERED,
    postgresql_where=_UNANSWERED,
)

_UNDECIDED = text("undecided")
Index(
    "ix_conversations_undecided",
    CONVERSATIONS.c.last_message_at,
    CONVERSATIONS.c.id,
    sqlite_where=_UNDECIDED,
    postgresql_where=_UNDECIDED,
)
_UNOWNED = text("unowned")
Index(
    "ix_conversations_unowned",
    CONVERSATIONS.c.last_message_at,
    CONVERSATIONS.c.id,
    sqlite_where=_UNOWNED,
    postgresql_where=_UNOWNED,
)

MESSAGES = Table(
    "messages",
    METADATA,
    Column("seq", Serial, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("conversation", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("vendor_id", Text),
    Column("timeline", Text, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("failed", Boolean, nullable=False, default=False),
    UniqueConstraint("account", "vendor_id"),
    sqlite_autoincrement=True,
)
_FAILED = text("failed")
Index(
    "ix_messages_failed",
    MESSAGES.c.conversation,
    sqlite_where=_FAILED,
    postgresql_where=_FAILED,
)
_WAITING = text("timeline = 'waiting'")
Index("ix_messages_conversation", MESSAGES.c.conversation, MESSAGES.c.seq)
Index(
    "ix_messages_waiting",
    MESSAGES.c.conversation,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)
