"""The transaction in which decisions are made: one at a time, so that each sees the one before."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from bridge.store.engine import writing

_LOCK = 7_165_232


@contextmanager
def deciding(engine: Engine) -> Iterator[Connection]:
    """Like `writing`, and alone: two lanes that meet the same stranger make one contact.

    SQLite has one writer anyway; on PostgreSQL an advisory lock is held until the commit. Keep
    what happens inside to a few milliseconds, and call no vendor.
    """
    with writing(engine) as db:
        if db.dialect.name == "postgresql":
            db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        yield db
