"""The only file that knows every concrete thing: it joins the parts that the others are handed."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Generic, TypeVar

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from bridge.domain.errors import ConfigError
from bridge.domain.names import AccountName
from bridge.pipeline.parts import Active, Bell, Parts
from bridge.pipeline.receive import Receiver
from bridge.policy.reading import Loaded, load, policy_of
from bridge.policy.secrets import secrets_of
from bridge.ports import Account, Connector, Inbound, Outbound, Reader
from bridge.queue.bell import RedisBell, SilentBell
from bridge.queue.budgets import MovingBudgets
from bridge.queue.standing import queue_state
from bridge.settings import Settings
from bridge.store import configs
from bridge.store.engine import BUSY_SECONDS, open_engine, reading, writing
from bridge.web.app import Web
from bridge.web.metrics import Metrics
from connectors import installed

LOOK_SECONDS = 1.0
# Senders wait for five seconds; a locked store must be told to them before that.
WEB_BUSY_SECONDS = 3.0
P = TypeVar("P")
_log = structlog.get_logger()


def utc_now() -> datetime:
    return datetime.now(UTC)


class FollowedConfig:
    """The active configuration as the store's row says, looked at once a second at most.

    While the store can't be read the last one known stays.
    """

    def __init__(self, engine: Engine, settings: Settings, environ: Mapping[str, str]) -> None:
        self._engine = engine
        self._settings = settings
        self._environ = environ
        self._lock = threading.Lock()
        self._known: Active | None = None
        self._look_at = 0.0

    def __call__(self) -> Active:
        """Raises ConfigError when none was ever activated."""
        with self._lock:
            if self._known is None or time.monotonic() >= self._look_at:
                self._look()
                self._look_at = time.monotonic() + LOOK_SECONDS
            if self._known is None:
                raise ConfigError("no configuration is active: run `bridge migrate` beside it")
            return self._known

    def _look(self) -> None:
        try:
            with reading(self._engine) as db:
                row = configs.active(db)
                if row is None or (self._known is not None and row.hash == self._known.hash):
                    return
                stored = configs.config(db, row.hash)
        except SQLAlchemyError:
            if self._known is None:
                raise
            return
        if stored is not None:
            self._follow(stored)

    def _follow(self, stored: configs.StoredConfig) -> None:
        try:
            self._known = self._active(stored)
        except ConfigError as error:
            if self._known is None:
                raise
            _log.error("config not followed", hash=stored.hash, error=str(error))

    def _active(self, stored: configs.StoredConfig) -> Active:
        policy = policy_of(stored.canonical)
        accounts = {
            name: self._elsewhere(name, account)
            for name, account in secrets_of(policy, self._environ).items()
        }
        return Active(policy=policy, hash=stored.hash, accounts=accounts)

    def _elsewhere(self, name: AccountName, account: Account) -> Account:
        base_url = self._settings.base_url(name)
        return account if base_url is None else replace(account, base_url=base_url)


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

    def __init__(self, active: Callable[[], Active], connectors: Mapping[str, Connector]) -> None:
        self._active = active
        self._connectors = connectors
        self._inbound = _Kept[Inbound](lambda connector, account: connector.inbound(account))
        self._outbound = _Kept[Outbound](lambda connector, account: connector.outbound(account))
        self._reader = _Kept[Reader](lambda connector, account: connector.reader(account))

    def connector(self, account: AccountName) -> Connector:
        return self._connector(account, self._active())

    def inbound(self, account: AccountName) -> Inbound:
        return self._part(self._inbound, account)

    def outbound(self, account: AccountName) -> Outbound:
        return self._part(self._outbound, account)

    def reader(self, account: AccountName) -> Reader:
        return self._part(self._reader, account)

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


def build(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    busy_seconds: float = BUSY_SECONDS,
    observe_ring_failure: Callable[[], None] = lambda: None,
) -> Parts:
    """All parts for one process. Nothing is connected and no thread runs before first use."""
    engine = open_engine(settings.database_url, busy_seconds=busy_seconds)
    active = FollowedConfig(engine, settings, environ)
    vendors = AccountVendors(active, installed())
    return Parts(
        engine=engine,
        active=active,
        vendors=vendors,
        bell=_bell(settings, observe_ring_failure),
        budgets=MovingBudgets(
            lambda account: vendors.connector(account).budget, settings.redis_url
        ),
        now=utc_now,
        public_url=settings.public_url,
    )


@contextmanager
def built(settings: Settings, environ: Mapping[str, str]) -> Iterator[Parts]:
    """All parts, and the store closed at the end."""
    parts = build(settings, environ)
    try:
        yield parts
    finally:
        parts.engine.dispose()


@contextmanager
def web_of(settings: Settings, environ: Mapping[str, str]) -> Iterator[Web]:
    """What the web process serves with; at the end what waits is committed."""
    metrics = Metrics()
    parts = build(
        settings,
        environ,
        busy_seconds=WEB_BUSY_SECONDS,
        observe_ring_failure=metrics.ring_failed,
    )
    receiver = Receiver(parts.engine, parts.bell, observe_batch=metrics.committed)
    try:
        yield Web(
            parts=parts,
            receiver=receiver,
            metrics=metrics,
            queue_state=lambda: queue_state(settings.redis_url),
        )
    finally:
        receiver.close()
        parts.engine.dispose()


def take_folder(engine: Engine, settings: Settings, environ: Mapping[str, str]) -> Loaded:
    """Makes the folder the active configuration; raises ConfigError when it is wrong, which is
    then also kept beside the last good one."""
    try:
        loaded = load(settings.config, installed())
        secrets_of(loaded.policy, environ, loaded.places)
    except ConfigError as error:
        with writing(engine) as db:
            configs.note_error(db, str(error))
        raise
    with writing(engine) as db:
        configs.put_config(db, loaded.hash, loaded.canonical, utc_now())
        configs.activate(db, loaded.hash, utc_now())
    return loaded


def _bell(settings: Settings, observe_failure: Callable[[], None]) -> Bell:
    if settings.redis_url is None:
        return SilentBell()
    return RedisBell(settings.redis_url, observe_failure=observe_failure)
