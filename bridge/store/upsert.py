"""Inserts in bulk, the same on SQLite and PostgreSQL; all rows of a call have the same columns.

On the driver's own statements: SQLAlchemy's insert costs several times as much for each row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from bridge.store.types import Moment, microseconds

Row = Mapping[str, Any]
_BY_ROW: Mapping[str, str] = MappingProxyType({})
_MARKS = {"sqlite": "?", "postgresql": "%s"}


def append(db: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts the rows in their order."""
    _run(db, table, "", rows)


def put(
    db: Connection,
    table: Table,
    key: Sequence[str],
    rows: Sequence[Row],
    settled: Mapping[str, str] = _BY_ROW,
) -> None:
    """Inserts the rows, or updates every other column of those whose key is there: to what the row
    says, or to what an SQL expression of ours makes of both."""
    others = [name for name in rows[0] if name not in key] if rows else []
    changed = ", ".join(f"{name} = {settled.get(name, f'excluded.{name}')}" for name in others)
    then = f"UPDATE SET {changed}" if others else "NOTHING"
    _run(db, table, f" ON CONFLICT ({', '.join(key)}) DO {then}", rows)


def add_missing(db: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts the rows that no unique key has yet; the others stay as they are."""
    _run(db, table, " ON CONFLICT DO NOTHING", rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Insert:
    columns: tuple[str, ...]
    moments: tuple[int, ...]  # places of the times among the columns
    constants: tuple[Any, ...]  # defaults of columns that the rows leave out, which stand last
    statement: str

    def values(self, row: Row) -> tuple[Any, ...]:
        values = [row[name] for name in self.columns]
        for place in self.moments:
            if values[place] is not None:
                values[place] = microseconds(values[place])
        return (*values, *self.constants)


def _run(db: Connection, table: Table, conflict: str, rows: Sequence[Row]) -> None:
    if not rows:
        return
    plan = _plan(table, tuple(rows[0]), _MARKS[db.dialect.name])
    db.exec_driver_sql(plan.statement + conflict, [plan.values(row) for row in rows])


@cache
def _plan(table: Table, columns: tuple[str, ...], mark: str) -> _Insert:
    defaults = {
        column.name: column.default.arg
        for column in table.columns
        if column.name not in columns and isinstance(column.default, ScalarElementColumnDefault)
    }
    names = (*columns, *defaults)
    marks = ", ".join([mark] * len(names))
    return _Insert(
        columns=columns,
        moments=tuple(
            n for n, name in enumerate(columns) if isinstance(table.c[name].type, Moment)
        ),
        constants=tuple(defaults.values()),
        statement=f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608
    )
