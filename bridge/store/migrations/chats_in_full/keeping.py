"""How long things are kept."""


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
