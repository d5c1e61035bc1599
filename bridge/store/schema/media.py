"""Files of messages: their copies, what employees have uploaded, what is to be removed."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment, Serial

# One row for each file of a message; `value` is the vendor's reference, `sha256` names the copy.
MEDIA = Table(
    "media",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("message", Text, nullable=False),
    Column("place", Integer, nullable=False),
    Column("conversation", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("source", Text, nullable=False),  # digest of what it is fetched by
    Column("value", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, default=""),  # a code
    Column("detail", Text, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", Moment),
    Column("sha256", Text),
    Column("size", BigInteger),
    Column("content_type", Text, nullable=False, default=""),
    Column("created_at", Moment, nullable=False),
    Column("done_at", Moment),
    UniqueConstraint("message", "place"),
    sqlite_autoincrement=True,
)
_OPEN = text("state IN ('pending', 'leased')")
_FAILED = text("state = 'failed'")
Index("ix_media_open", MEDIA.c.lane, MEDIA.c.id, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index("ix_media_failed", MEDIA.c.id, sqlite_where=_FAILED, postgresql_where=_FAILED)
Index("ix_media_conversation", MEDIA.c.conversation)
Index("ix_media_sha256", MEDIA.c.sha256)

# Given to us by an employee and not sent yet.
UPLOADS = Table(
    "uploads",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("employee", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)
Index("ix_uploads_created_at", UPLOADS.c.created_at)
Index("ix_uploads_sha256", UPLOADS.c.sha256)

# Copies that nothing refers to any more: while one stands here it is not referred to anew.
FILE_REMOVALS = Table(
    "file_removals",
    METADATA,
    Column("sha256", Text, primary_key=True),
    Column("since", Moment, nullable=False),
)
