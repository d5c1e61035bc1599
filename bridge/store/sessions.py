"""One-time sign-in links and the sessions they open: digests only, each can be ended."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from bridge.store.among import among
from bridge.store.keys import digest
from bridge.store.schema import LOGIN_LINKS, SESSIONS

LINK_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(hours=12)
_MOST_HELPS = 500  # the clock comes again


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """`principal` is `employee:<e-mail>` and the like. `behind` is the principal who is signed in
    as a client, to help him; `parent` the digest of the session he did that from."""

    principal: str
    expires_at: datetime
    behind: str = ""
    parent: str = ""
    help: str = ""


def create_login_link(db: Connection, principal: str, now: datetime, behind: str = "") -> str:
    """The token of `/login/<token>`: good for one sign-in within 15 minutes."""
    token = secrets.token_urlsafe(32)
    values = {"digest": digest(token), "principal": principal, "behind": behind or None}
    db.execute(insert(LOGIN_LINKS).values(values | {"expires_at": now + LINK_LIFETIME}))
    return token


def use_login_link(db: Connection, token: str, now: datetime) -> SignedIn | None:
    """Whose link this was, now used up; None when it is unknown, used or too old."""
    link, fresh = digest(token), LOGIN_LINKS.c.expires_at > now
    use = update(LOGIN_LINKS).filter_by(digest=link, used_at=None).where(fresh)
    if db.execute(use.values(used_at=now)).rowcount != 1:
        return None
    row = db.execute(select(LOGIN_LINKS).filter_by(digest=link)).one()
    return SignedIn(
        principal=row.principal, expires_at=now + SESSION_LIFETIME, behind=row.behind or ""
    )


def open_session(db: Connection, principal: str, now: datetime) -> str:
    """A new session's token; nothing that a browser brought along becomes a session."""
    return keep_session(db, SignedIn(principal=principal, expires_at=now + SESSION_LIFETIME), now)


def keep_session(db: Connection, signed_in: SignedIn, now: datetime) -> str:
    """The same for a session that has less time, or somebody behind it."""
    token = secrets.token_urlsafe(32)
    values = {
        "digest": digest(token),
        "principal": signed_in.principal,
        "behind": signed_in.behind or None,
        "parent": signed_in.parent or None,
        "help": signed_in.help or None,
        "created_at": now,
        "expires_at": signed_in.expires_at,
    }
    db.execute(insert(SESSIONS).values(values))
    return token


def session_of(db: Connection, token: str, now: datetime) -> SignedIn | None:
    """Whose session this is; None when it is unknown, over or was ended."""
    return sessions_of(db, [digest(token)], now).get(digest(token))


def sessions_of(db: Connection, digests: Iterable[str], now: datetime) -> Mapping[str, SignedIn]:
    """The sessions behind these digests, without those that are over or were ended; one that was
    begun from another goes with it."""
    found = _open(db, digests, now)
    parents = _open(db, {one.parent for one in found.values() if one.parent}, now)
    return {name: one for name, one in found.items() if one.parent == "" or one.parent in parents}


def helps(db: Connection, now: datetime) -> Mapping[str, tuple[SignedIn, bool]]:
    """Those who are signed in as a client, or were until lately, by the digests of their sessions;
    and whether each still holds, as far as sessions go."""
    query = select(SESSIONS).where(SESSIONS.c.help.is_not(None)).order_by(SESSIONS.c.expires_at)
    found = {row.digest: _signed_in(row) for row in db.execute(query.limit(_MOST_HELPS))}
    holding = sessions_of(db, found, now)
    return {name: (one, name in holding) for name, one in found.items()}


def helps_from(db: Connection, parent: str) -> Mapping[str, SignedIn]:
    """Those begun from this session, by their own digests."""
    if not parent:
        return {}
    query = select(SESSIONS).where(SESSIONS.c.help.is_not(None), SESSIONS.c.parent == parent)
    return {row.digest: _signed_in(row) for row in db.execute(query)}


def forget_session(db: Connection, name: str) -> bool:
    """Whether it was still there; `name` is its digest."""
    return db.execute(delete(SESSIONS).where(SESSIONS.c.digest == name)).rowcount == 1


def end_session(db: Connection, token: str, now: datetime) -> None:
    this = update(SESSIONS).filter_by(digest=digest(token), revoked_at=None)
    db.execute(this.values(revoked_at=now))


def end_sessions_of(db: Connection, principal: str, now: datetime) -> int:
    """How many sessions were open and are ended now."""
    theirs = update(SESSIONS).filter_by(principal=principal, revoked_at=None)
    return db.execute(theirs.values(revoked_at=now)).rowcount


def forget_expired_sessions(db: Connection, now: datetime) -> None:
    """Removes links and sessions that can't be used any more, but for those whose end is still to
    be noted."""
    db.execute(delete(LOGIN_LINKS).where(LOGIN_LINKS.c.expires_at <= now))
    db.execute(delete(SESSIONS).where(SESSIONS.c.expires_at <= now, SESSIONS.c.help.is_(None)))


def _open(db: Connection, digests: Iterable[str], now: datetime) -> dict[str, SignedIn]:
    wanted = [name for name in digests if name]
    if not wanted:
        return {}
    holds = SESSIONS.c.revoked_at.is_(None) & (SESSIONS.c.expires_at > now)
    rows = db.execute(select(SESSIONS).where(holds, among(SESSIONS.c.digest, wanted)))
    return {row.digest: _signed_in(row) for row in rows}


def _signed_in(row: Row[Any]) -> SignedIn:
    return SignedIn(
        principal=row.principal,
        expires_at=row.expires_at,
        behind=row.behind or "",
        parent=row.parent or "",
        help=row.help or "",
    )
