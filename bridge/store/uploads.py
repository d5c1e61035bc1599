"""Files that employees have given us and that are not sent yet."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from bridge.domain.names import EmployeeId
from bridge.store.media import is_being_removed, remove_unreferenced
from bridge.store.schema import UPLOADS


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    id: str
    sha256: str
    size: int
    name: str
    content_type: str


def add(
    db: Connection,
    employee: EmployeeId,
    *,
    sha256: str,
    size: int,
    name: str,
    content_type: str,
    now: datetime,
) -> Upload | None:
    """Refers to the content before it is put into the storage; None while the same content is
    being removed."""
    if is_being_removed(db, sha256):
        return None
    made = Upload(
        id=f"up_{secrets.token_hex(16)}",
        sha256=sha256,
        size=size,
        name=name,
        content_type=content_type,
    )
    db.execute(
        insert(UPLOADS).values(
            id=made.id,
            employee=employee,
            sha256=sha256,
            size=size,
            name=name,
            content_type=content_type,
            created_at=now,
        )
    )
    return made


def find(db: Connection, employee: EmployeeId, upload: str, *, since: datetime) -> Upload | None:
    """Nobody sends what another has uploaded, nor what is about to expire."""
    row = db.execute(
        select(UPLOADS)
        .where(UPLOADS.c.id == upload, UPLOADS.c.employee == employee)
        .where(UPLOADS.c.created_at >= since)
    ).first()
    if row is None:
        return None
    return Upload(
        id=row.id,
        sha256=row.sha256,
        size=row.size,
        name=row.name,
        content_type=row.content_type,
    )


def drop(db: Connection, upload: str, now: datetime) -> None:
    """Never sent."""
    sha = db.scalar(select(UPLOADS.c.sha256).where(UPLOADS.c.id == upload))
    db.execute(delete(UPLOADS).where(UPLOADS.c.id == upload))
    remove_unreferenced(db, [sha] if sha else [], now)


def expire(db: Connection, before: datetime, now: datetime) -> None:
    """What was uploaded and never sent goes."""
    old = UPLOADS.c.created_at < before
    shas = db.scalars(select(UPLOADS.c.sha256).where(old)).all()
    if shas:
        db.execute(delete(UPLOADS).where(old))
        remove_unreferenced(db, shas, now)
