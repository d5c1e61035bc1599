"""The migrations give the schema that the code expects, however often and by whomever they run."""

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from bridge.domain.errors import ConfigError
from bridge.store.engine import open_engine
from bridge.store.migrations import migrate, require_current
from bridge.store.schema import METADATA
from tests.resilience.upgrading import downgrade_to, upgrade_to


def test_the_migrations_lead_to_the_schema_of_the_code(engine: Engine) -> None:
    with engine.connect() as db:
        differences = compare_metadata(MigrationContext.configure(db), METADATA)
    assert differences == []


def test_migrating_again_changes_nothing(database_url: str, engine: Engine) -> None:
    migrate(database_url)
    require_current(engine)
    with engine.connect() as db:
        assert compare_metadata(MigrationContext.configure(db), METADATA) == []


def test_an_empty_store_is_refused_with_what_to_do(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/empty.sqlite3")
    with pytest.raises(ConfigError, match="run `bridge migrate`"):
        require_current(engine)
    engine.dispose()


def test_two_processes_may_migrate_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.sqlite3"
    failed: list[BaseException] = []

    def run() -> None:
        try:
            migrate(url)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    engine = open_engine(url)
    require_current(engine)
    engine.dispose()


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ConfigError, match="not one of sqlite, postgresql"):
        open_engine("mysql://somewhere/else")


def test_who_is_signed_in_stays_so_when_principals_get_kinds(tmp_path: Path) -> None:
    """Up and down again; whom the older release could not know goes."""
    url = f"sqlite:///{tmp_path}/older.sqlite3"
    upgrade_to("0004", url)
    at = "2026-03-04 15:06:07.000000"
    engine = open_engine(url)
    with engine.begin() as db:
        for table, last in (("sessions", "created_at"), ("login_links", "used_at")):
            row = f"INSERT INTO {table} (digest, employee, expires_at, {last})"
            db.execute(text(f"{row} VALUES ('d', 'ana@acme.example', '{at}', '{at}')"))
    upgrade_to("0005", url)
    for table in ("sessions", "login_links"):
        with engine.begin() as db:
            found = db.execute(text(f"SELECT principal FROM {table}")).scalars().all()
        assert found == ["employee:ana@acme.example"]
    with engine.begin() as db:
        db.execute(text("UPDATE login_links SET principal = 'partner:petra@north.example'"))
    downgrade_to("0004", url)
    with engine.begin() as db:
        assert db.execute(text("SELECT employee FROM sessions")).scalars().all() == [
            "ana@acme.example"
        ]
        assert db.execute(text("SELECT employee FROM login_links")).scalars().all() == []
    engine.dispose()
