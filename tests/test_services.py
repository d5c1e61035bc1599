"""The ground that the other tests stand on."""

import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from pytest_socket import SocketConnectBlockedError
from sqlalchemy import Engine, inspect, make_url, text

from bridge.store.schema import METADATA
from tests.lanes import BY_NAME, REQUIRE, Lane
from tests.services import (
    Postgres,
    Redis,
    ServiceFailed,
    postgres_running,
    redis_running,
)
from tests.tools import advice, install

NOWHERE = Lane(
    name="nowhere",
    programs=("surely-no-such-program",),
    places=(),
    debian_package="none",
    fixtures=frozenset(),
)


def test_a_fresh_database_has_every_table(engine: Engine) -> None:
    assert set(METADATA.tables) <= set(inspect(engine).get_table_names())


@pytest.mark.parametrize("attempt", [1, 2])
def test_what_one_test_writes_the_next_one_does_not_see(engine: Engine, attempt: int) -> None:
    assert "left_behind" not in inspect(engine).get_table_names(), attempt
    with engine.begin() as db:
        db.execute(text("CREATE TABLE left_behind (id INTEGER)"))


@pytest.mark.parametrize("attempt", [1, 2])
def test_redis_is_empty(redis_url: str, attempt: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0, attempt
        client.set("left", "behind")


def test_postgres_listens_on_its_socket_only(postgres_server: Postgres) -> None:
    assert [c.status for c in psutil.Process(postgres_server.pid).net_connections("inet")] == []


def test_postgres_tells_the_time_in_a_zone_that_is_not_utc(postgres_url: str) -> None:
    name = make_url(postgres_url).database
    assert name is not None
    with psycopg.connect(postgres_url) as connection:
        shown = connection.execute("SELECT current_setting('timezone')").fetchone()
    assert shown == ("Asia/Kathmandu",)


@pytest.mark.postgres
def test_postgres_ends_also_when_the_tests_inside_break() -> None:
    running = postgres_running(_program("postgres"))
    server = running.__enter__()
    assert psutil.pid_exists(server.pid)
    assert not running.__exit__(ValueError, ValueError(), None)
    assert not psutil.pid_exists(server.pid)
    assert not server.directory.exists()


@pytest.mark.redis
def test_redis_ends_also_when_the_tests_inside_break() -> None:
    running = redis_running(_program("redis"))
    server = running.__enter__()
    assert psutil.pid_exists(server.pid)
    assert not running.__exit__(ValueError, ValueError(), None)
    assert not psutil.pid_exists(server.pid)
    assert not server.socket.parent.exists()


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\necho no memory left\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(ServiceFailed, match="no memory left"), redis_running(broken):
        pass


def test_sockets_are_closed_except_loopback() -> None:
    with pytest.warns(UserWarning, match="192.0.2.1"), pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_unix_sockets_are_open(redis_server: Redis) -> None:
    assert redis_server.ready()


def test_the_machine_is_not_on_utc() -> None:
    summer = datetime(2026, 7, 1, tzinfo=UTC).timestamp()
    assert time.localtime(summer).tm_gmtoff == 5 * 3600 + 45 * 60


def test_the_newest_version_is_taken(tmp_path: Path) -> None:
    for version in ("9.6", "15", "17"):
        program = tmp_path / version / "bin" / "surely-no-such-program"
        program.parent.mkdir(parents=True)
        program.touch(mode=0o755)
    lane = _lane(places=(f"{tmp_path}/*/bin/surely-no-such-program",))
    assert lane.program() == tmp_path / "17" / "bin" / "surely-no-such-program"


def test_a_program_on_the_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "surely-no-such-program").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert _lane(places=("/bin/sh",)).program() == tmp_path / "surely-no-such-program"


@pytest.mark.parametrize(
    ("asked", "required"),
    [("", False), ("all", True), ("nowhere", True), ("redis, nowhere", True), ("redis", False)],
)
def test_a_lane_can_be_required(
    asked: str, required: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(REQUIRE, asked)
    assert NOWHERE.required() is required
    assert ("is required here" in advice(NOWHERE)) is required


def test_missing_packages_are_installed_one_by_one() -> None:
    commands: list[str] = []
    install([NOWHERE, BY_NAME["redis"]], lambda command: commands.append(" ".join(command)))
    assert commands == [
        "apt-get update -qq",
        "apt-get install -y -qq --no-install-recommends none",
        "apt-get install -y -qq --no-install-recommends redis-server",
    ]


def _lane(places: tuple[str, ...]) -> Lane:
    return Lane(
        name="nowhere",
        programs=NOWHERE.programs,
        places=places,
        debian_package="none",
        fixtures=frozenset(),
    )


def _program(lane: str) -> Path:
    found = BY_NAME[lane].program()
    assert found is not None
    return found
