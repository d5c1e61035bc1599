"""What was answered to each attempt that did not settle its delivery"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Moment, Serial

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", Serial, nullable=False),
        sa.Column("outbox_id", Serial, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attempts_outbox", "attempts", ["outbox_id", "id"])


def downgrade() -> None:
    op.drop_table("attempts")
