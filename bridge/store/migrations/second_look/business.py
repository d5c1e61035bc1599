"""What happened to leads, clients and renewals, the latest first: few of very many decisions."""

import sqlalchemy as sa
from alembic import op

_HAS_SUBJECT = sa.text("subject IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_decisions_business",
        "decisions",
        ["id"],
        sqlite_where=_HAS_SUBJECT,
        postgresql_where=_HAS_SUBJECT,
    )


def downgrade() -> None:
    op.drop_index("ix_decisions_business", table_name="decisions")
