"""The small company of the web tests."""

from collections.abc import Iterator

import pytest

from bridge.store.engine import open_engine
from tests.web.world import World


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    opened = open_engine(sqlite_url)
    yield World(opened)
    opened.dispose()
