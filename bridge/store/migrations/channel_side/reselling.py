"""Resellers' clients, the ledger of their units, and notifications of people outside the house."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Moment, Serial

_UNTOLD = sa.text(
    "ends_at IS NOT NULL AND term_told <> 'expired' AND NOT is_suspended AND NOT is_archived"
)
_LINKED = sa.text("crm_id IS NOT NULL")


def upgrade() -> None:
    for name in ("tenant", "subject"):
        column = sa.Column(name, sa.Text(), nullable=False, server_default="")
        op.add_column("notifications", column)
    _clients()
    _movements()


def downgrade() -> None:
    op.drop_table("unit_movements")
    op.drop_table("reseller_clients")
    op.execute("DELETE FROM notifications WHERE tenant <> ''")
    for name in ("subject", "tenant"):
        op.drop_column("notifications", name)


def _clients() -> None:
    op.create_table(
        "reseller_clients",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reseller", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("plan_units", Serial, nullable=False),
        sa.Column("balance", Serial, nullable=False),
        sa.Column("ends_at", Moment(), nullable=True),
        sa.Column("term_told", sa.Text(), nullable=False),
        sa.Column("is_suspended", sa.Boolean(), nullable=False),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("crm_kind", sa.Text(), nullable=True),
        sa.Column("crm_id", sa.Text(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reseller_clients")),
        sa.UniqueConstraint(
            "reseller", "reference", name=op.f("uq_reseller_clients_reseller_reference")
        ),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_reseller_clients_balance")),
    )
    name = "ix_reseller_clients"
    columns = ["reseller", "is_archived", "created_at", "id"]
    op.create_index(f"{name}_reseller", "reseller_clients", columns)
    op.create_index(f"{name}_reference", "reseller_clients", ["reference"])
    op.create_index(
        f"{name}_due",
        "reseller_clients",
        ["ends_at"],
        sqlite_where=_UNTOLD,
        postgresql_where=_UNTOLD,
    )
    op.create_index(
        f"{name}_crm",
        "reseller_clients",
        ["crm_kind", "crm_id"],
        sqlite_where=_LINKED,
        postgresql_where=_LINKED,
    )


def _movements() -> None:
    op.create_table(
        "unit_movements",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("delta", Serial, nullable=False),
        sa.Column("balance", Serial, nullable=False),
        sa.Column("movement", sa.Text(), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_movements")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_unit_movements_client", "unit_movements", ["client", "id"])
