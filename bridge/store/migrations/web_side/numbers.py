"""What is counted of messages, for charts; those that are there are counted by the clock."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Moment, Serial

_ANSWERS = sa.text("answered_after IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "to_count",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_to_count")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "counted_messages",
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("turn", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("answered_after", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_counted_messages")),
    )
    op.create_index("ix_counted_messages_conversation", "counted_messages", ["conversation", "at"])
    op.create_index(
        "ix_counted_messages_answers",
        "counted_messages",
        ["at", "message"],
        sqlite_where=_ANSWERS,
        postgresql_where=_ANSWERS,
    )
    op.create_index("ix_turn_log_taken_at", "turn_log", ["taken_at"])
    op.create_table(
        "message_sums",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("span", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("quarter", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "person", "what", "span", "quarter", "channel", "detail", name=op.f("pk_message_sums")
        ),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO to_count (message) SELECT id FROM messages ORDER BY seq")


def downgrade() -> None:
    op.drop_index("ix_turn_log_taken_at", "turn_log")
    op.drop_table("message_sums")
    op.drop_table("counted_messages")
    op.drop_table("to_count")
