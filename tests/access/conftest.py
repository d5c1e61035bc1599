"""The small company of the web tests, and the whole house of the pipeline's."""

from tests.pipeline.conftest import fresh_sqlite, small, vendors
from tests.web.conftest import any_world, world

__all__ = ("any_world", "fresh_sqlite", "small", "vendors", "world")
