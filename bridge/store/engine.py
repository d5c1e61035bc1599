"""Opens the store: SQLite (WAL, synchronous=FULL) or PostgreSQL, with the same transactions."""

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from bridge.domain.errors import ConfigError

BUSY_SECONDS = 5.0
_BUSY = "busy_seconds"
_ASKED_EVERY_SECONDS = 0.001
_TROUBLE = (OperationalError, InterfaceError, InternalError, PoolTimeout)
_ROW_TOO_LARGE = "54"  # a class of https://www.postgresql.org/docs/current/errcodes-appendix.html
_BEGIN = text("BEGIN IMMEDIATE")
_BEGIN_FLEETING = text("SET LOCAL synchronous_commit TO OFF")
_PRAGMAS = (
    *("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"),
    # Pages. To copy them back waits for the disk twice, and a backlog changes the same ones again.
    "wal_autocheckpoint=10000",
    "temp_store=MEMORY",
    "secure_delete=ON",  # what was erased leaves no trace in free pages
)


# A server that was cut off says nothing: without these a statement waits for it by the hour.
_NOTICED_WHEN_CUT_OFF = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}


# What a page asks for is in memory or on an SSD: by its defaults, which are of turning disks and of
# long reports, PostgreSQL would read whole tables for it, with processes started on purpose.
_SHORT_STATEMENTS = "-c random_page_cost=1.1 -c jit=off -c max_parallel_workers_per_gather=0"


def open_engine(
    url: str,
    *,
    pool_size: int = 8,
    busy_seconds: float = BUSY_SECONDS,
    only_when_free: bool = False,
) -> Engine:
    """An engine for `sqlite:///…` or `postgresql…`; ConfigError for anything else.

    With `only_when_free` the driver itself does not wait for SQLite's write lock, and PostgreSQL is
    not asked whether it is still there: for who goes through `when_free` and tries again. Nothing
    is connected yet, so it may be made before a fork but must be used after it.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url, pool_size, busy_seconds, only_when_free)
    if parsed.get_backend_name() == "postgresql":
        return _postgres(url, pool_size, busy_seconds, asks_first=not only_when_free)
    raise ConfigError(
        f"BRIDGE_DATABASE_URL: {parsed.get_backend_name()} is not one of sqlite, postgresql"
    )


def is_trouble(error: SQLAlchemyError) -> bool:
    """Whether the store is locked, full or gone, as against a row that it can't hold."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return isinstance(error, _TROUBLE) and not state.startswith(_ROW_TOO_LARGE)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: on SQLite it takes the write lock at once, so that what it reads
    can't change before it commits."""
    with engine.begin() as db:
        if db.dialect.name == "sqlite":
            _begin(db)
        yield db


def when_free(db: Connection, take: Callable[[], object]) -> None:
    """Does what takes SQLite's write lock as soon as it is free; OperationalError in the end."""
    _asking(float(db.info.get(_BUSY, 0.0)), take)


def _asking(seconds: float, take: Callable[[], object]) -> None:
    """Asks every millisecond. SQLite's own waiting asks ever more seldom, in the end ten times a
    second: between two who take turns at the lock a third one waits for seconds, and each of the
    two sleeps through his turn; and a new file's change to WAL it does not wait for at all."""
    end = time.monotonic() + seconds
    while True:
        try:
            take()
        except (sqlite3.OperationalError, OperationalError) as error:
            if not _is_busy(error) or time.monotonic() >= end:
                raise
            time.sleep(_ASKED_EVERY_SECONDS)
        else:
            return


def _begin(db: Connection) -> None:
    """On the driver's cursor: SQLAlchemy's errors cost more than the asking."""
    cursor = db.connection.cursor()
    _set(db, "busy_timeout=0")
    try:
        with suppress(sqlite3.OperationalError):
            when_free(db, lambda: cursor.execute("BEGIN IMMEDIATE"))
            return
        db.execute(_BEGIN)  # fails again, as SQLAlchemy tells it
    finally:
        cursor.close()
        _set(db, f"busy_timeout={int(db.info[_BUSY] * 1000)}")


def _is_busy(error: BaseException) -> bool:
    driver = getattr(error, "orig", error)
    return getattr(driver, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


@contextmanager
def fleeting(engine: Engine) -> Iterator[Connection]:
    """Like `writing`, for what a power cut may undo, and that does not wait for the disk: leases,
    which nobody holds after one. Whatever is committed durably later makes it durable as well."""
    with engine.connect() as db, _not_synced(db), db.begin():
        if db.dialect.name == "sqlite":
            _begin(db)
        else:
            db.execute(_BEGIN_FLEETING)
        yield db


@contextmanager
def _not_synced(db: Connection) -> Iterator[None]:
    """SQLite has a setting of the connection for it, which holds outside transactions only."""
    if db.dialect.name != "sqlite":
        yield
        return
    _set(db, "synchronous=NORMAL")
    try:
        yield
    finally:
        _set(db, "synchronous=FULL")


def _set(db: Connection, pragma: str) -> None:
    cursor = db.connection.cursor()
    cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def self_committing(engine: Engine) -> Engine:
    """The same store, where each statement is a transaction of its own."""
    if engine.dialect.name == "sqlite":
        return engine  # its driver is told to begin nothing by itself
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def bytes_free(engine: Engine) -> int | None:
    """How much more fits onto the disk of an embedded store; None where it is another machine's."""
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path:
        return None
    try:
        return shutil.disk_usage(Path(path).parent).free
    except OSError:
        return None


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as db:
        yield db


def _sqlite(url: str, pool_size: int, busy_seconds: float, only_when_free: bool) -> Engine:
    if path := make_url(url).database:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=pool_size,
        hide_parameters=True,  # errors reach logs, and parameters hold what clients wrote
        connect_args={"timeout": busy_seconds, "check_same_thread": False},
    )

    def prepare(connection: sqlite3.Connection, record: Any) -> None:
        # The driver must not begin transactions by itself: `writing` does, with the lock it wants.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            _asking(busy_seconds, partial(connection.execute, f"PRAGMA {pragma}"))
        if only_when_free:
            connection.execute("PRAGMA busy_timeout=0")
        record.info[_BUSY] = busy_seconds

    event.listen(engine, "connect", prepare)
    return engine


def _postgres(url: str, pool_size: int, busy_seconds: float, *, asks_first: bool) -> Engine:
    milliseconds = int(busy_seconds * 1000)
    address = make_url(url).set(drivername="postgresql+psycopg")
    return create_engine(
        address,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=asks_first,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            **_NOTICED_WHEN_CUT_OFF,
            "options": f"-c lock_timeout={milliseconds} -c statement_timeout=60000"
            f" -c idle_in_transaction_session_timeout=60000 {_SHORT_STATEMENTS}"
            f" {_own_options(address)}",
        },
    )


def _own_options(address: URL) -> str:
    """Those that stand in the address, such as the schema to look in; what is given to the driver
    beside it would replace them."""
    found = address.query.get("options", "")
    return found if isinstance(found, str) else " ".join(found)
