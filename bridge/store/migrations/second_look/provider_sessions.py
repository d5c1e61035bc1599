"""Whose account at the provider a session stands on, and what the provider said of their end."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Moment

_COLUMNS = ("provider_subject", "provider_session")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("sessions", sa.Column(name, sa.Text(), nullable=True))
        op.create_index(f"ix_sessions_{name}", "sessions", [name])
    op.create_table(
        "provider_logouts",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("session", sa.Text(), nullable=True),
        sa.Column("said_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_provider_logouts")),
    )


def downgrade() -> None:
    op.drop_table("provider_logouts")
    for name in _COLUMNS:
        op.drop_index(f"ix_sessions_{name}", table_name="sessions")
        op.drop_column("sessions", name)
