"""Who was erased when and at whose request, as counts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from bridge import codec
from bridge.store.schema import ERASURES


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How much was erased of each; nothing of the person himself."""

    conversations: int
    messages: int
    files: int
    requests: int
    decisions: int
    effects: int
    notifications: int
    crm_entries: int
    notes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """`subject` is our own id of the contact, or of a conversation that had none."""

    id: int
    subject: str
    asked_by: str
    asked_at: datetime
    report: Report


def add(db: Connection, subject: str, asked_by: str, now: datetime, report: Report) -> None:
    values = {"subject": subject, "asked_by": asked_by, "asked_at": now}
    db.execute(insert(ERASURES).values(**values, report=codec.encode(report)))


def newest(db: Connection, limit: int) -> tuple[Erasure, ...]:
    rows = db.execute(select(ERASURES).order_by(ERASURES.c.id.desc()).limit(limit)).mappings()
    return tuple(
        Erasure(
            id=row["id"],
            subject=row["subject"],
            asked_by=row["asked_by"],
            asked_at=row["asked_at"],
            report=codec.decode(Report, bytes(row["report"])),
        )
        for row in rows
    )
