"""Links that open one client's chat in a frame, and the sessions they open: good for nothing else.

They stand beside all other sessions, so that they are listed and ended with them.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, insert, select, update

from bridge.codec import decode, encode
from bridge.store.keys import digest
from bridge.store.schema import LOGIN_LINKS, SESSIONS

LINK_LIFETIME = timedelta(minutes=2)
VIA = "embed"


class Framed(StrEnum):
    """What a frame shows: one conversation, or those of contacts."""

    CONVERSATION = "conversation"
    CONTACTS = "contacts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """`ids` are our own: of one conversation, or of a client's contacts."""

    framed: Framed
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """An open frame: who looks through it, at what."""

    principal: str
    shown: Shown
    expires_at: datetime


def create_embed_link(db: Connection, principal: str, shown: Shown, now: datetime) -> str:
    """The token of `/embed/<token>`: opens one frame, within two minutes."""
    token = secrets.token_urlsafe(32)
    values = {
        "digest": digest(token),
        "principal": principal,
        "expires_at": now + LINK_LIFETIME,
        "embed": encode(shown).decode(),
    }
    db.execute(insert(LOGIN_LINKS).values(values))
    return token


def open_frame(
    db: Connection, token: str, lifetime: timedelta, now: datetime, browser: str = ""
) -> str | None:
    """The token of a new session for what this link shows; None for a link that was used, is too
    old, or none."""
    link = digest(token)
    use = update(LOGIN_LINKS).filter_by(digest=link, used_at=None)
    fresh = (LOGIN_LINKS.c.expires_at > now) & LOGIN_LINKS.c.embed.is_not(None)
    if db.execute(use.where(fresh).values(used_at=now)).rowcount != 1:
        return None
    row = db.execute(select(LOGIN_LINKS).filter_by(digest=link)).one()
    session = secrets.token_urlsafe(32)
    values = {
        "digest": digest(session),
        "principal": row.principal,
        "created_at": now,
        "seen_at": now,
        "expires_at": now + lifetime,
        "via": VIA,
        "browser": browser or None,
        "embed": row.embed,
    }
    db.execute(insert(SESSIONS).values(values))
    return session


def frame_of(db: Connection, token: str, now: datetime) -> Frame | None:
    """What this session shows, to whom; None for one that is over, was ended, or is none."""
    query = select(SESSIONS).filter_by(digest=digest(token), revoked_at=None)
    query = query.where(SESSIONS.c.embed.is_not(None), SESSIONS.c.expires_at > now)
    row = db.execute(query).one_or_none()
    if row is None:
        return None
    shown = decode(Shown, row.embed.encode())
    return Frame(principal=row.principal, shown=shown, expires_at=row.expires_at)


def contacts_shown(ids: Sequence[str]) -> Shown:
    return Shown(framed=Framed.CONTACTS, ids=tuple(sorted(ids)))


def conversation_shown(id: str) -> Shown:
    return Shown(framed=Framed.CONVERSATION, ids=(id,))
