"""What may be sent."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Moment


def upgrade() -> None:
    op.create_table(
        "templates",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("usable", sa.Boolean(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("as_of", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account", "template_id", "channel_id", name=op.f("pk_templates")),
    )
    with op.batch_alter_table("channels") as channels:
        channels.add_column(sa.Column("max_text", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("channels") as channels:
        channels.drop_column("max_text")
    op.drop_table("templates")
