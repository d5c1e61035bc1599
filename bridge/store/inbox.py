"""Puts what came into the inbox: the one hot insert, on the driver's prepared statement."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from bridge.domain.names import AccountName
from bridge.store.engine import self_committing, when_free
from bridge.store.schema import INBOX
from bridge.store.types import Moment

_COLUMNS = (
    *("lane", "account", "received_at", "method", "url", "headers", "body"),
    *("state", "attempts", "reason"),
)
_MOMENT = Moment()
MOST_AT_ONCE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRow:
    lane: str
    account: AccountName
    received_at: datetime
    method: str
    url: str
    headers: bytes = field(repr=False)
    body: bytes = field(repr=False)


def append(db: Connection, rows: Sequence[NewRow]) -> None:
    """Adds the rows, pending, in their order, all or none: one statement for each `MOST_AT_ONCE`.

    SQLAlchemy's own insert costs several times as much per row as the statement itself, and the
    driver gives up the interpreter at each statement, to get it back behind all other threads.
    """
    for first in range(0, len(rows), MOST_AT_ONCE):
        some = rows[first : first + MOST_AT_ONCE]
        values = tuple(value for row in some for value in _values(row, db))
        db.exec_driver_sql(_statement(db.dialect.name, len(some)), values)


def append_durably(engine: Engine, rows: Sequence[NewRow]) -> None:
    """The same for at most `MOST_AT_ONCE` rows in a statement that commits itself, which spares
    the way to the server twice over. Raises ValueError for more."""
    if len(rows) > MOST_AT_ONCE:
        raise ValueError(f"{len(rows)} rows are more than {MOST_AT_ONCE}")
    try:
        _append_at_once(engine, rows)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        # The server was started anew since; should the rows be there, doubles are known as such.
        _append_at_once(engine, rows)


def _append_at_once(engine: Engine, rows: Sequence[NewRow]) -> None:
    with self_committing(engine).connect() as db:
        when_free(db, lambda: append(db, rows))


@cache
def _statement(dialect: str, rows: int) -> str:
    mark = "?" if dialect == "sqlite" else "%s"
    marks = f"({', '.join([mark] * len(_COLUMNS))})"
    return (
        f"INSERT INTO {INBOX.name} ({', '.join(_COLUMNS)}) "  # noqa: S608 - constants
        f"VALUES {', '.join([marks] * rows)}"
    )


def _values(row: NewRow, db: Connection) -> tuple[Any, ...]:
    received = _MOMENT.process_bind_param(row.received_at, db.dialect)
    vendor = (row.lane, row.account, received, row.method, row.url, row.headers, row.body)
    return (*vendor, "pending", 0, "")
