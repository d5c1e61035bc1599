"""Notifications of one employee, the newest first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from bridge.domain.changes import Notify
from bridge.domain.names import ConversationId, EmployeeId, MessageId
from bridge.domain.reasons import ReasonCode
from bridge.store.schema import NOTIFICATIONS
from bridge.store.upsert import append


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`code` says why this employee was told. `conversation` of None: it is about no chat."""

    id: int
    conversation: ConversationId | None
    message: MessageId | None
    code: ReasonCode
    about: str
    created_at: datetime
    read_at: datetime | None


def add(db: Connection, told: Sequence[Notify], now: datetime) -> None:
    rows = [
        {
            "employee": notice.employee,
            "conversation": notice.conversation,
            "message": notice.message,
            "code": notice.code,
            "about": notice.about,
            "created_at": now,
        }
        for notice in told
    ]
    append(db, NOTIFICATIONS, rows)


def notices(
    db: Connection, employee: EmployeeId, *, unread: bool, before: int | None, limit: int
) -> tuple[Notice, ...]:
    query = select(NOTIFICATIONS).where(NOTIFICATIONS.c.employee == employee)
    if unread:
        query = query.where(NOTIFICATIONS.c.read_at.is_(None))
    if before is not None:
        query = query.where(NOTIFICATIONS.c.id < before)
    rows = db.execute(query.order_by(NOTIFICATIONS.c.id.desc()).limit(limit))
    return tuple(
        Notice(
            id=row.id,
            conversation=row.conversation,
            message=row.message,
            code=ReasonCode(row.code),
            about=row.about,
            created_at=row.created_at,
            read_at=row.read_at,
        )
        for row in rows
    )


def mark_read(
    db: Connection, employee: EmployeeId, ids: Collection[int] | None, now: datetime
) -> int:
    """How many became read; `ids` of None: all of this employee's."""
    unread = update(NOTIFICATIONS).filter_by(employee=employee, read_at=None)
    chosen = unread if ids is None else unread.where(NOTIFICATIONS.c.id.in_(ids))
    return db.execute(chosen.values(read_at=now)).rowcount
