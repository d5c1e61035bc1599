"""How transactions are written: durably, or in a way that a power cut may undo."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from bridge.store.engine import fleeting, open_engine, reading, writing
from bridge.store.lanes import acquire

SYNC = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}
DOES_NOT = {"sqlite": 1, "postgresql": "off"}


def setting(db: Connection) -> object:
    return db.scalar(text(SYNC[db.dialect.name]))


def fail_after_acquiring(engine: Engine) -> None:
    with fleeting(engine) as db:
        assert acquire(db, "in:a", "one", 15)
        raise ZeroDivisionError


def test_only_what_may_be_lost_does_not_wait_for_the_disk(engine: Engine) -> None:
    with writing(engine) as db:
        before = setting(db)
    with fleeting(engine) as db:
        assert setting(db) == DOES_NOT[engine.dialect.name]
    with writing(engine) as db:
        assert setting(db) == before


def test_the_next_transaction_waits_again_also_after_a_failure(engine: Engine) -> None:
    with writing(engine) as db:
        before = setting(db)
    with pytest.raises(ZeroDivisionError):
        fail_after_acquiring(engine)
    with writing(engine) as db:
        assert setting(db) == before
        assert acquire(db, "in:a", "two", 15)


def test_what_was_written_fleetingly_is_seen_at_once(engine: Engine) -> None:
    with fleeting(engine) as db:
        assert acquire(db, "in:a", "one", 15)
    with reading(engine) as db:
        assert db.scalar(text("SELECT lease_token FROM lanes")) == "one"


def test_it_takes_the_write_lock_at_once(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "bridge.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    engine = open_engine(f"sqlite:///{path}")
    with fleeting(engine), sqlite3.connect(path, timeout=0) as other:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.close()
    engine.dispose()
