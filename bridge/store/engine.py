"""Opens the store: SQLite (WAL, synchronous=FULL) or PostgreSQL, with the same transactions."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from bridge.domain.errors import ConfigError

BUSY_SECONDS = 5.0
_TROUBLE = (OperationalError, InterfaceError, InternalError, PoolTimeout)
_ROW_TOO_LARGE = "54"  # a class of https://www.postgresql.org/docs/current/errcodes-appendix.html
_BEGIN = text("BEGIN IMMEDIATE")
_BEGIN_FLEETING = {
    "sqlite": _BEGIN,
    "postgresql": text("SET LOCAL synchronous_commit TO OFF"),
}
_PRAGMAS = (
    *("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"),
    "secure_delete=ON",  # what was erased leaves no trace in free pages
)


# A server that was cut off says nothing: without these a statement waits for it by the hour.
_NOTICED_WHEN_CUT_OFF = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}


def open_engine(url: str, *, pool_size: int = 8, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """An engine for `sqlite:///…` or `postgresql…`; ConfigError for anything else.

    Nothing is connected yet, so it may be made before a fork but must be used after it.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url, parsed.database, pool_size, busy_seconds)
    if parsed.get_backend_name() == "postgresql":
        return _postgres(url, pool_size, busy_seconds)
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
            db.execute(_BEGIN)
        yield db


@contextmanager
def fleeting(engine: Engine) -> Iterator[Connection]:
    """Like `writing`, for what a power cut may undo, and that does not wait for the disk: leases,
    which nobody holds after one. Whatever is committed durably later makes it durable as well."""
    with engine.connect() as db, _not_synced(db), db.begin():
        db.execute(_BEGIN_FLEETING[db.dialect.name])
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


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as db:
        yield db


def _sqlite(url: str, path: str | None, pool_size: int, busy_seconds: float) -> Engine:
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=pool_size,
        hide_parameters=True,  # errors reach logs, and parameters hold what clients wrote
        connect_args={"timeout": busy_seconds, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver must not begin transactions by itself: `writing` does, with the lock it wants.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _postgres(url: str, pool_size: int, busy_seconds: float) -> Engine:
    milliseconds = int(busy_seconds * 1000)
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            **_NOTICED_WHEN_CUT_OFF,
            "options": f"-c lock_timeout={milliseconds} -c statement_timeout=60000"
            " -c idle_in_transaction_session_timeout=60000",
        },
    )
