"""One whole house per test."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from bridge.pipeline.mirror import sync
from bridge.store.engine import open_engine
from tests.pipeline.world import World, world


@pytest.fixture
def house(engine: Engine) -> Iterator[World]:
    """On each store, synchronised once."""
    with world(engine) as made:
        sync(made.parts)
        yield made


@pytest.fixture
def small(sqlite_url: str) -> Iterator[World]:
    """On SQLite alone, for what no store can change."""
    engine = open_engine(sqlite_url)
    with world(engine) as made:
        sync(made.parts)
        yield made
    engine.dispose()
