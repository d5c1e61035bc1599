"""Events about messages that are not there yet."""

from sqlalchemy import Column, Index, Table, Text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment, Serial

# Each has a decision, which says so, and its request, which is decided again once the message
# comes: nothing of what it says stands here. `target` is the vendor's id of that message.
PARKED = Table(
    "parked",
    METADATA,
    Column("event_key", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("target", Text, nullable=False),
    Column("inbox_id", Serial, nullable=False),
    Column("parked_at", Moment, nullable=False),
)
Index("ix_parked_target", PARKED.c.account, PARKED.c.target)
Index("ix_parked_at", PARKED.c.parked_at)
Index("ix_parked_inbox", PARKED.c.inbox_id)

# Reactions that have an id of their own at the vendor, who takes them back by it.
REACTION_IDS = Table(
    "reaction_ids",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("reaction_id", Text, primary_key=True),
    Column("message", Text, nullable=False),
)
