"""Resellers' clients, and the ledger of their units."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment, Serial

# Whose end is still to be told of; queries say it with these words, or no index would be used.
TERM_UNTOLD = text(
    "ends_at IS NOT NULL AND term_told <> 'expired' AND NOT is_suspended AND NOT is_archived"
)
_LINKED = text("crm_id IS NOT NULL")

RESELLER_CLIENTS = Table(
    "reseller_clients",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("reseller", Text, nullable=False),
    Column("reference", Text),
    Column("legal_name", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("plan_units", Serial, nullable=False),
    Column("balance", Serial, nullable=False),
    Column("ends_at", Moment),
    Column("term_told", Text, nullable=False),
    Column("is_suspended", Boolean, nullable=False),
    Column("is_archived", Boolean, nullable=False),
    Column("crm_kind", Text),
    Column("crm_id", Text),
    Column("created_at", Moment, nullable=False),
    Column("value", LargeBinary, nullable=False),
    UniqueConstraint("reseller", "reference"),
    CheckConstraint("balance >= 0", name="ck_reseller_clients_balance"),
)
Index(
    "ix_reseller_clients_reseller",
    RESELLER_CLIENTS.c.reseller,
    RESELLER_CLIENTS.c.is_archived,
    RESELLER_CLIENTS.c.created_at,
    RESELLER_CLIENTS.c.id,
)
Index("ix_reseller_clients_reference", RESELLER_CLIENTS.c.reference)
Index(
    "ix_reseller_clients_due",
    RESELLER_CLIENTS.c.ends_at,
    sqlite_where=TERM_UNTOLD,
    postgresql_where=TERM_UNTOLD,
)
Index(
    "ix_reseller_clients_crm",
    RESELLER_CLIENTS.c.crm_kind,
    RESELLER_CLIENTS.c.crm_id,
    sqlite_where=_LINKED,
    postgresql_where=_LINKED,
)

# Every movement there ever was: they add up to the balance.
UNIT_MOVEMENTS = Table(
    "unit_movements",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("client", Text, nullable=False),
    Column("delta", Serial, nullable=False),
    Column("balance", Serial, nullable=False),  # what it came to
    Column("movement", Text, nullable=False),
    Column("done_by", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("event_key", Text, nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_unit_movements_client", UNIT_MOVEMENTS.c.client, UNIT_MOVEMENTS.c.id)
