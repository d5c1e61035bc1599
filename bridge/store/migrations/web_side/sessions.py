"""Sessions: when each was last used, until when it holds unused, from what it was opened."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Moment

_MOMENTS = ("seen_at", "idle_until")
_TEXTS = ("via", "browser", "embed")


def upgrade() -> None:
    """Those that are open hold as long as they did before."""
    for name in _MOMENTS:
        op.add_column("sessions", sa.Column(name, Moment(), nullable=True))
    for name in _TEXTS:
        op.add_column("sessions", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("login_links", sa.Column("embed", sa.Text(), nullable=True))
    op.create_index("ix_sessions_principal", "sessions", ["principal", "created_at"])
    op.create_index("ix_sessions_created", "sessions", ["created_at", "digest"])


def downgrade() -> None:
    """Those that were unused for too long are over: they must not come to life again; nor may what
    opens one client's chat alone open all."""
    op.execute("DELETE FROM sessions WHERE embed IS NOT NULL")
    op.execute("DELETE FROM login_links WHERE embed IS NOT NULL")
    op.drop_column("login_links", "embed")
    op.execute("DELETE FROM sessions WHERE idle_until IS NOT NULL AND idle_until < expires_at")
    op.drop_index("ix_sessions_created", table_name="sessions")
    op.drop_index("ix_sessions_principal", table_name="sessions")
    for name in (*_TEXTS, *_MOMENTS):
        op.drop_column("sessions", name)
