"""The audit log as a list and as a file, for those who look after the house."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from bridge.sheets.writing import csv_head, csv_rows
from bridge.store import audit
from bridge.store.audit import Line, Wanted
from bridge.store.engine import reading

_BATCH = 1000
_HEAD = ("id", "at", "actor", "behind", "deed", "object", "detail", "way", "address")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPlace:
    before: int


def principal_asked(person: str) -> str:
    """Whom a filter names: a principal, or an employee by his e-mail."""
    said = person.strip().lower()
    return f"employee:{said}" if "@" in said and ":" not in said else said


def as_csv(engine: Engine, wanted: Wanted) -> Iterator[bytes]:
    """Line by line, the newest first, however many there are."""
    yield csv_head(_HEAD)
    batch = replace(wanted, limit=_BATCH)
    while True:
        with reading(engine) as db:
            found = audit.find(db, batch)
        yield csv_rows(map(_cells, found))
        if len(found) < _BATCH:
            return
        batch = replace(batch, before=found[-1].id)


def _cells(line: Line) -> tuple[str, ...]:
    return (
        str(line.id),
        line.at.isoformat(),
        line.actor,
        line.behind,
        line.deed,
        line.object,
        line.detail,
        line.way,
        line.address,
    )
