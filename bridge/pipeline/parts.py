"""What the corridor is handed: the parts, joined elsewhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine

from bridge.domain.names import AccountName
from bridge.domain.policy import Policy
from bridge.ports import Account, Connector, Inbound, Outbound, Poll, Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Active:
    """The active configuration: what the row in the store says, with the accounts' secrets."""

    policy: Policy
    hash: str
    accounts: Mapping[AccountName, Account]


class Vendors(Protocol):
    """The connectors' parts, made once per account and configuration."""

    def connector(self, account: AccountName) -> Connector: ...

    def methods(self, account: AccountName) -> frozenset[str]: ...

    def inbound(self, account: AccountName) -> Inbound: ...

    def outbound(self, account: AccountName) -> Outbound: ...

    def reader(self, account: AccountName) -> Reader: ...

    def poll(self, account: AccountName) -> Poll | None:
        """None where its vendor's webhooks tell everything."""


class Bell(Protocol):
    def ring(self, lane: str) -> None:
        """Says that a lane has work; never raises, never waits, may be lost."""


class Budgets(Protocol):
    """Counts calls against what each vendor allows, over all processes."""

    def take(self, account: AccountName, calls: int) -> float:
        """Takes the calls, or takes nothing and gives the seconds to wait before asking again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    engine: Engine
    active: Callable[[], Active]  # cheap; looks at the store's row at most once a second
    vendors: Vendors
    bell: Bell
    budgets: Budgets
    now: Callable[[], datetime]
    public_url: str  # without a slash at the end
    lease_seconds: float = 15.0
    keep_time: Callable[[], timedelta] = timedelta
    """Compares `now` with the store's clock; gives how far this host's own is ahead of that."""
