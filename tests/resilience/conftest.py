"""The whole house of the pipeline's tests, for the resilience cases that turn its clock."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.conftest import emptied_postgres, fresh_sqlite, house, small, vendors
from tests.resilience.upgrading import Put, put_postgres, put_sqlite
from tests.services import Postgres

__all__ = ("emptied_postgres", "fresh_sqlite", "house", "small", "vendors")


@pytest.fixture(scope="session")
def shared_postgres(postgres_server: Postgres, postgres_template: str) -> Iterator[str]:
    """Another database than that of the pipeline's own tests, which may still be open."""
    yield postgres_server.create("resilient_houses", postgres_template)
    postgres_server.drop("resilient_houses")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def put(request: pytest.FixtureRequest, tmp_path: Path) -> Put:
    """Gives the URL of a database of the revision that is asked for, on each store."""

    def on_sqlite(revision: str) -> str:
        url = f"sqlite:///{tmp_path}/old-{revision}.sqlite"
        put_sqlite(revision, url)
        return url

    def on_postgres(revision: str) -> str:
        server: Postgres = request.getfixturevalue("postgres_server")
        name = f"old_{revision}_{os.urandom(4).hex()}"
        url = server.create(name)
        request.addfinalizer(lambda: server.drop(name))
        put_postgres(revision, url, tmp_path)
        return url

    return {"sqlite": on_sqlite, "postgres": on_postgres}[request.param]
