"""What a search goes by: words, each with where it stands, in blocks of texts and of names."""

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Serial

# `part` 0: messages by their `seq`; 1: names by their `n`; 2: notes by their `id`. `places` are
# numbers within the block with a comma before and behind each, so that both stores add and take
# away by one statement.
SEARCH_WORDS = Table(
    "search_words",
    METADATA,
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("block", Integer, primary_key=True, autoincrement=False),
    Column("word", LargeBinary, primary_key=True),
    Column("places", Text, nullable=False),
    sqlite_with_rowid=False,
)

# The names that a conversation, or a contact, is found by: what the index has of it.
SEARCH_NAMES = Table(
    "search_names",
    METADATA,
    Column("n", Serial, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("terms", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

# Conversations, contacts, messages and notes whose words may have changed since they were indexed.
SEARCH_DUE = Table(
    "search_due",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("times", Integer, nullable=False, default=1),
)

# Messages, or notes, after `low` up to `high` are indexed. `part` 3: the rule that deleted messages
# are indexed by is `low`, and those from `high` on are.
SEARCH_MARKS = Table(
    "search_marks",
    METADATA,
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("low", Serial, nullable=False),
    Column("high", Serial, nullable=False),
)
