"""What a message is known by, and what waits for one."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Moment, Serial


def upgrade() -> None:
    op.create_table(
        "parked",
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("inbox_id", Serial, nullable=False),
        sa.Column("parked_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("event_key", "account", name=op.f("pk_parked")),
    )
    op.create_index("ix_parked_target", "parked", ["account", "target"])
    op.create_index("ix_parked_at", "parked", ["parked_at"])
    op.create_index("ix_parked_inbox", "parked", ["inbox_id"])
    op.create_table(
        "reaction_ids",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("reaction_id", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "reaction_id", name=op.f("pk_reaction_ids")),
    )


def downgrade() -> None:
    op.drop_table("reaction_ids")
    op.drop_table("parked")
