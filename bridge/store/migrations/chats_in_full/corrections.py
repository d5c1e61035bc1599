"""Corrections of timeline entries, found by their message."""

import sqlalchemy as sa
from alembic import op

_UPDATES = sa.text("outbox.kind = 'UpdateTimelineEntry'")


def upgrade() -> None:
    op.create_index(
        "ix_outbox_updates",
        "outbox",
        ["message"],
        sqlite_where=_UPDATES,
        postgresql_where=_UPDATES,
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_updates", table_name="outbox")
