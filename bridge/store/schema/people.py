"""How people and programs sign in."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, text

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment

_HELPS = text("help IS NOT NULL")
API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("principal", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
)
LOGIN_LINKS = Table(
    "login_links",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("principal", Text, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("behind", Text),
    Column("embed", Text),
)
SESSIONS = Table(
    "sessions",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("principal", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("behind", Text),
    Column("parent", Text),
    Column("help", Text),
    Column("seen_at", Moment),
    Column("idle_until", Moment),
    Column("via", Text),
    Column("browser", Text),
    Column("embed", Text),
    Column("provider_subject", Text),
    Column("provider_session", Text),
)
# Who is signed in as a client: what the clock looks through for those whose end is to be noted.
Index(
    "ix_sessions_help",
    SESSIONS.c.help,
    unique=True,
    sqlite_where=_HELPS,
    postgresql_where=_HELPS,
)
Index("ix_sessions_principal", SESSIONS.c.principal, SESSIONS.c.created_at)
Index("ix_sessions_created", SESSIONS.c.created_at, SESSIONS.c.digest)
Index("ix_sessions_provider_subject", SESSIONS.c.provider_subject)
Index("ix_sessions_provider_session", SESSIONS.c.provider_session)
# What the provider said of the end of sessions, digests only: each word counts once, and no
# sign-in that was on its way meanwhile comes in.
PROVIDER_LOGOUTS = Table(
    "provider_logouts",
    METADATA,
    Column("token", Text, primary_key=True),
    Column("subject", Text),
    Column("session", Text),
    Column("said_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)
# Answers already given to API writes, by principal and Idempotency-Key.
API_ANSWERS = Table(
    "api_answers",
    METADATA,
    Column("principal", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_digest", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
)
