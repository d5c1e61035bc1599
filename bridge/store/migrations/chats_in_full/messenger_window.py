"""What a messenger is told, and who left."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Moment


def upgrade() -> None:
    op.create_table(
        "windows",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_windows")),
    )
    op.create_table(
        "pushes",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.Column("shown_as", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("marked_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account", "kind", "record", name=op.f("pk_pushes")),
    )
    op.create_table(
        "left_owners",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("told_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account", "owner", name=op.f("pk_left_owners")),
    )
    op.create_index("ix_pushes_state", "pushes", ["account", "state", "kind"])


def downgrade() -> None:
    op.drop_table("left_owners")
    op.drop_table("pushes")
    op.drop_table("windows")
