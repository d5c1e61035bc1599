"""The connectors' parts, made for the accounts of the active configuration."""

import threading
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from bridge.domain.errors import ConfigError
from bridge.domain.messaging import Media
from bridge.domain.names import AccountName
from bridge.pipeline.parts import Active
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

P = TypeVar("P")


class _Kept(Generic[P]):
    """One kind of part for each account, kept as long as the configuration."""

    def __init__(self, make: Callable[[Connector, Account], P]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._hash = ""
        self._parts: dict[AccountName, P] = {}

    def part(self, name: AccountName, active: Active, connector: Connector) -> P:
        with self._lock:
            if self._hash != active.hash:
                self._hash, self._parts = active.hash, {}
            if name not in self._parts:
                self._parts[name] = self._make(connector, active.accounts[name])
            return self._parts[name]


class AccountVendors:
    """The connectors' parts, made when first asked for.

    Every method raises ConfigError when the account or its connector is not known, or when one of
    its secrets is missing.
    """

    def __init__(
        self,
        active: Callable[[], Active],
        connectors: Mapping[str, Connector],
        links: Callable[[Account], MediaSource] | None = None,
    ) -> None:
        """`links` makes what fetches files whose links need no key."""
        self._active = active
        self._connectors = connectors
        self._links = _Kept[MediaSource | None](lambda _, account: links and links(account))
        self._media = _Kept[MediaSource | None](
            lambda connector, account: connector.media and connector.media(account)
        )
        self._inbound = _Kept[Inbound](lambda connector, account: connector.inbound(account))
        self._outbound = _Kept[Outbound](lambda connector, account: connector.outbound(account))
        self._reader = _Kept[Reader](lambda connector, account: connector.reader(account))
        self._poll = _Kept[Poll | None](
            lambda connector, account: connector.poll and connector.poll(account)
        )

        self._renewals = _Kept[RenewalReader | None](
            lambda connector, account: connector.renewals and connector.renewals(account)
        )

    def connector(self, account: AccountName) -> Connector:
        return self._connector(account, self._active())

    def methods(self, account: AccountName) -> frozenset[str]:
        """How its vendor calls our address; empty when nobody does."""
        return self._connector(account, self._active()).methods

    def inbound(self, account: AccountName) -> Inbound:
        return self._part(self._inbound, account)

    def outbound(self, account: AccountName) -> Outbound:
        return self._part(self._outbound, account)

    def reader(self, account: AccountName) -> Reader:
        return self._part(self._reader, account)

    def poll(self, account: AccountName) -> Poll | None:
        return self._part(self._poll, account)

    def renewals(self, account: AccountName) -> RenewalReader | None:
        return self._part(self._renewals, account)

    def media(self, account: AccountName, media: Media) -> MediaSource:
        """By the vendor's own way where the file has an id there, else by its link."""
        own = self._part(self._media, account) if media.media_id else None
        found = own or self._part(self._links, account)
        if found is None:
            raise ConfigError(f"account {account}: there is no way to fetch files")
        return found

    def _part(self, kept: _Kept[P], name: AccountName) -> P:
        active = self._active()
        return kept.part(name, active, self._connector(name, active))

    def _connector(self, name: AccountName, active: Active) -> Connector:
        account = active.accounts.get(name)
        if account is None:
            raise ConfigError(f"accounts.yaml: there is no account {name}")
        connector = self._connectors.get(account.connector)
        if connector is None:
            raise ConfigError(f"account {name}: connector {account.connector} is not installed")
        return connector
