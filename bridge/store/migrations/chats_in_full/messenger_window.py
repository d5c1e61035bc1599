"""What a messenger is told."""


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
