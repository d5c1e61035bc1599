"""The configuration in force, and which processes are alive."""

from sqlalchemy import Column, Integer, Table, Text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment

CONFIGS = Table(
    "configs",
    METADATA,
    Column("hash", Text, primary_key=True),
    Column("canonical", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)
ACTIVE_CONFIG = Table(
    "active_config",
    METADATA,
    Column("one", Integer, primary_key=True),  # always 1
    Column("hash", Text, nullable=False),
    Column("activated_at", Moment, nullable=False),
    Column("error", Text, nullable=False, default=""),  # why a newer folder was refused
)

# Processes that said lately that they are alive.
BEATS = Table(
    "beats",
    METADATA,
    Column("process", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
