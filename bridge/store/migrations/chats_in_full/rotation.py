"""Weights and owed turns."""


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
