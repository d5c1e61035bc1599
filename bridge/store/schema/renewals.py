"""Renewals of clients, what has been done about each, and the defaults that were noted."""

from sqlalchemy import Boolean, Column, Index, LargeBinary, Table, Text, text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment

_NAMED = text("own_contact IS NOT NULL")
_DUE = text("next_at IS NOT NULL")

# `next_at` is when the next step of the schedule falls due, `notify` who is told by the rules as
# they are: both as of the rules whose digest is `followed`.
RENEWALS = Table(
    "renewals",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("account", Text, nullable=False),  # of the CRM that it stands in; empty where in none
    Column("kind", Text, nullable=False),
    Column("ref", Text, nullable=False),  # the origin's own id
    Column("renews_on", Text),  # YYYY-MM-DD
    Column("gone", Boolean, nullable=False, default=False),
    Column("notify", Text),
    Column("own_contact", Text),  # who is named for this client alone
    Column("next_at", Moment),
    Column("followed", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
)
Index(
    "ix_renewals_due",
    RENEWALS.c.next_at,
    sqlite_where=_DUE,
    postgresql_where=_DUE,
)
Index("ix_renewals_followed", RENEWALS.c.followed)
Index("ix_renewals_coming", RENEWALS.c.renews_on, RENEWALS.c.id)
Index("ix_renewals_tenant", RENEWALS.c.tenant, RENEWALS.c.renews_on, RENEWALS.c.id)
Index("ix_renewals_notify", RENEWALS.c.notify, RENEWALS.c.renews_on, RENEWALS.c.id)
Index(
    "ix_renewals_own_contact",
    RENEWALS.c.tenant,
    RENEWALS.c.own_contact,
    sqlite_where=_NAMED,
    postgresql_where=_NAMED,
)
Index("ix_renewals_origin", RENEWALS.c.account, RENEWALS.c.kind, RENEWALS.c.id)

# Steps of the schedule that are done with, for the renewal of a date.
RENEWAL_STEPS = Table(
    "renewal_steps",
    METADATA,
    Column("renewal", Text, primary_key=True),
    Column("renews_on", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# The default owner as it was last put on the feed, by partner.
RENEWAL_DEFAULTS = Table(
    "renewal_defaults",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("value", LargeBinary),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# Who edited the default here, by the configuration that came of it.
RENEWAL_EDITS = Table(
    "renewal_edits",
    METADATA,
    Column("config", Text, primary_key=True),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# Notices that have yet to go to the desk that sends chat messages.
RENEWAL_CHATS = Table(
    "renewal_chats",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("renewal", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("value", LargeBinary, nullable=False),
)
