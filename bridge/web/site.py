"""What every page and API route is handed, joined once at start-up."""

from dataclasses import dataclass, field
from typing import Protocol

from bridge.domain.policy import Policy
from bridge.pipeline.parts import Parts
from bridge.web.chores import Chores
from bridge.web.cursors import Cursors
from bridge.web.seals import Seals


class SecretKey(Protocol):
    """What pages and API need of the settings."""

    def required_secret_key(self) -> str:
        """Raises ConfigError when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    parts: Parts
    cursors: Cursors
    seals: Seals
    chores: Chores = field(default_factory=Chores)

    @property
    def policy(self) -> Policy:
        return self.parts.active().policy


def site_of(parts: Parts, settings: SecretKey) -> Site:
    key = settings.required_secret_key()
    return Site(parts=parts, cursors=Cursors(key), seals=Seals(key))
