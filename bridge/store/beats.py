"""Which processes said lately that they are alive."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from bridge.store.schema import BEATS


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    process: str  # host and process id
    kind: str  # web, worker or clock
    at: datetime


def beat(db: Connection, process: str, kind: str, now: datetime) -> None:
    db.execute(delete(BEATS).where(BEATS.c.process == process))
    db.execute(BEATS.insert().values(process=process, kind=kind, at=now))


def beats(db: Connection, since: datetime) -> tuple[Beat, ...]:
    """Those that were alive at or after `since`, by name."""
    rows = db.execute(select(BEATS).where(BEATS.c.at >= since).order_by(BEATS.c.process))
    return tuple(Beat(process=row.process, kind=row.kind, at=row.at) for row in rows)


def forget(db: Connection, before: datetime) -> None:
    db.execute(delete(BEATS).where(BEATS.c.at < before))
