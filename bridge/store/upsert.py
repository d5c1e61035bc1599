"""Insert-or-update in bulk, the same on SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

Row = Mapping[str, Any]


def put(db: Connection, table: Table, key: Sequence[str], rows: Sequence[Row]) -> None:
    """Inserts the rows, or updates every other column of those whose key is there.

    All rows have the same columns.
    """
    if not rows:
        return
    statement = _insert(db)(table)
    others = [name for name in rows[0] if name not in key]
    if others:
        changed = {name: statement.excluded[name] for name in others}
        statement = statement.on_conflict_do_update(index_elements=list(key), set_=changed)
    else:
        statement = statement.on_conflict_do_nothing()
    db.execute(statement, list(rows))


def add_missing(db: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts the rows that no unique key has yet; the others stay as they are."""
    if rows:
        db.execute(_insert(db)(table).on_conflict_do_nothing(), list(rows))


def _insert(db: Connection) -> Any:
    return postgres_insert if db.dialect.name == "postgresql" else sqlite_insert
