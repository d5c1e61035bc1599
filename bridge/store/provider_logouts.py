"""Sessions that end because the provider says so; called within `deciding`, so that none is opened
beside it."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, false, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bridge.domain.signing_in import ProviderLogin, ProviderLogout
from bridge.store.schema import PROVIDER_LOGOUTS, SESSIONS
from bridge.store.sessions import Session, shown

KEPT = timedelta(hours=1)
"""Longer than such a word counts as fresh, and than a sign-in may be on its way."""


def log_out(db: Connection, said: ProviderLogout, now: datetime) -> tuple[Session, ...] | None:
    """The sessions that were open and are ended now; None for a word that was heard before."""
    if not _is_new(db, said, now):
        return None
    meant = and_(_meant(said), SESSIONS.c.revoked_at.is_(None), SESSIONS.c.expires_at > now)
    ended = tuple(shown(row) for row in db.execute(select(SESSIONS).where(meant)))
    db.execute(update(SESSIONS).where(meant).values(revoked_at=now))
    return ended


def is_logged_out(db: Connection, login: ProviderLogin) -> bool:
    """Whether the provider has taken back meanwhile what it said of this sign-in."""
    row = PROVIDER_LOGOUTS.c
    one = row.session == login.session if login.session else false()
    # A session that it does not name goes with any of the same person's.
    broad = row.session.is_(None) if login.session else row.subject.is_not(None)
    all_of_him = and_(row.subject == login.subject, row.said_at >= login.said_at, broad)
    return db.execute(select(row.token).where(or_(one, all_of_him)).limit(1)).first() is not None


def forget_logouts(db: Connection, now: datetime) -> None:
    db.execute(delete(PROVIDER_LOGOUTS).where(PROVIDER_LOGOUTS.c.expires_at <= now))


def _meant(said: ProviderLogout) -> ColumnElement[bool]:
    all_of_him = SESSIONS.c.provider_subject == said.subject if said.subject else false()
    if not said.session:
        return all_of_him
    unnamed = and_(all_of_him, SESSIONS.c.provider_session.is_(None))
    return or_(SESSIONS.c.provider_session == said.session, unnamed)


def _is_new(db: Connection, said: ProviderLogout, now: datetime) -> bool:
    insertion = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    values = {
        "token": said.token,
        "subject": said.subject or None,
        "session": said.session or None,
        "said_at": said.said_at,
        "expires_at": now + KEPT,
    }
    added = insertion(PROVIDER_LOGOUTS).values(values).on_conflict_do_nothing()
    return db.execute(added.returning(PROVIDER_LOGOUTS.c.token)).first() is not None
