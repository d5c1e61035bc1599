"""What is read from vendors, when, and with which token."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment, Serial

# Where the next poll of an account begins, in its vendor's own words.
CURSORS = Table(
    "cursors",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("read_at", Moment, nullable=False),
)

# What is to be read anew from the CRM. States: pending, held, dead; a row done is deleted.
REFRESHES = Table(
    "refreshes",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("lane", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("state", Text, nullable=False, default="pending"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", Moment),
    Column("requested_at", Moment, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    UniqueConstraint("lane", "kind", "key"),
    sqlite_autoincrement=True,
)

# Records that the CRM told of before they were mirrored, as `kind:crm id`.
STRANGERS = Table(
    "strangers",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("record", Text, primary_key=True),
    Column("told_at", Moment, nullable=False),
)
Index("ix_strangers_told_at", STRANGERS.c.told_at)

# The CRM's people as read at one time; decisions name the one they stood on.
DIRECTORIES = Table(
    "directories",
    METADATA,
    Column("hash", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("read_at", Moment, nullable=False),
)
PIPELINES = Table(
    "pipelines",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("as_of", Moment, nullable=False),
)

# What vendors let accounts in with, encrypted. `bound_to` tells under which secrets; the lease is
# of who signs in just now, and before `pause_until` nobody does.
TOKENS = Table(
    "tokens",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("bound_to", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("expires_at", Moment),
    Column("signed_in_at", Moment),
    Column("lease", Text),
    Column("lease_until", Moment),
    Column("pause_until", Moment),
    Column("failures", Integer, nullable=False, default=0),  # sign-ins in a row that went wrong
    Column("refusals", Integer, nullable=False, default=0),  # tokens in a row refused when new
)

# Owners who left and still had clients: managers were told of each, once.
LEFT_OWNERS = Table(
    "left_owners",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("told_at", Moment, nullable=False),
)
