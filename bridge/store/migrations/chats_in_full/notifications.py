"""Who is told and how."""


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
