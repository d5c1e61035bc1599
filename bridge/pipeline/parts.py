"""What the corridor is handed: the parts, joined elsewhere."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, NoReturn, Protocol

from sqlalchemy import Engine

from bridge.domain.errors import StorageFailed
from bridge.domain.messaging import Media
from bridge.domain.names import AccountName
from bridge.domain.policy import Policy
from bridge.domain.signing_in import Provider
from bridge.pipeline.pacing import Paces
from bridge.pipeline.signed_links import SignedLinks
from bridge.ports import (
    Account,
    Connector,
    Inbound,
    MediaSource,
    Outbound,
    Poll,
    Reader,
    RenewalReader,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Active:
    """The active configuration: what the row in the store says, with the accounts' secrets."""

    policy: Policy
    hash: str
    accounts: Mapping[AccountName, Account]
    provider_secret: str = field(default="", repr=False)  # at the provider of sign-ins


class Vendors(Protocol):
    """The connectors' parts, made once per account and configuration."""

    def connector(self, account: AccountName) -> Connector: ...

    def methods(self, account: AccountName) -> frozenset[str]: ...

    def inbound(self, account: AccountName) -> Inbound: ...

    def outbound(self, account: AccountName) -> Outbound: ...

    def reader(self, account: AccountName) -> Reader: ...

    def poll(self, account: AccountName) -> Poll | None:
        """None where its vendor's webhooks tell everything."""

    def renewals(self, account: AccountName) -> RenewalReader | None:
        """None where its vendor keeps none that could be read."""

    def media(self, account: AccountName, media: Media) -> MediaSource:
        """Where this file of a message is fetched: by the vendor's own way, or by its link."""


class Bell(Protocol):
    def ring(self, lane: str) -> None:
        """Says that a lane has work; never raises, never waits, may be lost."""


class Budgets(Protocol):
    """Counts calls against what each vendor allows, over all processes."""

    def take(self, account: AccountName, calls: int) -> float:
        """Takes the calls, or takes nothing and gives the seconds to wait before asking again."""


class Storage(Protocol):
    """Keeps files under the SHA-256 of their content. Every method raises StorageFailed."""

    def stage(self) -> AbstractContextManager[BinaryIO]:
        """A file for what is arriving, of which nothing is left, even after a kill."""

    def put(self, sha256: str, file: BinaryIO) -> None:
        """Keeps the whole file, or nothing; the same content once."""

    def open(self, sha256: str) -> BinaryIO:
        """To be read and sought in; FileNotFoundError when it is not there."""

    def delete(self, sha256: str) -> None: ...

    def check(self) -> None:
        """Writes, reads and removes a small file."""

    def tidy(self, older_than: float) -> None:
        """Removes what killed processes left half written before this time (Unix)."""


class NoStorage:
    """Where none is set up: nothing can be kept."""

    def _refuse(self) -> NoReturn:
        raise StorageFailed("storage: none is set up here")

    def stage(self) -> AbstractContextManager[BinaryIO]:
        self._refuse()

    def put(self, sha256: str, file: BinaryIO) -> None:
        self._refuse()

    def open(self, sha256: str) -> BinaryIO:
        self._refuse()

    def delete(self, sha256: str) -> None:
        self._refuse()

    def check(self) -> None:
        self._refuse()

    def tidy(self, older_than: float) -> None:
        self._refuse()


class Queue(Protocol):
    """`workers` are those that wait on Redis; None where they poll the tables."""

    @property
    def kind(self) -> str: ...

    @property
    def works(self) -> bool: ...

    @property
    def workers(self) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """Without Redis."""

    kind: str = "polling"
    works: bool = True
    workers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFolder:
    """The folder of YAML that this house is run by, and what it is read with."""

    path: Path
    connectors: Mapping[str, Connector]
    environ: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    engine: Engine
    active: Callable[[], Active]  # cheap; looks at the store's row at most once a second
    vendors: Vendors
    bell: Bell
    budgets: Budgets
    now: Callable[[], datetime]
    public_url: str  # without a slash at the end
    storage: Storage = field(default_factory=NoStorage)
    links: SignedLinks = field(default_factory=SignedLinks)
    paces: Paces = field(default_factory=Paces)
    provider: Provider | None = None  # of sign-ins; None where people sign in by links alone
    folder: ConfigFolder | None = None  # None where the YAML is not on this machine
    lease_seconds: float = 15.0
    keep_time: Callable[[], timedelta] = timedelta
    """Compares `now` with the store's clock; gives how far this host's own is ahead of that."""
    queue_state: Callable[[], Queue] = Polling
    trouble: Callable[[], str] = str
    """Why webhooks can't be kept at the moment; empty when they can."""
