"""What decisions of the channel side are about, and whose business that is."""

import sqlalchemy as sa
from alembic import op

_HAS_SUBJECT = sa.text("subject IS NOT NULL")


def upgrade() -> None:
    for name in ("subject", "tenant"):
        op.add_column("decisions", sa.Column(name, sa.Text(), nullable=True))
    for name in ("subject", "tenant"):
        op.create_index(
            f"ix_decisions_{name}",
            "decisions",
            [name, "id"],
            sqlite_where=_HAS_SUBJECT,
            postgresql_where=_HAS_SUBJECT,
        )


def downgrade() -> None:
    for name in ("tenant", "subject"):
        op.drop_index(f"ix_decisions_{name}", table_name="decisions")
        op.drop_column("decisions", name)
