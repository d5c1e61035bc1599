"""Who was told what, and how far the digests are."""

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
    Column("about", Text, nullable=False, default=""),  # a channel or an account, never a client
    Column("tenant", Text, nullable=False, default=""),  # of a partner's or reseller's user
    Column("subject", Text, nullable=False, default=""),
    sqlite_autoincrement=True,
)
Index("ix_notifications_employee", NOTIFICATIONS.c.employee, NOTIFICATIONS.c.id)

# The period that each one's last digest was made for. The row of nobody is the house's: all are
# made up to there.
DIGESTS = Table(
    "digests",
    METADATA,
    Column("employee", Text, primary_key=True),
    Column("period", Moment, nullable=False),
)
