"""Who was told what."""

from sqlalchemy import Column, Index, Table, Text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment, Serial

NOTIFICATIONS = Table(
    "notifications",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("employee", Text, nullable=False),
    Column("conversation", Text),
    Column("message", Text),
    Column("code", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("read_at", Moment),
    sqlite_autoincrement=True,
)
Index("ix_notifications_employee", NOTIFICATIONS.c.employee, NOTIFICATIONS.c.id)
