"""Who a client is."""


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
