"""Who wants SQLite's write lock gets it as soon as it is free, and waits no longer than he said."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError

from bridge.domain.names import AccountName
from bridge.store.engine import fleeting, open_engine, reading, writing
from bridge.store.inbox import NewRow, append_durably
from bridge.store.schema import INBOX

ROW = NewRow(
    lane="in:acc",
    account=AccountName("acc"),
    received_at=datetime(2026, 1, 1, tzinfo=UTC),
    method="POST",
    url="u",
    headers=b"{}",
    body=b"b",
)


@contextmanager
def held(url: str, seconds: float | None = None) -> Iterator[None]:
    """Somebody else writes for so long, or as long as it lasts."""
    other, begun, over = open_engine(url), threading.Event(), threading.Event()

    def hold() -> None:
        with writing(other):
            begun.set()
            over.wait(seconds)

    thread = threading.Thread(target=hold)
    thread.start()
    assert begun.wait(60)
    try:
        yield
    finally:
        if seconds is None:
            over.set()
        thread.join()
        other.dispose()


def stored(engine: Engine) -> int:
    with reading(engine) as db:
        return db.execute(select(func.count()).select_from(INBOX)).scalar_one()


@pytest.mark.parametrize("only_when_free", [False, True])
def test_what_is_locked_is_waited_for(sqlite_url: str, only_when_free: bool) -> None:
    engine = open_engine(sqlite_url, busy_seconds=30, only_when_free=only_when_free)
    with held(sqlite_url, 0.2):
        append_durably(engine, [ROW])
    with held(sqlite_url, 0.2), writing(engine):
        pass
    with held(sqlite_url, 0.2), fleeting(engine):
        pass
    assert stored(engine) == 1
    engine.dispose()


@pytest.mark.parametrize("only_when_free", [False, True])
def test_nobody_waits_for_ever(sqlite_url: str, only_when_free: bool) -> None:
    """R5: and afterwards the same connection works."""
    engine = open_engine(sqlite_url, busy_seconds=0.1, only_when_free=only_when_free)
    with held(sqlite_url):
        for enter in (writing, fleeting):
            with pytest.raises(OperationalError, match="locked"), enter(engine):
                pass
        with pytest.raises(OperationalError, match="locked"):
            append_durably(engine, [ROW])
    append_durably(engine, [ROW])
    assert stored(engine) == 1
    engine.dispose()


def test_many_open_a_new_file_at_once(tmp_path: Path) -> None:
    """Its change to WAL is one that SQLite itself does not wait for."""
    url = f"sqlite:///{tmp_path}/new.sqlite3"
    failed: list[BaseException] = []

    def run() -> None:
        engine = open_engine(url)
        try:
            with writing(engine):
                pass
        except BaseException as error:
            failed.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
