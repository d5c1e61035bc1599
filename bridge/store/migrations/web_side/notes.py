"""Notes that colleagues write in a conversation."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Moment, Serial


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notes_conversation", "notes", ["conversation", "at"])


def downgrade() -> None:
    op.drop_table("notes")
