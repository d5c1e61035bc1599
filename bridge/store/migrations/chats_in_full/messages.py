"""What a message is known by."""


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
