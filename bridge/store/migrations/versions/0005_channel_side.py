"""Partners, renewals, resellers"""

from collections.abc import Sequence

from bridge.store.migrations.channel_side import partners, principals, renewals, reselling, subjects

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STEPS = (subjects, principals, renewals, reselling, partners)


def upgrade() -> None:
    for step in STEPS:
        step.upgrade()


def downgrade() -> None:
    for step in reversed(STEPS):
        step.downgrade()
