"""Tokens that vendors let accounts in with; where polls begin; what was answered to attempts"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Moment, Serial

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("bound_to", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("signed_in_at", Moment(), nullable=True),
        sa.Column("lease", sa.Text(), nullable=True),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("pause_until", Moment(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_tokens")),
    )
    op.create_table(
        "cursors",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("read_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_cursors")),
    )
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
    op.drop_table("cursors")
    op.drop_table("tokens")
