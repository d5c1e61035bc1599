"""How long things are kept."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Moment, Serial


def upgrade() -> None:
    op.create_table(
        "passes",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("position", Serial, nullable=False, autoincrement=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("wiped", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_passes")),
    )
    op.create_table(
        "erasures",
        sa.Column("id", Serial, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "syncs",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_syncs")),
    )


def downgrade() -> None:
    op.drop_table("syncs")
    op.drop_table("erasures")
    op.drop_table("passes")
