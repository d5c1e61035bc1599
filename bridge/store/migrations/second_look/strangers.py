"""What the CRM told of records before they were mirrored."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Moment


def upgrade() -> None:
    op.create_table(
        "strangers",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("told_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account", "record", name=op.f("pk_strangers")),
    )
    op.create_index("ix_strangers_told_at", "strangers", ["told_at"])


def downgrade() -> None:
    op.drop_table("strangers")
