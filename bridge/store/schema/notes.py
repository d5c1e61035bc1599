"""What colleagues noted in a conversation, for each other."""

from sqlalchemy import Column, Index, Table, Text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment, Serial

NOTES = Table(
    "notes",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("conversation", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("text", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_notes_conversation", NOTES.c.conversation, NOTES.c.at)
