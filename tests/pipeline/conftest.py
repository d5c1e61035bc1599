"""One whole house per test."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from bridge.pipeline.mirror import sync
from tests.pipeline.world import World, world


@pytest.fixture
def house(engine: Engine) -> Iterator[World]:
    """On each store, synchronised once."""
    with world(engine) as made:
        sync(made.parts)
        yield made
