"""What lists of conversations are narrowed by, as columns: channel, messenger, failed messages."""

import sqlalchemy as sa
from alembic import op

_NAMES = ("channel", "messenger")
_FAILED = sa.text("failed")
_FILL = {
    "sqlite": (
        "UPDATE conversations SET"
        " channel = coalesce(json_extract(CAST(value AS TEXT), '$.channel'), ''),"
        " messenger = coalesce(json_extract(CAST(value AS TEXT), '$.messenger'), '')",
        "UPDATE messages SET failed = true"
        ' WHERE instr(value, CAST(\'"status":"failed"\' AS BLOB)) > 0'
        " AND json_extract(CAST(value AS TEXT), '$.status') = 'failed'"
        " AND json_extract(CAST(value AS TEXT), '$.resent_as') IS NULL",
    ),
    "postgresql": (
        "UPDATE conversations SET"
        " channel = coalesce(convert_from(value, 'UTF8')::json ->> 'channel', ''),"
        " messenger = coalesce(convert_from(value, 'UTF8')::json ->> 'messenger', '')",
        "UPDATE messages SET failed = true"
        " WHERE position(convert_to('\"status\":\"failed\"', 'UTF8') IN value) > 0"
        " AND convert_from(value, 'UTF8')::json ->> 'status' = 'failed'"
        " AND convert_from(value, 'UTF8')::json ->> 'resent_as' IS NULL",
    ),
}


def upgrade() -> None:
    for name in _NAMES:
        op.add_column(
            "conversations", sa.Column(name, sa.Text(), nullable=False, server_default="")
        )
    op.add_column(
        "messages", sa.Column("failed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    for statement in _FILL[op.get_bind().dialect.name]:
        op.execute(statement.replace(":", "\\:"))
    for name in _NAMES:
        op.create_index(f"ix_conversations_{name}", "conversations", [name])
    op.create_index(
        "ix_messages_failed",
        "messages",
        ["conversation"],
        sqlite_where=_FAILED,
        postgresql_where=_FAILED,
    )


def downgrade() -> None:
    op.drop_index("ix_messages_failed", table_name="messages")
    op.drop_column("messages", "failed")
    for name in _NAMES:
        op.drop_index(f"ix_conversations_{name}", table_name="conversations")
        op.drop_column("conversations", name)
