"""Who did what when, from where: written once, never changed."""

from sqlalchemy import Column, Index, Table, Text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment, Serial

# `actor` is a principal, or empty for whoever sits at the machine; `behind` who is signed in as
# him. Nothing here is of a client but our own ids.
AUDIT = Table(
    "audit",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("behind", Text, nullable=False, default=""),
    Column("deed", Text, nullable=False),
    Column("object", Text, nullable=False, default=""),
    Column("detail", Text, nullable=False, default=""),
    Column("way", Text, nullable=False),  # page, api, command or clock
    Column("address", Text, nullable=False, default=""),  # the visitor's IP address
    sqlite_autoincrement=True,
)
Index("ix_audit_actor", AUDIT.c.actor, AUDIT.c.id)
Index("ix_audit_deed", AUDIT.c.deed, AUDIT.c.id)
Index("ix_audit_at", AUDIT.c.at)
