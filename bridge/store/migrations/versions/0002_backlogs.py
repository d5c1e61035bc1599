"""Neither backlogs nor what is long done cost anything; a row says since when it is in doubt"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OPEN = sa.text("state IN ('pending', 'leased', 'held', 'unknown')")
_BLOCKING = sa.text("state = 'leased' OR next_attempt_at IS NOT NULL")
_LEASED = sa.text("state = 'leased'")
_NOT_MADE = sa.text("makes IS NOT NULL AND state <> 'done'")
_SEND = sa.text("kind = 'SendMessage'")
_ORDER = ["lane", "ordering_key", "id"]


def upgrade() -> None:
    op.execute("ALTER TABLE outbox RENAME COLUMN first_tried_at TO in_doubt_since")
    op.drop_index("ix_outbox_order", table_name="outbox")
    op.create_index(
        "ix_outbox_blocking",
        "outbox",
        _ORDER,
        sqlite_where=_BLOCKING,
        postgresql_where=_BLOCKING,
    )
    op.create_index(
        "ix_inbox_leased", "inbox", ["lane"], sqlite_where=_LEASED, postgresql_where=_LEASED
    )
    for column, where in (("makes", _NOT_MADE), ("message", _SEND)):
        name = f"ix_outbox_{column}"
        op.drop_index(name, table_name="outbox")
        op.create_index(name, "outbox", [column], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.execute("ALTER TABLE outbox RENAME COLUMN in_doubt_since TO first_tried_at")
    for column in ("makes", "message"):
        name = f"ix_outbox_{column}"
        op.drop_index(name, table_name="outbox")
        op.create_index(name, "outbox", [column])
    op.drop_index("ix_inbox_leased", table_name="inbox")
    op.drop_index("ix_outbox_blocking", table_name="outbox")
    op.create_index("ix_outbox_order", "outbox", _ORDER, sqlite_where=_OPEN, postgresql_where=_OPEN)
