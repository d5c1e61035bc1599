"""A second look: what was told too early, what pages find faster, sessions of the provider"""

from collections.abc import Sequence
from types import ModuleType

from bridge.store.migrations.second_look import business, provider_sessions, strangers

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STEPS: tuple[ModuleType, ...] = (
    strangers,
    provider_sessions,
    business,
)


def upgrade() -> None:
    for step in STEPS:
        step.upgrade()


def downgrade() -> None:
    for step in reversed(STEPS):
        step.downgrade()
