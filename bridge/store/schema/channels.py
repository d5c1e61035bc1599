"""Channels of messengers and their templates, as last heard of."""

from sqlalchemy import Boolean, Column, Integer, Table, Text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment

CHANNELS = Table(
    "channels",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("channel_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("detail", Text, nullable=False, default=""),
    Column("as_of", Moment, nullable=False),
    Column("messenger", Text, nullable=False, default="other"),
    Column("plain_id", Text, nullable=False, default=""),
    Column("name", Text, nullable=False, default=""),
    Column("window_hours", Integer),
    Column("can_write_first", Boolean, nullable=False, default=True),
    Column("max_text", Integer),
)

TEMPLATES = Table(
    "templates",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("template_id", Text, primary_key=True),
    Column("channel_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("usable", Boolean, nullable=False),
    Column("places", Integer, nullable=False),
    Column("category", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("as_of", Moment, nullable=False),
)
