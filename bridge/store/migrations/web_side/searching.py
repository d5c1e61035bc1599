"""What a search goes by. The clock fills it, the newest messages first, in small steps."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Serial

_TO_FILL = """
INSERT INTO search_due (id, times)
SELECT id, 1 FROM conversations UNION SELECT id, 1 FROM contacts
"""
# Names by number, messages from the newest there is downwards.
_MARKS = """
INSERT INTO search_marks (part, low, high)
SELECT 0, coalesce(max(seq), 0), coalesce(max(seq), 0) FROM messages
"""


def upgrade() -> None:
    op.create_table(
        "search_words",
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("word", sa.LargeBinary(), nullable=False),
        sa.Column("places", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("part", "block", "word", name=op.f("pk_search_words")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_names",
        sa.Column("n", Serial, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_search_names")),
        sa.UniqueConstraint("id", name=op.f("uq_search_names_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "search_due",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_due")),
    )
    op.create_table(
        "search_marks",
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("low", Serial, nullable=False),
        sa.Column("high", Serial, nullable=False),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_search_marks")),
    )
    op.execute(_TO_FILL)
    op.execute(_MARKS)


def downgrade() -> None:
    for table in ("search_marks", "search_due", "search_names", "search_words"):
        op.drop_table(table)
