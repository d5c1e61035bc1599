"""What may be sent."""


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
