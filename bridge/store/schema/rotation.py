"""Whose turn it is, and every turn ever taken."""

from sqlalchemy import Column, Index, LargeBinary, Table, Text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment, Serial

# Who had the last turn of each pool, and every turn ever taken.
TURNS = Table(
    "turns",
    METADATA,
    Column("pool", Text, primary_key=True),
    Column("employee", Text, nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("value", LargeBinary),  # where the pool stands; not known of turns of long ago
)
TURN_LOG = Table(
    "turn_log",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("pool", Text, nullable=False),
    Column("employee", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("event_key", Text, nullable=False),
    Column("taken_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_turn_log_pool", TURN_LOG.c.pool, TURN_LOG.c.id)
Index("ix_turn_log_taken_at", TURN_LOG.c.taken_at)
