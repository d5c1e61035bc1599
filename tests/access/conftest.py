"""The small company of the web tests, and the whole house of the pipeline's."""

from collections.abc import Iterator

import pytest

from bridge.store.engine import open_engine
from tests.pipeline.conftest import fresh_sqlite, small, vendors
from tests.web.world import World

__all__ = ("fresh_sqlite", "small", "vendors")


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    opened = open_engine(sqlite_url)
    yield World(opened)
    opened.dispose()
