"""The whole house of the pipeline's tests, for the resilience cases that turn its clock."""

from collections.abc import Iterator

import pytest

from tests.pipeline.conftest import emptied_postgres, fresh_sqlite, house, small, vendors
from tests.services import Postgres

__all__ = ("emptied_postgres", "fresh_sqlite", "house", "small", "vendors")


@pytest.fixture(scope="session")
def shared_postgres(postgres_server: Postgres, postgres_template: str) -> Iterator[str]:
    """Another database than that of the pipeline's own tests, which may still be open."""
    yield postgres_server.create("resilient_houses", postgres_template)
    postgres_server.drop("resilient_houses")
