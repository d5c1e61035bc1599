"""The parts of the house for one command: on the store as it is, or none without a store."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from bridge import codec, logs
from bridge.cli.answers import Failed
from bridge.domain.errors import ConfigError
from bridge.pipeline.parts import Parts
from bridge.settings import Settings, environment
from bridge.wiring import built, check_schema

SECRET_KEY = "secret_key"  # noqa: S105 - the name of its file
PUBLIC_URL = "public_url"


def settings_of_command() -> Settings:
    """Settings, with a log that says only what went wrong: the answer is what people read.

    Secret key and address may be those of `bridge up` in the same folder.
    """
    logs.set_up("cli", level=logging.WARNING)
    settings = Settings.of(environment())
    named = environment().get("BRIDGE_PUBLIC_URL")
    return replace(
        settings,
        secret_key=settings.secret_key or kept_secret_key(settings.state),
        public_url=(None if named else kept_public_url(settings.state)) or settings.public_url,
    )


def kept_public_url(state: Path) -> str | None:
    """The address at which `bridge up` on this folder serves, where nobody named another: links
    have to lead there."""
    try:
        return (state / PUBLIC_URL).read_text().strip() or None
    except OSError:
        return None


def kept_secret_key(state: Path) -> str | None:
    """What `bridge up` keeps under the state's folder; None where it never ran."""
    try:
        return (state / SECRET_KEY).read_text().strip() or None
    except OSError:
        return None


@contextmanager
def opened() -> Iterator[Parts]:
    """The parts on the store; Failed where there is none, ConfigError for another schema."""
    settings = settings_of_command()
    if not is_there(settings):
        raise Failed("there is no store yet", "run `bridge migrate` (or `bridge up`)")
    with store_answers(), built(settings, environment()) as parts:
        check_schema(settings)
        yield parts


@contextmanager
def opened_if_any(settings: Settings) -> Iterator[Parts | None]:
    """The parts, or None where there is no store of this version's schema; makes none."""
    if not is_there(settings):
        yield None
        return
    with store_answers(), built(settings, environment()) as parts:
        yield parts if _has_schema(settings) else None


def is_there(settings: Settings) -> bool:
    """Whether the file of an embedded store exists; a server is expected to."""
    try:
        url = make_url(settings.database_url)
    except ArgumentError as error:
        raise ConfigError("BRIDGE_DATABASE_URL: not a database's address") from error
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


def plain(value: Any) -> Any:
    """The value as JSON gives it back: times in RFC 3339, sets sorted."""
    return codec.decode(object, codec.encode(value))


@contextmanager
def store_answers() -> Iterator[None]:
    """Failed where it does not, with what to do; for a process that begins as well."""
    try:
        yield
    except SQLAlchemyError as error:
        raise Failed(
            f"the store does not answer: {type(error).__name__}",
            "is it running, and is BRIDGE_DATABASE_URL right?",
        ) from error


def _has_schema(settings: Settings) -> bool:
    try:
        check_schema(settings)
    except ConfigError:
        return False
    return True
