"""One-time sign-in links and the sessions they open: digests only, each can be ended."""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    insert,
    or_,
    select,
    update,
)

from bridge.domain.signin_policy import SessionLimits
from bridge.domain.signing_in import ProviderLogin
from bridge.store.among import among
from bridge.store.keys import digest
from bridge.store.schema import LOGIN_LINKS, SESSIONS

LINK_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = SessionLimits().longest
KEPT_AFTER = timedelta(days=7)
"""How long it is still known whose an ended session was: what he typed meanwhile is his."""
SEEN_EVERY = timedelta(minutes=1)
_PREFIX = "ses_"
_ID_LETTERS = 20
_NAME = re.compile(r"ses_[0-9a-f]{20}")
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
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """How somebody comes in: `via` a link or the provider (`login` is his there), from what
    browser, for how long."""

    via: str = ""
    login: ProviderLogin | None = None
    browser: str = ""
    limits: SessionLimits = field(default_factory=SessionLimits)


NO_WORD = Entrance()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One open session as people see it in a list; `id` opens nothing."""

    id: str
    principal: str
    behind: str
    via: str
    browser: str
    created_at: datetime
    seen_at: datetime | None
    expires_at: datetime


def create_login_link(db: Connection, principal: str, now: datetime, behind: str = "") -> str:
    """The token of `/login/<token>`: good for one sign-in within 15 minutes."""
    token = secrets.token_urlsafe(32)
    values = {"digest": digest(token), "principal": principal, "behind": behind or None}
    db.execute(insert(LOGIN_LINKS).values(values | {"expires_at": now + LINK_LIFETIME}))
    return token


def is_link_open(db: Connection, token: str, now: datetime) -> bool:
    """Whether it is a link that was not used and is not too old: read before anything is written
    for the sake of whoever sends one."""
    link = select(LOGIN_LINKS.c.digest).filter_by(digest=digest(token), used_at=None)
    return db.execute(link.where(LOGIN_LINKS.c.expires_at > now)).first() is not None


def use_login_link(db: Connection, token: str, now: datetime) -> SignedIn | None:
    """Whose link this was, now used up; None when it is unknown, used or too old."""
    link, fresh = digest(token), LOGIN_LINKS.c.expires_at > now
    use = update(LOGIN_LINKS).filter_by(digest=link, used_at=None, embed=None).where(fresh)
    if db.execute(use.values(used_at=now)).rowcount != 1:
        return None
    row = db.execute(select(LOGIN_LINKS).filter_by(digest=link)).one()
    return SignedIn(
        principal=row.principal, expires_at=now + SESSION_LIFETIME, behind=row.behind or ""
    )


def open_session(
    db: Connection, principal: str, now: datetime, entrance: Entrance = NO_WORD
) -> str:
    """A new session's token; nothing that a browser brought along becomes a session."""
    signed_in = SignedIn(principal=principal, expires_at=now + entrance.limits.longest)
    return keep_session(db, signed_in, now, entrance)


