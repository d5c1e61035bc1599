"""Where the next poll of each account begins, and when the last one was."""

from datetime import datetime

from sqlalchemy import Connection, select

from bridge.domain.changes import RefreshKind
from bridge.domain.names import AccountName
from bridge.store.schema import CURSORS, REFRESHES
from bridge.store.upsert import put


def cursor(db: Connection, account: AccountName) -> str:
    """Empty before the first poll."""
    found = db.scalar(select(CURSORS.c.cursor).where(CURSORS.c.account == account))
    return found or ""


def put_cursor(db: Connection, account: AccountName, cursor: str, now: datetime) -> None:
    put(db, CURSORS, ["account"], [{"account": account, "cursor": cursor, "read_at": now}])


def read_at(db: Connection, account: AccountName) -> datetime | None:
    return db.scalar(select(CURSORS.c.read_at).where(CURSORS.c.account == account))


def is_asked_for(db: Connection, lane: str, kind: RefreshKind = RefreshKind.CHANGES) -> bool:
    """Whether a poll of this lane, or what `kind` says, is queued or waits to be tried again."""
    asked = select(REFRESHES.c.id).where(REFRESHES.c.lane == lane, REFRESHES.c.kind == kind)
    return db.scalar(asked.limit(1)) is not None
