"""One database of each kind for a whole module, emptied before every test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bridge.store.engine import open_engine, writing
from bridge.store.schema import METADATA


@pytest.fixture(scope="module")
def shared_sqlite(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    path = tmp_path_factory.mktemp("store") / "bridge.sqlite3"
    shutil.copyfile(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def shared_postgres(request: pytest.FixtureRequest) -> Iterator[Engine]:
    server = request.getfixturevalue("postgres_server")
    name = f"store_{request.module.__name__.rpartition('.')[2]}"
    engine = open_engine(server.create(name, request.getfixturevalue("postgres_template")))
    yield engine
    engine.dispose()
    server.drop(name)


@pytest.fixture(
    params=["shared_sqlite", pytest.param("shared_postgres", marks=pytest.mark.postgres)],
    ids=["sqlite", "postgres"],
)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Empty, on each of the stores that we promise."""
    opened: Engine = request.getfixturevalue(request.param)
    with writing(opened) as db:
        for table in METADATA.sorted_tables:
            db.execute(table.delete())
    return opened
