"""The store locked or full: an honest 503, nothing half stored, and it recovers by itself (R5)."""

import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, func, select, text

from bridge.pipeline.process import MAX_ATTEMPTS
from bridge.store.engine import reading
from bridge.store.schema import INBOX
from tests.resilience.disk import SmallDisk
from tests.resilience.disk import small_disk as mounted
from tests.resilience.scene import PATIENCE_SECONDS, Answer, Scene, await_that, end_all, get, scene
from tests.services import Postgres

pytestmark = pytest.mark.redis

LOCK = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "LOCK TABLE inbox IN EXCLUSIVE MODE"}
PADDING = 60_000  # bytes: a disk that is nearly full still has room for small things
BEHIND = ("worker 1", "worker 2", "clock")


@pytest.fixture
def small_disk() -> Iterator[SmallDisk]:
    with mounted(megabytes=80) as disk:
        yield disk


@pytest.fixture
def sqlite_on_disk(small_disk: SmallDisk, sqlite_template: Path) -> str:
    path = small_disk.folder / "bridge.sqlite3"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_on_disk(
    small_disk: SmallDisk, postgres_server: Postgres, postgres_template: str
) -> Iterator[str]:
    """Its tables; its log and everybody else's data are elsewhere, so that the server lives."""
    owner = postgres_server.directory.stat()
    os.chown(small_disk.folder, owner.st_uid, owner.st_gid)
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as db:
        place = psycopg.sql.Literal(str(small_disk.folder))
        db.execute(psycopg.sql.SQL("CREATE TABLESPACE small LOCATION {}").format(place))
        template = psycopg.sql.Identifier(postgres_template)
        db.execute(
            psycopg.sql.SQL("CREATE DATABASE on_small TEMPLATE {} TABLESPACE small").format(
                template
            )
        )
        yield postgres_server.url("on_small")
        small_disk.free()
        postgres_server.drop("on_small")
        db.execute("DROP TABLESPACE small")


@contextmanager
def locked(engine: Engine) -> Iterator[None]:
    """Somebody else writes, and does not end."""
    with reading(engine) as db:
        db.execute(text(LOCK[engine.dialect.name]))
        yield
        db.rollback()


def stored(engine: Engine) -> int:
    with reading(engine) as db:
        return db.scalar(select(func.count()).select_from(INBOX)) or 0


def all_send(place: Scene) -> list[Answer]:
    with ThreadPoolExecutor(len(place.chats)) as threads:
        return list(threads.map(place.send, place.chats))


def assert_asked_to_send_again(answers: list[Answer]) -> None:
    assert {answer.status for answer in answers} == {503}
    assert all(int(answer.retry_after or 0) >= 1 for answer in answers)


def ready(place: Scene) -> tuple[int, str]:
    status, told = get(place.home.port, "/readyz")
    return status, json.loads(told)["store"]


def test_a_store_that_is_locked_refuses_all_and_recovers(database_url: str, tmp_path: Path) -> None:
    with scene(database_url, tmp_path) as place:
        place.write(place.chats, 2)
        with locked(place.engine):
            before = stored(place.engine)
            assert_asked_to_send_again(all_send(place))
            assert stored(place.engine) == before
            status, store = ready(place)
            assert (status, store != "ok") == (503, True)
        place.write(place.chats, 2)
        assert ready(place) == (200, "ok")
        place.rest()
        place.check()


def fill_up(place: Scene, disk: SmallDisk) -> None:
    """Also what the store had set aside for itself."""
    place.padding = PADDING

    def refused() -> bool:
        disk.fill()
        return all(answer.status == 503 for answer in all_send(place))

    await_that(refused, "a full disk still takes all")


def failures(place: Scene) -> int:
    return sum(place.process(name).log.read_text().count("drain failed") for name in BEHIND)


def survives_a_full_disk(place: Scene, disk: SmallDisk) -> None:
    """Rows wait when the disk gets full, and are tried more often than a row of their own fault
    would be."""
    place.write(place.chats, 2)
    end_all([place.process(name) for name in BEHIND], PATIENCE_SECONDS)
    place.write(place.chats, 2)
    fill_up(place, disk)
    for name in BEHIND:
        place.process(name).start()
    await_that(lambda: failures(place) > 2 * MAX_ATTEMPTS, "nobody tried")
    before = stored(place.engine)
    assert_asked_to_send_again(all_send(place))
    assert ready(place)[0] == 503
    assert stored(place.engine) == before
    disk.free()
    place.padding = 0
    place.write(place.chats, 2)
    assert ready(place) == (200, "ok")
    place.rest()
    place.check()


def test_a_full_disk_under_sqlite(
    small_disk: SmallDisk, sqlite_on_disk: str, tmp_path: Path
) -> None:
    with scene(sqlite_on_disk, tmp_path) as place:
        survives_a_full_disk(place, small_disk)
        assert place.entries() == len(place.ledger.taken) > 0


def test_a_full_disk_under_postgresql(
    small_disk: SmallDisk, postgres_on_disk: str, tmp_path: Path
) -> None:
    with scene(postgres_on_disk, tmp_path) as place:
        survives_a_full_disk(place, small_disk)
        assert place.entries() == len(place.ledger.taken) > 0
