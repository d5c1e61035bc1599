"""Notifications of one employee, the newest first."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from bridge.domain.changes import Notify
from bridge.domain.names import ConversationId, EmployeeId, MessageId
from bridge.domain.reasons import ReasonCode
from bridge.store.among import among
from bridge.store.schema import NOTIFICATIONS
from bridge.store.upsert import append


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`code` says why this employee was told. `conversation` of None: it is about no chat. `tenant`
    and `subject` as of `Notify`."""

    id: int
    employee: EmployeeId
    conversation: ConversationId | None
    message: MessageId | None
    code: ReasonCode
    about: str
    created_at: datetime
    read_at: datetime | None
    tenant: str = ""
    subject: str = ""


def add(db: Connection, told: Sequence[Notify], now: datetime) -> None:
    rows = [
        {
            "employee": notice.employee,
            "conversation": notice.conversation,
            "message": notice.message,
            "code": notice.code,
            "about": notice.about,
            "tenant": notice.tenant,
            "subject": notice.subject,
            "created_at": now,
        }
        for notice in told
    ]
    append(db, NOTIFICATIONS, rows)


def notices(
    db: Connection,
    employee: EmployeeId,
    *,
    unread: bool,
    before: int | None,
    limit: int,
    tenant: str = "",
) -> tuple[Notice, ...]:
    """An employee's; of a partner's or reseller's user where `tenant` is given."""
    query = select(NOTIFICATIONS).filter_by(employee=employee, tenant=tenant)
    if unread:
        query = query.where(NOTIFICATIONS.c.read_at.is_(None))
    if before is not None:
        query = query.where(NOTIFICATIONS.c.id < before)
    rows = db.execute(query.order_by(NOTIFICATIONS.c.id.desc()).limit(limit))
    return tuple(_notice(row) for row in rows)


def newest(db: Connection) -> int:
    """The number of the latest notification. They are committed in the order of their numbers:
    whoever adds one decides, and who decides does it alone."""
    return db.scalar(select(func.max(NOTIFICATIONS.c.id))) or 0


def since(
    db: Connection, people: Iterable[EmployeeId], after: int, limit: int
) -> tuple[Notice, ...]:
    """What people of these addresses were told after that one, the oldest first: an employee and
    somebody's user may have the same."""
    of = NOTIFICATIONS.c
    query = select(NOTIFICATIONS).where(among(of.employee, people), of.id > after)
    return tuple(_notice(row) for row in db.execute(query.order_by(of.id).limit(limit)))


def was_told(db: Connection, employee: EmployeeId, conversation: ConversationId) -> bool:
    """Whether he was told of this conversation as of a new client's."""
    of = NOTIFICATIONS.c
    found = select(of.id).where(
        of.employee == employee,
        of.conversation == conversation,
        of.code == ReasonCode.NOTIFY_NEW_CLIENT,
    )
    return db.scalar(found.limit(1)) is not None


def _notice(row: Any) -> Notice:
    return Notice(
        id=row.id,
        employee=row.employee,
        conversation=row.conversation,
        message=row.message,
        code=ReasonCode(row.code),
        about=row.about,
        created_at=row.created_at,
        read_at=row.read_at,
        tenant=row.tenant,
        subject=row.subject,
    )


def is_unread(db: Connection, employee: EmployeeId, tenant: str, subject: str) -> bool:
    """Whether somebody's user has not read something that he was told about this."""
    about = select(NOTIFICATIONS.c.id).filter_by(
        employee=employee, tenant=tenant, subject=subject, read_at=None
    )
    return db.scalar(about.limit(1)) is not None


def read_about(
    db: Connection, employee: EmployeeId, tenant: str, subject: str, now: datetime
) -> None:
    told = update(NOTIFICATIONS).filter_by(
        employee=employee, tenant=tenant, subject=subject, read_at=None
    )
    db.execute(told.values(read_at=now))


def mark_read(
    db: Connection,
    employee: EmployeeId,
    ids: Collection[int] | None,
    now: datetime,
    tenant: str = "",
) -> int:
    """How many became read; `ids` of None: all of this employee's. `tenant` as of `notices`."""
    unread = update(NOTIFICATIONS).filter_by(employee=employee, read_at=None, tenant=tenant)
    chosen = unread if ids is None else unread.where(NOTIFICATIONS.c.id.in_(ids))
    return db.execute(chosen.values(read_at=now)).rowcount
