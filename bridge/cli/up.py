"""`bridge up`: everything in one terminal, on embedded parts where none are named."""

import fcntl
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bridge import logs
from bridge.cli.answers import Command
from bridge.cli.processes import LOOPBACK, free_port
from bridge.cli.supervisor import Supervisor
from bridge.domain.errors import ConfigError
from bridge.settings import DEFAULT_PORT, Settings, environment
from bridge.wiring import own_redis, prepare

WORKERS = 2
REDIS_SECONDS = 5.0
_BRIDGE = (sys.executable, "-m", "bridge.cli")


@click.command(cls=Command)
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="Port for web.")
@click.option("--workers", default=WORKERS, show_default=True, help="Worker processes, with Redis.")
def up(port: int, workers: int) -> None:
    """Start everything: web, workers, clock, and a Redis of its own."""
    logs.set_up("up")
    environ = dict(environment())
    port = free_port(LOOPBACK, port)
    environ.setdefault("BRIDGE_PUBLIC_URL", f"http://{LOOPBACK}:{port}")
    with state_of_its_own(environ) as settings:
        run(settings, environ, port, workers)


def run(settings: Settings, environ: dict[str, str], port: int, workers: int) -> None:
    """Everything, until SIGTERM or Ctrl-C."""
    prepare(settings, environ)
    stopping = stop_signal()
    supervisor = Supervisor(show)
    try:
        _start_redis(supervisor, settings, environ, stopping)
        _start_processes(supervisor, environ, port, workers)
        supervisor.run(stopping)
    finally:
        supervisor.stop()


@contextmanager
def state_of_its_own(environ: dict[str, str]) -> Iterator[Settings]:
    """Settings with a folder for the state that no other `bridge up` uses, and a secret key."""
    state = Settings.of(environ).state
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (state / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(
                f"another `bridge up` runs on {state}: stop it, or set BRIDGE_STATE to another "
                "folder"
            ) from error
        environ.setdefault("BRIDGE_SECRET_KEY", secret_key(state))
        yield Settings.of(environ)


def secret_key(state: Path) -> str:
    """The key kept under the state's folder; made at the first start, readable by its owner."""
    path = state / "secret_key"
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(opened, "w") as file:
        key = secrets.token_hex(32)
        file.write(key)
        return key


def stop_signal() -> threading.Event:
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, lambda signum, frame: stopping.set())
    return stopping


def show(name: str, line: str) -> None:
    click.echo(f"{name:<8} | {line}", err=True)


def _start_redis(
    supervisor: Supervisor,
    settings: Settings,
    environ: dict[str, str],
    stopping: threading.Event,
) -> None:
    if settings.redis_url is not None:
        return
    server = own_redis(settings)
    if server is None:
        show("up", "no redis-server on this machine: one worker polls the tables instead")
        return
    supervisor.start("redis", server.command, environ, ends_last=True)
    if _answers_soon(server.answers, stopping):
        environ["BRIDGE_REDIS_URL"] = server.url
    else:
        show("up", "the embedded Redis does not answer: one worker polls the tables instead")


def _answers_soon(answers: Callable[[], bool], stopping: threading.Event) -> bool:
    end = time.monotonic() + REDIS_SECONDS
    while time.monotonic() < end and not stopping.is_set():
        if answers():
            return True
        stopping.wait(0.02)
    return False


def _start_processes(
    supervisor: Supervisor, environ: dict[str, str], port: int, workers: int
) -> None:
    supervisor.start("web", (*_BRIDGE, "web", "--port", str(port)), environ)
    # Polling, one process takes several lanes on threads and counts all budgets.
    count = workers if "BRIDGE_REDIS_URL" in environ else 1
    for number in range(1, count + 1):
        supervisor.start(f"worker {number}", (*_BRIDGE, "worker"), environ)
    supervisor.start("clock", (*_BRIDGE, "clock"), environ)
