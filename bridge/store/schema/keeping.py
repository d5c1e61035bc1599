"""How far old things have been wiped, who was erased when, and how far the mirror is filled."""

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment, Serial

# One pass after the other over a table, in the order of its ids; `position` was looked at last.
PASSES = Table(
    "passes",
    METADATA,
    Column("subject", Text, primary_key=True),
    Column("position", Serial, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("wiped", Integer, nullable=False, default=0),  # of this pass
)

# Reports on people who were erased on request; nothing in them tells who it was but our own id.
ERASURES = Table(
    "erasures",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("subject", Text, nullable=False),  # of a contact, or of a conversation without one
    Column("asked_by", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("report", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

# How far `bridge sync` is: the whole of it, its contacts, each messenger's window. A part that
# began before the whole is of an earlier one.
SYNCS = Table(
    "syncs",
    METADATA,
    Column("subject", Text, primary_key=True),
    Column("began_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("position", Text, nullable=False, default=""),  # was done last, in the order of its ids
    Column("done", Integer, nullable=False, default=0),
)
