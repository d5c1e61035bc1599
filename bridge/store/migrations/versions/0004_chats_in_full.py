"""Reactions, identities, templates, copies of files, digests, weights, retention"""

from collections.abc import Sequence

from bridge.store.migrations.chats_in_full import (
    claims,
    corrections,
    identities,
    keeping,
    media,
    messages,
    messenger_window,
    notifications,
    rotation,
    sending,
    unowned,
)

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STEPS = (
    messages,
    identities,
    sending,
    media,
    notifications,
    messenger_window,
    rotation,
    keeping,
    claims,
    corrections,
    unowned,
)


def upgrade() -> None:
    for step in STEPS:
        step.upgrade()


def downgrade() -> None:
    for step in reversed(STEPS):
        step.downgrade()
