"""Knows every concrete thing but what serves: it joins the parts that the others are handed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Engine

from bridge.domain.people import Directory
from bridge.domain.principals import PersonKind
from bridge.domain.records import Pipeline
from bridge.openid.provider import OpenIdProvider
from bridge.pipeline.following import FollowedConfig, take_folder
from bridge.pipeline.parts import Active, Bell, ConfigFolder, Parts
from bridge.pipeline.signed_links import SignedLinks
from bridge.pipeline.vendors import AccountVendors
from bridge.policy.reading import Loaded, load
from bridge.policy.secrets import secrets_of
from bridge.queue.bell import RedisBell, SilentBell
from bridge.queue.budgets import MovingBudgets
from bridge.queue.embedded import EmbeddedRedis, embedded_redis
from bridge.settings import Settings
from bridge.storage import FileStorage
from bridge.store.clock import StoreClock
from bridge.store.engine import open_engine, writing
from bridge.store.migrations import migrate, require_current
from bridge.store.sessions import create_login_link
from bridge.store.tokens import tokens_of
from connectors import installed
from connectors.fetching import Links


def utc_now() -> datetime:
    return datetime.now(UTC)


def build(settings: Settings, environ: Mapping[str, str]) -> Parts:
    """All parts for one process. Nothing is connected and no thread runs before first use."""
    engine = open_engine(settings.database_url)
    active = followed(settings, environ, engine)
    return joined(settings, environ, engine, active, bell_of(settings))


def followed(settings: Settings, environ: Mapping[str, str], engine: Engine) -> FollowedConfig:
    tokens = tokens_of(engine, settings.secret_key)
    return FollowedConfig(engine, environ, settings.base_url, settings.public_url, tokens)


def joined(
    settings: Settings,
    environ: Mapping[str, str],
    engine: Engine,
    active: Callable[[], Active],
    bell: Bell,
) -> Parts:
    connectors = installed()
    vendors = AccountVendors(active, connectors, Links)
    clock = StoreClock(engine, utc_now)
    return Parts(
        engine=engine,
        active=active,
        vendors=vendors,
        bell=bell,
        budgets=MovingBudgets(
            lambda account: vendors.connector(account).budget, settings.redis_url
        ),
        now=clock,
        public_url=settings.public_url,
        storage=FileStorage(settings.media_url, settings.state / "media" / "staging"),
        links=SignedLinks(settings.public_url, settings.secret_key),
        provider=OpenIdProvider(),
        folder=ConfigFolder(path=settings.config, connectors=connectors, environ=environ),
        lease_seconds=settings.lease_seconds,
        keep_time=clock.compare,
    )


@contextmanager
def built(settings: Settings, environ: Mapping[str, str]) -> Iterator[Parts]:
    """All parts, and the store closed at the end."""
    parts = build(settings, environ)
    try:
        yield parts
    finally:
        parts.engine.dispose()


def prepare(settings: Settings, environ: Mapping[str, str]) -> Loaded:
    """Brings the schema up to date and takes in the configuration folder, or raises ConfigError."""
    migrate(settings.database_url)
    with _engine(settings) as engine:
        return take(engine, settings, environ)


def take(engine: Engine, settings: Settings, environ: Mapping[str, str]) -> Loaded:
    """Makes the folder the active configuration, or raises ConfigError and keeps the last one."""
    return take_folder(engine, settings.config, installed(), environ, utc_now())


def check_schema(settings: Settings) -> None:
    """Raises ConfigError when the store has not this version's schema."""
    with _engine(settings) as engine:
        require_current(engine)


def read_folder(settings: Settings) -> Loaded:
    """The configuration folder as it stands, whatever is active; raises ConfigError."""
    return load(settings.config, installed())


def read_crm(
    settings: Settings, environ: Mapping[str, str], loaded: Loaded
) -> tuple[tuple[Pipeline, ...], Directory]:
    """What the CRM of a folder says now, whatever is active; raises the errors of `ports.Reader`.

    Nothing and nobody where no CRM is set.
    """
    crm = loaded.policy.crm
    if crm is None:
        return (), Directory()
    account = secrets_of(loaded.policy, environ, loaded.places)[crm]
    elsewhere = settings.base_url(crm)
    if elsewhere is not None:
        account = replace(account, base_url=elsewhere)
    reader = installed()[account.connector].reader(account)
    people = Directory(people=tuple(reader.employees()), as_of=utc_now())
    return tuple(reader.pipelines()), people


def connector_names() -> frozenset[str]:
    return frozenset(installed())


def sign_in_link(settings: Settings, who: str, kind: PersonKind = PersonKind.EMPLOYEE) -> str:
    """An address that signs this person in, once, within a quarter of an hour."""
    with _engine(settings) as engine, writing(engine) as db:
        token = create_login_link(db, f"{kind}:{who}", utc_now())
    return f"{settings.public_url}/login/{token}"


def own_redis(settings: Settings) -> EmbeddedRedis | None:
    """The Redis server to start when none is named; None when this machine has none."""
    return embedded_redis(settings.state)


@contextmanager
def _engine(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def bell_of(settings: Settings, observe_failure: Callable[[], None] = lambda: None) -> Bell:
    if settings.redis_url is None:
        return SilentBell()
    return RedisBell(settings.redis_url, observe_failure=observe_failure)
