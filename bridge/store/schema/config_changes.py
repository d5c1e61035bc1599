"""What the configuration's files were like at each change, and changes that people prepare."""

from sqlalchemy import Column, Index, LargeBinary, Table, Text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment, Serial

# Contents of files, by the SHA-256 of theirs: most changes leave most files as they are.
CONFIG_TEXTS = Table(
    "config_texts",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
# `manifest` is the whole folder afterwards, as JSON: the digest of each file by its name.
CONFIG_CHANGES = Table(
    "config_changes",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),  # empty for who edited the files by hand
    Column("way", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("back_to", Serial),  # the change whose files these are again
    Column("folder", Text, nullable=False),  # digest of all files
    Column("config", Text, nullable=False),  # hash of the policy that they make
    Column("manifest", Text, nullable=False),
    sqlite_autoincrement=True,
)
# What somebody is about to save: edits, or texts, and what they were made on.
CONFIG_DRAFTS = Table(
    "config_drafts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("value", LargeBinary, nullable=False),
)
Index("ix_config_drafts_at", CONFIG_DRAFTS.c.at)
