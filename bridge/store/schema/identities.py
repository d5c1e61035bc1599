"""Who a client is: what he is known by, whose chats were joined, where a moved chat goes on."""

from sqlalchemy import Boolean, Column, Index, LargeBinary, Table, Text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment

# `name` tells an identity from every other: its kind, whom it is of, its value.
IDENTITIES = Table(
    "identities",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("contact", Text, primary_key=True),
    Column("conversation", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("former", Boolean, nullable=False, default=False),
)
Index("ix_identities_contact", IDENTITIES.c.contact)

MERGES = Table(
    "merges",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("survivor", Text, nullable=False),
    Column("absorbed", Text, nullable=False),
    Column("merged_at", Moment, nullable=False),
    Column("undone_at", Moment),
    Column("value", LargeBinary, nullable=False),
)
Index("ix_merges_survivor", MERGES.c.survivor)
Index("ix_merges_absorbed", MERGES.c.absorbed)
Index("ix_merges_recent", MERGES.c.merged_at, MERGES.c.id)

# `chat` is the id that the chat's conversation would have, had it not gone on in another.
CHAT_HOMES = Table(
    "chat_homes",
    METADATA,
    Column("chat", Text, primary_key=True),
    Column("conversation", Text, nullable=False),
)
