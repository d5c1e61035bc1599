"""The configuration's history, and changes that people prepare."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Moment, Serial


def upgrade() -> None:
    op.create_table(
        "config_texts",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_config_texts")),
    )
    op.create_table(
        "config_changes",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("back_to", Serial, nullable=True),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_config_changes")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "config_drafts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_config_drafts")),
    )
    op.create_index("ix_config_drafts_at", "config_drafts", ["at"])


def downgrade() -> None:
    for table in ("config_drafts", "config_changes", "config_texts"):
        op.drop_table(table)
