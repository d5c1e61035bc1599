"""The different values of a column that an index begins with, of few values and very many rows."""

from sqlalchemy import Column, Select, func, select


def different(column: Column[str]) -> Select[str]:
    """Every value there is, found by leaping from one to the next in their index."""
    first = select(func.min(column).label("value")).cte(recursive=True)
    following = select(func.min(column)).where(column > first.c.value).scalar_subquery()
    values = first.union_all(select(following).where(first.c.value.is_not(None)))
    return select(values.c.value).where(values.c.value.is_not(None))
