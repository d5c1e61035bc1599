"""Where a benchmark runs: a configuration, a fresh store, processes of its own that end with it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge.cli import tied
from tests.lanes import BY_NAME
from tests.services import DURABLE_POSTGRES, postgres_running
from tests.tools import advice

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 15.0
SECRETS = {
    "HUBSPOT_TOKEN": "bench-token-of-hubspot",
    "HUBSPOT_CLIENT_SECRET": "bench-secret-of-hubspot",
    "WAZZUP_API_KEY": "bench-key-of-wazzup",
    "WAZZUP_WEBHOOK_KEY": "bench-hook-of-wazzup",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """`pid` is the server's, where there is one."""

    url: str
    pid: int | None = None


@contextmanager
def store(kind: str, folder: Path) -> Iterator[Store]:
    """A fresh, empty store that keeps what it has committed, as in production."""
    if kind == "sqlite":
        yield Store(url=f"sqlite:///{folder}/bridge.sqlite")
        return
    with postgres_running(program_of("postgres"), DURABLE_POSTGRES) as server:
        yield Store(url=server.create("bench"), pid=server.pid)


def program_of(lane: str) -> Path:
    """Raises SystemExit saying how to get the program, where the machine has none."""
    program = BY_NAME[lane].program()
    if program is None:
        raise SystemExit(advice(BY_NAME[lane]))
    return program


def environ_of(folder: Path, database_url: str, **more: str) -> dict[str, str]:
    """The environment of every process of one run; nothing of the caller's own bridge is in it."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    return {
        **others,
        **SECRETS,
        "BRIDGE_CONFIG": str(ROOT / "config"),
        "BRIDGE_STATE": str(folder),
        "BRIDGE_DATABASE_URL": database_url,
        "BRIDGE_SECRET_KEY": "bench" * 8,
        "BRIDGE_PUBLIC_URL": "https://bridge.example",
        **more,
    }


@contextmanager
def process(
    environ: Mapping[str, str], folder: Path, *arguments: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """A Python process of ours, its log in the folder; it ends with this block, and with us."""
    log = folder / f"{'-'.join(arguments[:3]).replace('/', '_')}-{time.monotonic_ns()}.log"
    with log.open("wb") as lines:
        child = subprocess.Popen(
            tied.command([sys.executable, "-m", *arguments]),
            cwd=ROOT,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=lines,
            start_new_session=True,
        )
    try:
        yield child
    finally:
        crashed = child.poll() not in (None, 0)
        end(child)
        if crashed or is_troubled(log):
            said = log.read_text(errors="replace")[-2000:]
            raise SystemExit(f"{' '.join(arguments)} said:\n{said}")


def is_troubled(log: Path) -> bool:
    """Whether a process logged an error: then its figures mean nothing."""
    text = log.read_text(errors="replace")
    return any(word in text for word in ("Traceback", '"level": "error"', '"level": "critical"'))


def end(child: "subprocess.Popen[bytes]") -> None:
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def wait_until(
    is_there: Callable[[], bool], what: str, child: "subprocess.Popen[bytes] | None" = None
) -> None:
    """Raises SystemExit when it does not come within a minute, or when its process has ended."""
    deadline = time.monotonic() + START_SECONDS
    while not is_there():
        if child is not None and child.poll() is not None:
            raise SystemExit(f"{what} ended with {child.returncode} before it was ready")
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} did not come within {START_SECONDS:.0f} s")
        time.sleep(0.02)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
