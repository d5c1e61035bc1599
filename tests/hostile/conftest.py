"""Worlds of other tests, looked at with hostile eyes."""

from tests.cli.conftest import folder, silent
from tests.web.conftest import any_world, world

__all__ = ["any_world", "folder", "silent", "world"]
