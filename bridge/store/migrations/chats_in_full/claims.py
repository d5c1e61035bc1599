"""Who answered a client first, as a column: what a list of his chats is entered by."""

import sqlalchemy as sa
from alembic import op

_CLAIMED = sa.text("claimed_by IS NOT NULL")
_FILL = {
    "sqlite": "UPDATE conversations SET claimed_by ="
    " json_extract(CAST(value AS TEXT), '$.claimed_by')"
    ' WHERE instr(value, CAST(\'"claimed_by":"\' AS BLOB)) > 0',
    "postgresql": "UPDATE conversations SET claimed_by ="
    " convert_from(value, 'UTF8')::json ->> 'claimed_by'"
    " WHERE position(convert_to('\"claimed_by\":\"', 'UTF8') IN value) > 0",
}


def upgrade() -> None:
    op.add_column("conversations", sa.Column("claimed_by", sa.Text(), nullable=True))
    op.execute(_FILL[op.get_bind().dialect.name].replace(":", "\\:"))
    op.create_index(
        "ix_conversations_claimed",
        "conversations",
        ["claimed_by"],
        sqlite_where=_CLAIMED,
        postgresql_where=_CLAIMED,
    )


def downgrade() -> None:
    op.drop_index("ix_conversations_claimed", table_name="conversations")
    op.drop_column("conversations", "claimed_by")
