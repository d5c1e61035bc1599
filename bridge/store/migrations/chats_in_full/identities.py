"""Who a client is."""

import sqlalchemy as sa
from alembic import op

_UNDECIDED = sa.text("undecided")


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("former", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", "contact"),
    )
    op.create_index("ix_identities_contact", "identities", ["contact"])
    op.create_table(
        "merges",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("survivor", sa.Text(), nullable=False),
        sa.Column("absorbed", sa.Text(), nullable=False),
        sa.Column("merged_at", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_merges_survivor", "merges", ["survivor"])
    op.create_index("ix_merges_absorbed", "merges", ["absorbed"])
    op.create_index("ix_merges_recent", "merges", ["merged_at", "id"])
    op.create_table(
        "chat_homes",
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("chat"),
    )
    _mark_undecided()


def _mark_undecided() -> None:
    op.add_column(
        "conversations",
        sa.Column("undecided", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.execute(sa.text("UPDATE conversations SET undecided = true WHERE client = 'ambiguous'"))
    op.create_index(
        "ix_conversations_undecided",
        "conversations",
        ["last_message_at", "id"],
        sqlite_where=_UNDECIDED,
        postgresql_where=_UNDECIDED,
    )


def downgrade() -> None:
    op.drop_index("ix_conversations_undecided", "conversations")
    op.drop_column("conversations", "undecided")
    for table in ("chat_homes", "merges", "identities"):
        op.drop_table(table)
