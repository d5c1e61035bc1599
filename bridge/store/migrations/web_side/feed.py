"""The feed goes by when things happened."""

from alembic import op


def upgrade() -> None:
    op.create_index("ix_decisions_occurred", "decisions", ["occurred_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_decisions_occurred", table_name="decisions")
