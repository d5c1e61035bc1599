"""The partner programme: its switch, the CRM's partner side as read, and the leads in it."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Moment

_OFFERED = sa.text("offered_until IS NOT NULL")
_BATCHED = sa.text("batch <> ''")
_OPEN = sa.text("state IN ('returned', 'held', 'queued', 'offered', 'accepted')")


def upgrade() -> None:
    op.create_table(
        "partner_side",
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("part", "name", name=op.f("pk_partner_side")),
    )
    op.create_table(
        "partner_leads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("crm_id", sa.Text(), nullable=False),
        sa.Column("holder_kind", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("offered_until", Moment(), nullable=True),
        sa.Column("opened_at", Moment(), nullable=True),
        sa.Column("read_at", Moment(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_leads")),
        sa.UniqueConstraint("account", "crm_id", name=op.f("uq_partner_leads_account_crm_id")),
    )
    _indexes()


def _indexes() -> None:
    table, state = "partner_leads", ["state", "since", "id"]
    op.create_index("ix_partner_leads_holder", table, ["holder", *state])
    op.create_index("ix_partner_leads_tenant", table, ["tenant", *state])
    op.create_index("ix_partner_leads_since", table, ["since", "id"])
    op.create_index(
        "ix_partner_leads_offered",
        table,
        ["offered_until"],
        sqlite_where=_OFFERED,
        postgresql_where=_OFFERED,
    )
    op.create_index(
        "ix_partner_leads_read",
        table,
        ["read_at"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index(
        "ix_partner_leads_batch",
        table,
        ["batch"],
        sqlite_where=_BATCHED,
        postgresql_where=_BATCHED,
    )


def downgrade() -> None:
    op.drop_table("partner_leads")
    op.drop_table("partner_side")
