"""Copies of files."""


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
