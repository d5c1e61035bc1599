"""Real processes of the console script, in a folder of their own, ended by their pids."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psutil

from tests.forked import process_of, run
from tests.ports import free_port

KEY = "webhook-key-of-the-test"
ENDS_SECONDS = 30.0  # ten are promised, on a machine that has nothing else to do
PATIENCE_SECONDS = 300.0  # for what has to come, however busy the machine is
CONFIG = """
accounts:
  wazzup-main:
    connector: wazzup
    secrets: {api_key: TEST_API_KEY, webhook_key: TEST_WEBHOOK_KEY}
channels:
  wa: {account: wazzup-main, messenger: whatsapp, id: ch1, label: Sales}
employees:
  luis@acme.example: {role: manager}
"""
MESSAGE = {
    "messageId": "m1",
    "channelId": "ch1",
    "chatType": "whatsapp",
    "chatId": "34612000301",
    "dateTime": "2026-03-04T05:06:07.000Z",
    "type": "text",
    "status": "inbound",
    "isEcho": False,
    "text": "hello",
    "contact": {"name": "Ada"},
}


@dataclass(slots=True)
class House:
    """A folder with configuration and state, and the variables that lead there."""

    folder: Path
    extra: dict[str, str] = field(default_factory=dict)
    port: int = 0
    program: str = "bridge.cli"

    @property
    def config(self) -> Path:
        return self.folder / "config" / "all.yaml"

    @property
    def state(self) -> Path:
        return self.folder / "var"

    def environ(self) -> Mapping[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("BRIDGE_")}
        return {
            **inherited,
            "PYTHONUNBUFFERED": "1",
            "BRIDGE_CONFIG": str(self.config.parent),
            "BRIDGE_STATE": str(self.state),
            "BRIDGE_SECRET_KEY": "k" * 32,
            "BRIDGE_BASE_URL_WAZZUP_MAIN": "http://127.0.0.1:1",
            "TEST_API_KEY": "api",
            "TEST_WEBHOOK_KEY": KEY,
            **self.extra,
        }

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = (sys.executable, "-m", "bridge.cli", *arguments)
        return run(command, self.environ(), PATIENCE_SECONDS)

    @contextlib.contextmanager
    def started(self, *arguments: str) -> "Iterator[subprocess.Popen[bytes]]":
        """Killed with all its children at the end, if it has not ended before."""
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            command = (sys.executable, "-m", self.program, *arguments)
            process = process_of(command, self.environ(), stdout=log, stderr=log)
        try:
            yield process
        finally:
            kill_tree(process.pid)
            process.wait()

    @contextlib.contextmanager
    def web(self) -> "Iterator[subprocess.Popen[bytes]]":
        with self.started("web", "--port", str(self.port)) as process:
            assert eventually(self.alive), self.log("web")
            yield process

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def alive(self) -> bool:
        return self.get("/healthz")[0] == 200

    def get(self, path: str) -> tuple[int, bytes]:
        return self._ask("GET", path)

    def post(self, message_id: str) -> int:
        """The status of a message's webhook; 0 without an answer."""
        body = json.dumps({"messages": [{**MESSAGE, "messageId": message_id}]}).encode()
        return self._ask("POST", "/hooks/wazzup-main", body)[0]

    def _ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {KEY}"}
        with contextlib.closing(connection):
            try:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (OSError, HTTPException):
                return 0, b""

    def query(self, statement: str) -> list[Any]:
        database = sqlite3.connect(self.state / "bridge.sqlite", timeout=60)
        with contextlib.closing(database):
            return database.execute(statement).fetchall()

    def states(self) -> list[str]:
        return [state for (state,) in self.query("SELECT state FROM inbox ORDER BY id")]


def make_house(folder: Path, **extra: str) -> House:
    house = House(folder, dict(extra))
    house.config.parent.mkdir(parents=True)
    house.config.write_text(CONFIG)
    house.port = free_port()
    return house


def eventually(holds: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False


def children(pid: int) -> dict[str, psutil.Process]:
    """The processes that `bridge up` started, by what they run."""
    found = {}
    for child in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            line = child.cmdline()
            found[f"{_job(line)} {child.pid}"] = child
    return found


def _job(line: list[str]) -> str:
    if "bridge.cli" in line:
        return line[line.index("bridge.cli") + 1]
    if line and "redis-server" in line[0]:
        return "redis-server"
    return line[0] if line else ""


def kill_tree(pid: int) -> None:
    """Without a warning. Returns when none of them is left, so that nobody holds a port or a lock
    any more."""
    tree = _stopped_tree(pid)
    for process in tree:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    assert eventually(lambda: all_gone(tree)), "killed processes live on"


def _stopped_tree(pid: int) -> list[psutil.Process]:
    """Stopped, for who goes on may start another one meanwhile."""
    tree: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        new = [psutil.Process(pid)]
        while new:
            for process in new:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.suspend()
            tree += new
            new = [one for one in tree[0].children(recursive=True) if one not in tree]
    return tree


def all_gone(processes: Sequence[psutil.Process]) -> bool:
    """Ended, though perhaps nobody has asked yet how."""
    return all(_is_gone(process) for process in processes)


def _is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
