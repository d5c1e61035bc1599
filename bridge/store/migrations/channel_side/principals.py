"""Whose sessions and links are: of any kind of principal, and who is behind one."""

import sqlalchemy as sa
from alembic import op

_HELPS = sa.text("help IS NOT NULL")
_PREFIX = "employee:"


def upgrade() -> None:
    for table in ("sessions", "login_links"):
        op.execute(f"ALTER TABLE {table} RENAME COLUMN employee TO principal")
        op.execute(f"UPDATE {table} SET principal = '{_PREFIX}' || principal")  # noqa: S608
        op.add_column(table, sa.Column("behind", sa.Text(), nullable=True))
    for name in ("parent", "help"):
        op.add_column("sessions", sa.Column(name, sa.Text(), nullable=True))
    op.create_index(
        "ix_sessions_help",
        "sessions",
        ["help"],
        unique=True,
        sqlite_where=_HELPS,
        postgresql_where=_HELPS,
    )


def downgrade() -> None:
    """Those of others than employees would be nobody's."""
    op.drop_index("ix_sessions_help", table_name="sessions")
    for name in ("help", "parent"):
        op.drop_column("sessions", name)
    for table in ("sessions", "login_links"):
        op.drop_column(table, "behind")
        op.execute(f"DELETE FROM {table} WHERE principal NOT LIKE '{_PREFIX}%'")  # noqa: S608
        shorter = f"substr(principal, {len(_PREFIX) + 1})"
        op.execute(f"UPDATE {table} SET principal = {shorter}")  # noqa: S608
        op.execute(f"ALTER TABLE {table} RENAME COLUMN principal TO employee")
