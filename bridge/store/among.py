"""A column among many values: one parameter and one statement, however many there are."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Listed(TypeDecorator[Iterable[Any]]):
    """An array on PostgreSQL, a JSON text on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, of_numbers: bool) -> None:
        TypeDecorator.__init__(self)
        self.of_numbers = of_numbers

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name != "postgresql":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(ARRAY(BigInteger() if self.of_numbers else Text()))

    def process_bind_param(self, value: Iterable[Any] | None, dialect: Dialect) -> Any:
        values = list(value or ())
        return values if dialect.name == "postgresql" else json.dumps(values)


class _Among(FunctionElement[bool]):
    """No Boolean: SQLAlchemy would compare it with 1 on SQLite, and no index would serve."""

    name = "among"
    inherit_cache = True


@compiles(_Among, "postgresql")
def _on_postgres(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = ANY({values})"


@compiles(_Among)
def _elsewhere(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - a bound value


def among(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Like `column.in_(values)`, without a limit to their number and without compiling anew."""
    return _Among(column, bindparam(None, list(values), type_=_listed(column), unique=True))


def among_given(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The same for a statement that is made once: the values are its parameter `name`."""
    return _Among(column, bindparam(name, type_=_listed(column)))


def _listed(column: ColumnElement[Any]) -> _Listed:
    return _Listed(of_numbers=not isinstance(column.type, Text))
