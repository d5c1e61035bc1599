"""Which chats may be nobody's, as a column: what a list of them is entered by."""

import sqlalchemy as sa
from alembic import op

_UNOWNED = sa.text("unowned")
_FILL = """
UPDATE conversations SET unowned = true
WHERE client IN ('new', 'known') AND claimed_by IS NULL AND NOT EXISTS (
  SELECT 1 FROM contacts WHERE contacts.id = conversations.contact AND (
    contacts.owner IS NOT NULL OR EXISTS (
      SELECT 1 FROM record_contacts JOIN records ON records.id = record_contacts.record
      WHERE record_contacts.contact = contacts.id
      AND records.is_open AND records.owner IS NOT NULL
    )
  )
)
"""


def upgrade() -> None:
    op.add_column(
        "conversations",
        sa.Column("unowned", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.execute(sa.text(_FILL))
    op.create_index(
        "ix_conversations_unowned",
        "conversations",
        ["last_message_at", "id"],
        sqlite_where=_UNOWNED,
        postgresql_where=_UNOWNED,
    )


def downgrade() -> None:
    op.drop_index("ix_conversations_unowned", table_name="conversations")
    op.drop_column("conversations", "unowned")
