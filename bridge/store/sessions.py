"""One-time sign-in links and the sessions they open: digests only, each can be ended."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from bridge.domain.names import EmployeeId
from bridge.store.among import among
from bridge.store.keys import digest
from bridge.store.schema import LOGIN_LINKS, SESSIONS

LINK_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(hours=12)


def create_login_link(db: Connection, employee: EmployeeId, now: datetime) -> str:
    """The token of `/login/<token>`: good for one sign-in within 15 minutes."""
    token = secrets.token_urlsafe(32)
    values = {"digest": digest(token), "employee": employee, "expires_at": now + LINK_LIFETIME}
    db.execute(insert(LOGIN_LINKS).values(values))
    return token


def use_login_link(db: Connection, token: str, now: datetime) -> EmployeeId | None:
    """Whose link this was, now used up; None when it is unknown, used or too old."""
    link, fresh = digest(token), LOGIN_LINKS.c.expires_at > now
    use = update(LOGIN_LINKS).filter_by(digest=link, used_at=None).where(fresh)
    if db.execute(use.values(used_at=now)).rowcount != 1:
        return None
    query = select(LOGIN_LINKS.c.employee).filter_by(digest=link)
    return EmployeeId(db.execute(query).scalar_one())


def open_session(db: Connection, employee: EmployeeId, now: datetime) -> str:
    """A new session's token; nothing that a browser brought along becomes a session."""
    token = secrets.token_urlsafe(32)
    values = {"digest": digest(token), "employee": employee, "created_at": now}
    db.execute(insert(SESSIONS).values(values | {"expires_at": now + SESSION_LIFETIME}))
    return token


def session_employee(db: Connection, token: str, now: datetime) -> EmployeeId | None:
    """Whose session this is; None when it is unknown, over or was ended."""
    query = select(SESSIONS.c.employee).filter_by(digest=digest(token), revoked_at=None)
    found = db.execute(query.where(SESSIONS.c.expires_at > now)).scalar_one_or_none()
    return None if found is None else EmployeeId(found)


def employees_of(db: Connection, digests: Iterable[str], now: datetime) -> Mapping[str, EmployeeId]:
    """Whose sessions are behind these digests, without those that are over or were ended."""
    wanted = list(digests)
    if not wanted:
        return {}
    open_ones = SESSIONS.c.revoked_at.is_(None) & (SESSIONS.c.expires_at > now)
    query = select(SESSIONS.c.digest, SESSIONS.c.employee).where(open_ones)
    rows = db.execute(query.where(among(SESSIONS.c.digest, wanted)))
    return {row.digest: EmployeeId(row.employee) for row in rows}


def end_session(db: Connection, token: str, now: datetime) -> None:
    this = update(SESSIONS).filter_by(digest=digest(token), revoked_at=None)
    db.execute(this.values(revoked_at=now))


def end_sessions_of(db: Connection, employee: EmployeeId, now: datetime) -> int:
    """How many sessions were open and are ended now."""
    theirs = update(SESSIONS).filter_by(employee=employee, revoked_at=None)
    return db.execute(theirs.values(revoked_at=now)).rowcount


def forget_expired_sessions(db: Connection, now: datetime) -> None:
    """Removes links and sessions that can't be used any more."""
    db.execute(delete(LOGIN_LINKS).where(LOGIN_LINKS.c.expires_at <= now))
    db.execute(delete(SESSIONS).where(SESSIONS.c.expires_at <= now))
