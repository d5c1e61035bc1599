"""A small company, on SQLite where the store is not what is looked at, else on both stores."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bridge.store.engine import open_engine
from tests.services import BUSY_SECONDS
from tests.web.settings_house import Configured, configured
from tests.web.world import World


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    opened = open_engine(sqlite_url, busy_seconds=BUSY_SECONDS)
    yield World(opened)
    opened.dispose()


@pytest.fixture
def any_world(engine: Engine) -> World:
    """On each of the stores that we promise."""
    return World(engine)


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[Configured]:
    """Run by a folder of YAML."""
    opened = open_engine(sqlite_url)
    yield configured(opened, tmp_path / "config")
    opened.dispose()
