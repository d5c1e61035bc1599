"""What is counted of messages: by message, and added up by the quarter of an hour."""

from sqlalchemy import Column, Index, Integer, Table, Text, text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment, Serial

# Messages that have changed and are still to be counted (anew).
TO_COUNT = Table(
    "to_count",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("message", Text, nullable=False),
    sqlite_autoincrement=True,
)

# What each message counts as; `answered_after` in seconds of one that answers a client.
COUNTED = Table(
    "counted_messages",
    METADATA,
    Column("message", Text, primary_key=True),
    Column("conversation", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("channel", Text, nullable=False),
    Column("turn", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("answered_after", Integer),
)
Index("ix_counted_messages_conversation", COUNTED.c.conversation, COUNTED.c.at)
_ANSWERS = text("answered_after IS NOT NULL")
Index(
    "ix_counted_messages_answers",
    COUNTED.c.at,
    COUNTED.c.message,
    sqlite_where=_ANSWERS,
    postgresql_where=_ANSWERS,
)

# Of everybody together where `person` is empty. `quarter` counts quarters of an hour since 1970:
# `span` of them from this one on are added up.
SUMS = Table(
    "message_sums",
    METADATA,
    Column("person", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("span", Integer, primary_key=True, autoincrement=False),
    Column("quarter", Integer, primary_key=True, autoincrement=False),
    Column("channel", Text, primary_key=True),
    Column("detail", Text, primary_key=True),
    Column("n", Integer, nullable=False),
    sqlite_with_rowid=False,
)
