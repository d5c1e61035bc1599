"""Live streams over the wire: from other processes' rows to an open page, which holds no thread."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from bridge.store.keys import Scope
from tests.forked import process_of
from tests.ports import free_port
from tests.web.stream_process import THREADS
from tests.web.test_front import wait_until_open
from tests.web.world import ANA, World
from tests.wire import HOST

MARTA = "+34600111222"
PATIENCE = 120.0


class Line:
    """One connection that reads a stream."""

    def __init__(self, port: int, key: str, after: str = "") -> None:
        self.socket = socket.create_connection((HOST, port), timeout=PATIENCE)
        head = (
            f"GET /api/v1/notifications/stream HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {key}"
        )
        more = f"\r\nLast-Event-ID: {after}" if after else ""
        self.socket.sendall(f"{head}{more}\r\n\r\n".encode())
        self.text = ""

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def until(self, words: str, count: int = 1) -> str:
        """Reads until they have come so often."""
        while self.text.count(words) < count:
            piece = self.socket.recv(65536)
            assert piece, f"it ended without {words}: {self.text}"
            self.text += piece.decode()
        return self.text

    def rest(self) -> str:
        while piece := self.socket.recv(65536):
            self.text += piece.decode()
        return self.text


@contextmanager
def serving(url: str, *more: str, port: int = 0) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    port = port or free_port()
    command = (sys.executable, "-m", "tests.web.stream_process", str(port), url, *more)
    heard = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = process_of(command, os.environ, **heard)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        wait_until_open(port)
        yield port, process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def house(engine: Engine) -> World:
    """On both stores; what happens here happens in another process than the front's."""
    world = World(engine)
    world.now = datetime.now(UTC)
    world.client("Marta", MARTA, ANA)
    return world


def url_of(house: World) -> str:
    return house.engine.url.render_as_string(hide_password=False)


def test_it_comes_over_the_wire_and_goes_on_after_a_break(house: World) -> None:
    """While more pages are open than there are threads, which answer all the same."""
    key = house.key(f"employee:{ANA}", Scope.READ)
    with serving(url_of(house)) as (port, process), ExitStack() as opened:
        lines = [opened.enter_context(Line(port, key)) for _ in range(THREADS + 2)]
        for line in lines:
            line.until("event: counters")
        house.later(seconds=1)
        house.writes(MARTA, "private words")
        for line in lines:
            assert "private" not in line.until("event: notification")
            assert "text/event-stream" in line.text
        first = lines[0].text.split("\nid: ")[-1].split("\n")[0]
        lines[0].socket.close()
        house.writes(MARTA, "more")
        again = opened.enter_context(Line(port, key, after=first))
        assert "event: notification" in again.until("event: counters")
        assert again.text.count("event: notification") == 1
        process.send_signal(signal.SIGTERM)
        assert lines[1].rest().count("event: notification") == 2
        assert process.wait(PATIENCE) == 0


def test_who_hangs_up_makes_room(house: World) -> None:
    """More than anybody may hold open, one after the other."""
    key = house.key(f"employee:{ANA}", Scope.READ, lifetime=timedelta(days=1))
    with serving(url_of(house)) as (port, _):
        for _ in range(12):
            with Line(port, key) as hung_up:
                assert b"200" in hung_up.socket.recv(100)
        end = time.monotonic() + PATIENCE
        answer = ""
        while "200" not in answer[:20]:
            assert time.monotonic() < end, answer
            with Line(port, key) as line:
                answer = line.socket.recv(4000).decode()
