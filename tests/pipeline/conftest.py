"""One whole house per test."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from bridge.pipeline.mirror import sync
from bridge.store.engine import open_engine, writing
from bridge.store.schema import METADATA
from tests.pipeline.world import Sandboxes, World, sandboxes, world
from tests.services import BUSY_SECONDS, Postgres

# Also of tables that hold nothing any more.
_COUNT_FROM_ONE = """
    SELECT setval(format('%I', sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE last_value IS NOT NULL
"""


@pytest.fixture(scope="session")
def vendors() -> Iterator[Sandboxes]:
    with sandboxes() as urls:
        yield urls


@pytest.fixture(scope="session")
def shared_postgres(postgres_server: Postgres, postgres_template: str) -> Iterator[str]:
    """One database for all houses: to empty it costs less than to make another."""
    yield postgres_server.create("houses", postgres_template)
    postgres_server.drop("houses")


@pytest.fixture
def emptied_postgres(shared_postgres: str) -> Iterator[Engine]:
    engine = open_engine(shared_postgres, busy_seconds=BUSY_SECONDS)
    with writing(engine) as db:
        _empty(db)
    yield engine
    engine.dispose()


def _empty(db: Connection) -> None:
    """Only what holds rows: to truncate a table costs the same when it is empty."""
    names = [table.name for table in METADATA.sorted_tables]
    each = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names
    )
    filled = db.scalars(text(each)).all()
    if filled:
        db.execute(text(f"TRUNCATE {', '.join(filled)}"))
    db.execute(text(_COUNT_FROM_ONE))


@pytest.fixture
def fresh_sqlite(sqlite_url: str) -> Iterator[Engine]:
    engine = open_engine(sqlite_url, busy_seconds=BUSY_SECONDS)
    yield engine
    engine.dispose()


@pytest.fixture(
    params=["fresh_sqlite", pytest.param("emptied_postgres", marks=pytest.mark.postgres)],
    ids=["sqlite", "postgres"],
)
def house(request: pytest.FixtureRequest, vendors: Sandboxes) -> Iterator[World]:
    """On each store, synchronised once."""
    with world(request.getfixturevalue(request.param), vendors) as made:
        sync(made.parts)
        yield made


@pytest.fixture
def small(fresh_sqlite: Engine, vendors: Sandboxes) -> Iterator[World]:
    """On SQLite alone, for what no store can change."""
    with world(fresh_sqlite, vendors) as made:
        sync(made.parts)
        yield made
