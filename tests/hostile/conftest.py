"""Worlds of other tests, looked at with hostile eyes; and a web process on a socket."""

from collections.abc import Iterator

import pytest

from tests.cli.conftest import folder, silent
from tests.hostile.town import Town, town
from tests.web.conftest import any_world, world

__all__ = ["any_world", "folder", "silent", "world"]


@pytest.fixture(scope="package")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One for all who knock."""
    with town(tmp_path_factory.mktemp("town")) as opened:
        yield opened
