"""Who is told and how."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Moment


def upgrade() -> None:
    op.add_column("notifications", sa.Column("about", sa.Text(), nullable=False, server_default=""))
    op.add_column("lanes", sa.Column("troubled_since", Moment(), nullable=True))
    op.add_column(
        "lanes",
        sa.Column("outage_told", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "digests",
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("period", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("employee", name=op.f("pk_digests")),
    )


def downgrade() -> None:
    op.drop_table("digests")
    op.drop_column("lanes", "outage_told")
    op.drop_column("lanes", "troubled_since")
    op.drop_column("notifications", "about")
