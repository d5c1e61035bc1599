"""Hosts on one wire, each a network namespace: what runs there, and how one is cut off.

Needs root. A host's programs share this machine's files, but nothing of its network.
"""

import ctypes
import os
import pwd
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from wsgiref.types import WSGIApplication

from werkzeug.serving import ThreadedWSGIServer

from tests.lanes import BY_NAME

_CLONE_NEWNET = 0x40000000
_NAMES = Path("/run/netns")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Host:
    """`wire` is the end of its cable at the switch; the switch itself has none."""

    name: str
    address: str
    switch: str
    wire: str = ""

    def command(self, *words: str, user: str | None = None) -> tuple[str, ...]:
        """The command, as it runs on this host."""
        entry = pwd.getpwnam(user) if user is not None else None
        as_user = ("-S", str(entry.pw_uid), "-G", str(entry.pw_gid)) if entry is not None else ()
        return ("/usr/bin/nsenter", f"--net={_NAMES / self.name}", *as_user, "--", *words)

    def cut_off(self) -> None:
        """Pulls the cable: connections stand, nothing passes."""
        _ip("-n", self.switch, "link", "set", self.wire, "down")

    def connect(self) -> None:
        _ip("-n", self.switch, "link", "set", self.wire, "up")

    def inside(self, deed: Callable[[], T]) -> T:
        """What it gives, done by a thread of ours that is on this host; a socket made there stays
        there."""
        with ThreadPoolExecutor(1, initializer=_enter, initargs=(self.name,)) as thread:
            return thread.submit(deed).result()


@contextmanager
def hosts(network: str, count: int) -> Iterator[list[Host]]:
    """The first one holds the switch and has the address `network`.1, the others follow."""
    prefix = f"bridge-test-{os.getpid()}"
    switch = Host(f"{prefix}-0", f"{network}.1", f"{prefix}-0")
    others = [
        Host(f"{prefix}-{n}", f"{network}.{n + 1}", switch.name, f"wire{n}")
        for n in range(1, count)
    ]
    made = [switch, *others]
    try:
        for host in made:
            _ip("netns", "add", host.name)
            _ip("-n", host.name, "link", "set", "lo", "up")
        _ip("-n", switch.name, "link", "add", "switch", "type", "bridge")
        _give(switch, "switch")
        for host in others:
            _plug_in(host)
        yield made
    finally:
        for host in made:
            _ip("netns", "del", host.name, check=False)


def _plug_in(host: Host) -> None:
    end = ("peer", "name", "eth0", "netns", host.name)
    _ip("-n", host.switch, "link", "add", host.wire, "type", "veth", *end)
    _ip("-n", host.switch, "link", "set", host.wire, "master", "switch", "up")
    _give(host, "eth0")


def _give(host: Host, device: str) -> None:
    _ip("-n", host.name, "addr", "add", f"{host.address}/24", "dev", device)
    _ip("-n", host.name, "link", "set", device, "up")


def _ip(*words: str, check: bool = True) -> None:
    program = BY_NAME["netns"].program()
    assert program is not None  # tests without it never get here
    subprocess.run([str(program), *words], check=check, capture_output=not check)


def _enter(name: str) -> None:
    """Moves this thread, and no other."""
    with (_NAMES / name).open() as place:
        if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"no way into {name}")


@contextmanager
def serving(host: Host, app: WSGIApplication) -> Iterator[str]:
    """The application on that host, its base URL as the others see it."""
    server = host.inside(lambda: ThreadedWSGIServer(host.address, 0, app))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://{host.address}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True, slots=True)
class Postgres:
    """`url` is for the hosts on the wire, `here` for us, by the socket."""

    url: str
    here: str


@contextmanager
def postgres_on(host: Host, folder: Path, network: str) -> Iterator[Postgres]:
    """A fresh server that listens on that host's address alone."""
    initdb = BY_NAME["postgres"].program()
    assert initdb is not None
    home = folder / "pg"
    home.mkdir()
    os.chown(home, *pwd.getpwnam("postgres")[2:4])
    data = home / "data"
    create = (str(initdb), "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync")
    subprocess.run(create, user="postgres", check=True, capture_output=True, cwd=home)
    with (data / "pg_hba.conf").open("a") as allowed:
        allowed.write(f"host all all {network}.0/24 trust\n")
    settings = {"listen_addresses": host.address, "port": "5432", "fsync": "off"}
    words = [f"--{name}={value}" for name, value in settings.items()]
    program = str(initdb.resolve().parent / "postgres")
    command = host.command(program, "-D", str(data), "-k", str(home), *words, user="postgres")
    with running(command, home / "server.log", dict(os.environ)):
        yield Postgres(
            url=f"postgresql://postgres@{host.address}:5432/postgres",
            here=f"postgresql://postgres@/postgres?host={home}",
        )


@contextmanager
def redis_on(host: Host, folder: Path, password: str) -> Iterator[str]:
    """A fresh server that keeps nothing; gives its URL."""
    program = BY_NAME["redis"].program()
    assert program is not None
    where = ("--bind", host.address, "--port", "6379", "--dir", str(folder))
    what = ("--requirepass", password, "--save", "", "--appendonly", "no")
    command = host.command(str(program), *where, *what)
    with running(command, folder / "redis.log", dict(os.environ)):
        yield f"redis://:{password}@{host.address}:6379"


@contextmanager
def running(
    command: Sequence[str], log: Path, environ: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    """Ended by its pid, by force when it does not end by itself."""
    with log.open("ab") as said:
        process = subprocess.Popen(
            command, stdout=said, stderr=said, env=dict(environ), start_new_session=True
        )
    try:
        yield process
    finally:
        process.terminate()
        end = time.monotonic() + 10.0
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        process.kill()
        process.wait()


def bridge(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "bridge.cli", *arguments)
