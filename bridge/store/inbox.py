"""Puts what came into the inbox: the one hot insert, on the driver's prepared statement."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bridge.domain.names import AccountName
from bridge.store.schema import INBOX
from bridge.store.types import Moment

_COLUMNS = (
    *("lane", "account", "received_at", "method", "url", "headers", "body"),
    *("state", "attempts", "reason"),
)
_MOMENT = Moment()


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
    """Adds the rows, pending, in their order.

    SQLAlchemy's own insert costs several times as much per row as the statement itself.
    """
    mark = "?" if db.dialect.name == "sqlite" else "%s"
    marks = ", ".join([mark] * len(_COLUMNS))
    statement = f"INSERT INTO {INBOX.name} ({', '.join(_COLUMNS)}) VALUES ({marks})"  # noqa: S608
    db.exec_driver_sql(statement, [_values(row, db) for row in rows])


def _values(row: NewRow, db: Connection) -> tuple[Any, ...]:
    received = _MOMENT.process_bind_param(row.received_at, db.dialect)
    vendor = (row.lane, row.account, received, row.method, row.url, row.headers, row.body)
    return (*vendor, "pending", 0, "")
