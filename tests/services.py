"""PostgreSQL and Redis for one test run: own directory, own socket, ended by pid."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis
from psycopg import sql
from redis.backoff import NoBackoff
from redis.retry import Retry

START_SECONDS = 300.0
STOP_SECONDS = 10.0
BUSY_SECONDS = 60.0  # that a test waits for a lock: a busy machine is not a failure

# Nothing here outlives the run, so nothing need reach the disk. The zone is not UTC, as for the
# tests themselves, so that a naive time shows.
_POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "Asia/Kathmandu",
}
# For measuring: a commit is on the disk before it is answered, as in production.
DURABLE_POSTGRES = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "timezone": "Asia/Kathmandu",
}


class ServiceFailed(Exception):
    """A server ended, or did not answer in time; holds the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A server reached through a socket in `directory`, as the user postgres."""

    directory: Path
    pid: int

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.directory}"

    def create(self, database: str, template: str = "template1") -> str:
        """A copy of `template`, to which nobody may be connected; gives its URL."""
        self._run(
            # Twice as fast as the default, for a small template and no sync.
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(database), sql.Identifier(template)
            )
        )
        return self.url(database)

    def drop(self, database: str) -> None:
        """Whoever is still connected is thrown out."""
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))

    def ready(self) -> bool:
        try:
            self._run(sql.SQL("SELECT 1"))
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, statement: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresCluster:
    """How to start a server whose data and socket lie in `directory`, and as which user."""

    directory: Path
    command: tuple[str, ...]
    user: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redis:
    """A server reached through a socket."""

    socket: Path
    pid: int

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def flush(self) -> None:
        with self._client() as client:
            client.flushall()

    def ready(self) -> bool:
        try:
            with self._client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket), retry=Retry(NoBackoff(), 0))


@contextmanager
def postgres_running(
    initdb: Path, settings: Mapping[str, str] = _POSTGRES_SETTINGS
) -> Iterator[Postgres]:
    """A fresh server of the installation that `initdb` lies in."""
    with _directory("bridge-pg-", unprivileged()) as directory:
        cluster = new_cluster(initdb, directory, settings)
        with _running(cluster.command, directory, cluster.user, signal.SIGINT) as process:
            server = Postgres(directory=directory, pid=process.pid)
            _wait_until(server.ready, process, directory)
            yield server


def new_cluster(
    initdb: Path, directory: Path, settings: Mapping[str, str] = DURABLE_POSTGRES
) -> PostgresCluster:
    """Makes an empty one; where this is root the directory has to be the other user's."""
    user, data = unprivileged(), directory / "data"
    create = [str(initdb), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    _once([*create, "--locale=C.UTF-8", "--no-sync"], directory, user)
    options = [f"--{name}={value}" for name, value in settings.items()]
    program = str(initdb.resolve().parent / "postgres")
    command = (program, "-D", str(data), "-k", str(directory), *options)
    return PostgresCluster(directory=directory, command=command, user=user)


@contextmanager
def redis_running(program: Path) -> Iterator[Redis]:
    """A fresh server that keeps nothing."""
    with _directory("bridge-redis-", None) as directory:
        socket = directory / "redis.sock"
        command = [str(program), "--port", "0", "--unixsocket", str(socket), "--save", ""]
        with _running(
            [*command, "--appendonly", "no", "--dir", str(directory)],
            directory,
            None,
            signal.SIGTERM,
        ) as process:
            server = Redis(socket=socket, pid=process.pid)
            _wait_until(server.ready, process, directory)
            yield server


def unprivileged() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@contextmanager
def _directory(prefix: str, user: str | None) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix=prefix))
    if user is not None:
        shutil.chown(path, user)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _once(command: Sequence[str], directory: Path, user: str | None) -> None:
    with _log(directory).open("ab") as log:
        ended = subprocess.run(
            command, stdout=log, stderr=log, cwd=directory, user=user, check=False
        )
    if ended.returncode != 0:
        raise ServiceFailed(f"{command[0]} failed: {_end_of_log(directory)}")


@contextmanager
def _running(
    command: Sequence[str], directory: Path, user: str | None, stop: signal.Signals
) -> Iterator[subprocess.Popen[bytes]]:
    with _log(directory).open("ab") as log:
        # A session of its own: Ctrl-C in the terminal ends the tests, and they end the server.
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=directory, user=user, start_new_session=True
        )
    try:
        yield process
    finally:
        _end(process, stop)


def _end(process: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    process.send_signal(stop)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], directory: Path
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServiceFailed(f"{process.args!r} did not start: {_end_of_log(directory)}")
        time.sleep(0.02)


def _log(directory: Path) -> Path:
    return directory / "server.log"


def _end_of_log(directory: Path) -> str:
    return _log(directory).read_text(errors="replace")[-2000:]
