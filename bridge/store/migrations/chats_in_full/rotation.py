"""Weights and owed turns: where each pool stands, beside who had the last turn."""

import sqlalchemy as sa
from alembic import op


def upgrade() -> None:
    op.add_column("turns", sa.Column("value", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("turns", "value")