def keep_session(
    db: Connection, signed_in: SignedIn, now: datetime, entrance: Entrance = NO_WORD
) -> str:
    """The same for a session that has less time, or somebody behind it."""
    token, login = secrets.token_urlsafe(32), entrance.login
    values = {
        "digest": digest(token),
        "principal": signed_in.principal,
        "behind": signed_in.behind or None,
        "parent": signed_in.parent or None,
        "help": signed_in.help or None,
        "created_at": now,
        "expires_at": signed_in.expires_at,
        "seen_at": now,
        "idle_until": None if signed_in.help else now + entrance.limits.idle,
        "via": entrance.via or None,
        "browser": entrance.browser or None,
        "provider_subject": None if login is None else login.subject,
        "provider_session": None if login is None else login.session or None,
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


def open_helps(db: Connection, now: datetime) -> tuple[SignedIn, ...]:
    """Who is signed in as a client now, as far as sessions go."""
    return tuple(one for one, holds in helps(db, now).values() if holds and one.expires_at > now)


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
    """How many sessions were open and are ended now; what was begun from them is over with them."""
    theirs = update(SESSIONS).filter_by(principal=principal, revoked_at=None)
    return db.execute(theirs.values(revoked_at=now)).rowcount


def forget_expired_sessions(db: Connection, now: datetime) -> None:
    """Removes links that can't be used any more, and sessions some days later, but for those whose
    end is still to be noted."""
    db.execute(delete(LOGIN_LINKS).where(LOGIN_LINKS.c.expires_at <= now))
    over = SESSIONS.c.expires_at <= now - KEPT_AFTER
    db.execute(delete(SESSIONS).where(over, SESSIONS.c.help.is_(None)))


def was_session_of(db: Connection, token: str) -> str:
    """Whose session this was, whether or not it still holds; empty for what was none."""
    query = select(SESSIONS.c.principal).filter_by(digest=digest(token), help=None, embed=None)
    return db.execute(query).scalar_one_or_none() or ""


def seen(db: Connection, token: str, limits: SessionLimits, now: datetime) -> None:
    """It was used now, so it holds a while longer unused."""
    this = update(SESSIONS).filter_by(digest=digest(token), revoked_at=None, help=None)
    db.execute(this.values(seen_at=now, idle_until=now + limits.idle))


def open_sessions(
    db: Connection, now: datetime, *, principal: str = "", after: str = "", limit: int = 50
) -> tuple[Session, ...]:
    """Those that hold, the newest first: somebody's or everybody's; `after` is the last id seen.
    Nobody's who is signed in as a client: that is on record of its own."""
    query = select(SESSIONS).where(_holds(now), SESSIONS.c.help.is_(None))
    if principal:
        query = query.where(SESSIONS.c.principal == principal)
    if after:
        query = query.where(_older_than(after))
    query = query.order_by(SESSIONS.c.created_at.desc(), SESSIONS.c.digest.desc())
    return tuple(shown(row) for row in db.execute(query.limit(limit)))


def _older_than(after: str) -> ColumnElement[bool]:
    begun = select(SESSIONS.c.created_at).where(_named(after)).scalar_subquery()
    return or_(
        SESSIONS.c.created_at < begun,
        and_(SESSIONS.c.created_at == begun, SESSIONS.c.digest < after.removeprefix(_PREFIX)),
    )


def session_named(db: Connection, name: str, now: datetime) -> Session | None:
    """The open session of this id."""
    if not _NAME.fullmatch(name):
        return None
    query = select(SESSIONS).where(_holds(now), SESSIONS.c.help.is_(None), _named(name))
    row = db.execute(query).first()
    return None if row is None else shown(row)


def end_named(db: Connection, name: str, now: datetime) -> bool:
    """Whether it was not ended yet; what was begun from it is over with it."""
    if not _NAME.fullmatch(name):
        return False
    this = update(SESSIONS).where(_named(name)).filter_by(revoked_at=None, help=None)
    return db.execute(this.values(revoked_at=now)).rowcount == 1


def end_others(db: Connection, principal: str, token: str, now: datetime) -> int:
    """How many of his sessions were open besides this one, and are ended now."""
    others = update(SESSIONS).filter_by(principal=principal, revoked_at=None, help=None)
    others = others.where(SESSIONS.c.digest != digest(token), SESSIONS.c.expires_at > now)
    return db.execute(others.values(revoked_at=now)).rowcount


def id_of(token: str) -> str:
    """What a session is called in lists."""
    return _PREFIX + digest(token)[:_ID_LETTERS]


def _named(name: str) -> ColumnElement[bool]:
    """By the beginning of the digest, so that its index is used."""
    begin = name.removeprefix(_PREFIX)
    return and_(SESSIONS.c.digest >= begin, SESSIONS.c.digest < begin + "g")


def _holds(now: datetime) -> ColumnElement[bool]:
    idle = or_(SESSIONS.c.idle_until.is_(None), SESSIONS.c.idle_until > now)
    return and_(SESSIONS.c.revoked_at.is_(None), SESSIONS.c.expires_at > now, idle)


def shown(row: Row[Any]) -> Session:
    """As people see it."""
    return Session(
        id=_PREFIX + row.digest[:_ID_LETTERS],
        principal=row.principal,
        behind=row.behind or "",
        via=row.via or "",
        browser=row.browser or "",
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
    )


def _open(db: Connection, digests: Iterable[str], now: datetime) -> dict[str, SignedIn]:
    wanted = [name for name in digests if name]
    if not wanted:
        return {}
    whole = SESSIONS.c.embed.is_(None)  # what is open in a frame opens nothing else
    rows = db.execute(select(SESSIONS).where(_holds(now), whole, among(SESSIONS.c.digest, wanted)))
    return {row.digest: _signed_in(row) for row in rows}


def _signed_in(row: Row[Any]) -> SignedIn:
    return SignedIn(
        principal=row.principal,
        expires_at=row.expires_at,
        behind=row.behind or "",
        parent=row.parent or "",
        help=row.help or "",
        seen_at=row.seen_at,
    )
