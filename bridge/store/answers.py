"""Answers already given to API writes, so that asking again does nothing twice."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bridge.store.schema import API_ANSWERS

LIFETIME = timedelta(hours=24)
_WORKING = 0  # the status of an answer that is still being made
_PATIENCE = timedelta(seconds=60)  # a process that died over an answer gives way after this


class Standing(StrEnum):
    """What became of a request's Idempotency-Key."""

    NEW = "new"  # reserved: do the work, then keep or release
    GIVEN = "given"  # answered before
    OTHER_REQUEST = "other_request"  # the key was used for something else
    WORKING = "working"  # another request is at it


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """`status` and `body` are those of the answer when it was GIVEN."""

    standing: Standing
    status: int = 0
    body: bytes = b""


def reserve(
    db: Connection, principal: str, key: str, request_digest: str, now: datetime
) -> Reserved:
    """Takes the key for this request, or says why not; call within `writing`."""
    db.execute(delete(API_ANSWERS).where(_this(principal, key), _is_over(now)))
    values = {"principal": principal, "key": key, "request_digest": request_digest}
    fresh = values | {"status": _WORKING, "body": b"", "created_at": now}
    if _insert_if_absent(db, fresh):
        return Reserved(standing=Standing.NEW)
    row = db.execute(select(API_ANSWERS).where(_this(principal, key))).one()
    if not hmac.compare_digest(row.request_digest, request_digest):
        return Reserved(standing=Standing.OTHER_REQUEST)
    if row.status == _WORKING:
        return Reserved(standing=Standing.WORKING)
    return Reserved(standing=Standing.GIVEN, status=row.status, body=row.body)


def keep(db: Connection, principal: str, key: str, status: int, body: bytes) -> None:
    db.execute(update(API_ANSWERS).where(_this(principal, key)).values(status=status, body=body))


def release(db: Connection, principal: str, key: str) -> None:
    """The work was refused or failed: the key may be used again."""
    db.execute(delete(API_ANSWERS).where(_this(principal, key)))


def forget_old_answers(db: Connection, now: datetime) -> None:
    db.execute(delete(API_ANSWERS).where(API_ANSWERS.c.created_at <= now - LIFETIME))


def _insert_if_absent(db: Connection, values: dict[str, object]) -> bool:
    insertion = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    added = insertion(API_ANSWERS).values(values).on_conflict_do_nothing()
    return db.execute(added.returning(API_ANSWERS.c.key)).first() is not None


def _this(principal: str, key: str) -> ColumnElement[bool]:
    return and_(API_ANSWERS.c.principal == principal, API_ANSWERS.c.key == key)


def _is_over(now: datetime) -> ColumnElement[bool]:
    stuck = and_(API_ANSWERS.c.status == _WORKING, API_ANSWERS.c.created_at <= now - _PATIENCE)
    return or_(API_ANSWERS.c.created_at <= now - LIFETIME, stuck)
