"""What vendors let accounts in with, and where all workers keep it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a vendor has let us in with, until when, and where it answers."""

    value: str = field(repr=False)
    expires_at: datetime
    url: str = ""


class Tokens(Protocol):
    """The one place where all workers keep the token of an account, so that they sign in once."""

    def current(self) -> Token | None:
        """None when there is none, or it has expired."""

    def renewed(self, refused: Token | None, sign_in: Callable[[], Token]) -> Token:
        """Another token than the one `refused`: that of another worker who was quicker, or else
        the one that `sign_in` gives; one worker at a time signs in. Raises what `sign_in` raises,
        and DeliveryTransient where the last ones failed only just now."""


class TokensInMemory:
    """For one process alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: Token | None = None

    def current(self) -> Token | None:
        token = self._token
        return token if token and token.expires_at > datetime.now(UTC) else None

    def renewed(self, refused: Token | None, sign_in: Callable[[], Token]) -> Token:
        with self._lock:
            if (kept := self.current()) and kept != refused:
                return kept
            self._token = sign_in()
            return self._token
