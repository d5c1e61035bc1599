"""What messengers' own windows have been told, and what they have yet to be told."""

from sqlalchemy import Column, Index, Integer, Table, Text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment

# Accounts whose window is kept. `seen` stands for the configuration and the people it was last
# held against.
WINDOWS = Table(
    "windows",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("seen", Text, nullable=False, default=""),
)

# States: due, done, refused. `marks` grows with each change, so that one that comes while a push is
# under way is not taken for done. `shown_as` is the id under which the vendor has it, and `digest`
# what it was told; both empty where it has nothing.
PUSHES = Table(
    "pushes",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("record", Text, primary_key=True),
    Column("state", Text, nullable=False, default="due"),
    Column("marks", Integer, nullable=False, default=1),
    Column("shown_as", Text, nullable=False, default=""),
    Column("digest", Text, nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Column("marked_at", Moment, nullable=False),
)
Index("ix_pushes_state", PUSHES.c.account, PUSHES.c.state, PUSHES.c.kind)
