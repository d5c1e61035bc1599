"""The web application: what its pages look up and remember"""

from collections.abc import Sequence
from types import ModuleType

from bridge.store.migrations.web_side import (
    audit,
    config_changes,
    feed,
    filters,
    notes,
    numbers,
    searching,
    sessions,
)

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STEPS: tuple[ModuleType, ...] = (
    audit,
    numbers,
    filters,
    sessions,
    notes,
    config_changes,
    feed,
    searching,
)


def upgrade() -> None:
    for step in STEPS:
        step.upgrade()


def downgrade() -> None:
    for step in reversed(STEPS):
        step.downgrade()
