"""Renewals of clients, and what has been done about each."""

import sqlalchemy as sa
from alembic import op

_NAMED = sa.text("own_contact IS NOT NULL")
_DUE = sa.text("next_at IS NOT NULL")


def upgrade() -> None:
    _add_renewals()
    _add_what_was_done()


def _add_renewals() -> None:
    op.create_table(
        "renewals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("renews_on", sa.Text(), nullable=True),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("notify", sa.Text(), nullable=True),
        sa.Column("own_contact", sa.Text(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("followed", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_renewals_due", "renewals", ["next_at"], sqlite_where=_DUE, postgresql_where=_DUE
    )
    op.create_index("ix_renewals_followed", "renewals", ["followed"])
    op.create_index("ix_renewals_coming", "renewals", ["renews_on", "id"])
    op.create_index("ix_renewals_tenant", "renewals", ["tenant", "renews_on", "id"])
    op.create_index("ix_renewals_notify", "renewals", ["notify", "renews_on", "id"])
    op.create_index(
        "ix_renewals_own_contact",
        "renewals",
        ["tenant", "own_contact"],
        sqlite_where=_NAMED,
        postgresql_where=_NAMED,
    )
    op.create_index("ix_renewals_origin", "renewals", ["account", "kind", "id"])


def _add_what_was_done() -> None:
    op.create_table(
        "renewal_steps",
        sa.Column("renewal", sa.Text(), nullable=False),
        sa.Column("renews_on", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("renewal", "renews_on", "step"),
    )
    op.create_table(
        "renewal_defaults",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant"),
    )
    op.create_table(
        "renewal_edits",
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("config"),
    )
    op.create_table(
        "renewal_chats",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("renewal", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )


def downgrade() -> None:
    for table in (
        "renewal_chats",
        "renewal_edits",
        "renewal_defaults",
        "renewal_steps",
        "renewals",
    ):
        op.drop_table(table)
