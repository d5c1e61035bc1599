"""The partner programme: its switch, the CRM's partner side as read, and the leads in it."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment

_OFFERED = text("offered_until IS NOT NULL")
_BATCHED = text("batch <> ''")
_OPEN = text("state IN ('returned', 'held', 'queued', 'offered', 'accepted')")

# One row of each part: `programme`, `side` (the organisation and what is shared), an `account`, a
# `user`, an `enabling`.
PARTNER_SIDE = Table(
    "partner_side",
    METADATA,
    Column("part", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("changed_at", Moment, nullable=False),
)
PARTNER_LEADS = Table(
    "partner_leads",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("crm_id", Text, nullable=False),
    Column("holder_kind", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("offered_until", Moment),
    Column("opened_at", Moment),
    Column("read_at", Moment, nullable=False),  # also where nothing was new
    Column("batch", Text, nullable=False, default=""),
    Column("version", Integer, nullable=False),
    Column("value", LargeBinary, nullable=False),
    UniqueConstraint("account", "crm_id"),
)
Index(
    "ix_partner_leads_holder",
    PARTNER_LEADS.c.holder,
    PARTNER_LEADS.c.state,
    PARTNER_LEADS.c.since,
    PARTNER_LEADS.c.id,
)
Index(
    "ix_partner_leads_tenant",
    PARTNER_LEADS.c.tenant,
    PARTNER_LEADS.c.state,
    PARTNER_LEADS.c.since,
    PARTNER_LEADS.c.id,
)
Index("ix_partner_leads_since", PARTNER_LEADS.c.since, PARTNER_LEADS.c.id)
Index(
    "ix_partner_leads_offered",
    PARTNER_LEADS.c.offered_until,
    sqlite_where=_OFFERED,
    postgresql_where=_OFFERED,
)
Index(
    "ix_partner_leads_read",
    PARTNER_LEADS.c.read_at,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
Index(
    "ix_partner_leads_batch",
    PARTNER_LEADS.c.batch,
    sqlite_where=_BATCHED,
    postgresql_where=_BATCHED,
)
