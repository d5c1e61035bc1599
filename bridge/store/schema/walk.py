"""The walk of an event: what came, why what was decided, what is to be done."""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bridge.store.schema.metadata import METADATA
from bridge.store.types import Moment, Serial

_OPEN_INBOX = text("state IN ('pending', 'leased', 'held')")
_OPEN_OUTBOX = text("state IN ('pending', 'leased', 'held', 'unknown')")
# What later rows of its ordering key may have to wait for: few, however long the backlog is.
_BLOCKING = text("state = 'leased' OR next_attempt_at IS NOT NULL")
_LEASED = text("state = 'leased'")
_DEAD = text("state = 'dead'")
_HAS_SUBJECT = text("subject IS NOT NULL")
# Random keys of all rows there ever were cost ever more to add to: these hold what is asked for.
# Queries say it with these words, or SQLite would not use the indexes.
NOT_MADE = text("makes IS NOT NULL AND state <> 'done'")  # done: the name has its vendor id
SENDS = text("outbox.kind = 'SendMessage'")
UPDATES = text("outbox.kind = 'UpdateTimelineEntry'")

# What came, raw. States: pending, leased, held, done, dead, dropped.
INBOX = Table(
    "inbox",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("lane", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("method", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("headers", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", Text, nullable=False, default="pending"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", Moment),
    Column("reason", Text, nullable=False, default=""),
    Column("done_at", Moment),
    sqlite_autoincrement=True,
)
Index(
    "ix_inbox_open",
    INBOX.c.lane,
    INBOX.c.id,
    sqlite_where=_OPEN_INBOX,
    postgresql_where=_OPEN_INBOX,
)
Index("ix_inbox_leased", INBOX.c.lane, sqlite_where=_LEASED, postgresql_where=_LEASED)
Index("ix_inbox_dead", INBOX.c.id, sqlite_where=_DEAD, postgresql_where=_DEAD)

# Why: one row per event, those ignored or rejected included.
DECISIONS = Table(
    "decisions",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("account", Text, nullable=False),
    Column("event_key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("headline", Text, nullable=False),
    Column("inbox_id", Serial),
    Column("conversation", Text),
    Column("contact", Text),
    Column("subject", Text),  # of the channel side, like `lead:pl_…`, and whose it is
    Column("tenant", Text),
    Column("target", Text),
    Column("message", Text),
    Column("occurred_at", Moment, nullable=False),
    Column("decided_at", Moment, nullable=False),
    Column("config_hash", Text, nullable=False),
    Column("directory_hash", Text, nullable=False),
    Column("code_version", Text, nullable=False),
    Column("event", LargeBinary),  # what was decided on: the event, and the facts of that moment
    Column("facts", LargeBinary),
    Column("record", LargeBinary, nullable=False),
    UniqueConstraint("event_key", "account"),  # in this order: people look events up by key
    sqlite_autoincrement=True,
)
Index("ix_decisions_conversation", DECISIONS.c.conversation, DECISIONS.c.id)
Index("ix_decisions_contact", DECISIONS.c.contact, DECISIONS.c.id)
Index("ix_decisions_occurred", DECISIONS.c.occurred_at, DECISIONS.c.id)
Index(
    "ix_decisions_subject",
    DECISIONS.c.subject,
    DECISIONS.c.id,
    sqlite_where=_HAS_SUBJECT,
    postgresql_where=_HAS_SUBJECT,
)
Index(
    "ix_decisions_tenant",
    DECISIONS.c.tenant,
    DECISIONS.c.id,
    sqlite_where=_HAS_SUBJECT,
    postgresql_where=_HAS_SUBJECT,
)
Index(
    "ix_decisions_business",
    DECISIONS.c.id,
    sqlite_where=_HAS_SUBJECT,
    postgresql_where=_HAS_SUBJECT,
)
Index("ix_decisions_inbox", DECISIONS.c.inbox_id)
Index("ix_decisions_message", DECISIONS.c.message)

# What is to be done. States: pending, leased, held, unknown, done, dead, dropped.
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("lane", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("effect", LargeBinary, nullable=False),
    Column("idempotency_key", Text, nullable=False, unique=True),
    Column("ordering_key", Text, nullable=False),
    Column("rank", Integer, nullable=False),  # 0 goes before 1
    Column("makes", Text),  # the name whose vendor id this row brings
    Column("event_key", Text, nullable=False),
    Column("event_account", Text, nullable=False),
    Column("conversation", Text),
    Column("message", Text),
    Column("state", Text, nullable=False, default="pending"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", Moment),
    Column("in_doubt_since", Moment),
    Column("tried_at", Moment),
    Column("reason", Text, nullable=False, default=""),
    Column("created_at", Moment, nullable=False),
    Column("done_at", Moment),
    sqlite_autoincrement=True,
)
Index(
    "ix_outbox_open",
    OUTBOX.c.lane,
    OUTBOX.c.rank,
    OUTBOX.c.id,
    sqlite_where=_OPEN_OUTBOX,
    postgresql_where=_OPEN_OUTBOX,
)
Index(
    "ix_outbox_blocking",
    OUTBOX.c.lane,
    OUTBOX.c.ordering_key,
    OUTBOX.c.id,
    sqlite_where=_BLOCKING,
    postgresql_where=_BLOCKING,
)
Index("ix_outbox_dead", OUTBOX.c.id, sqlite_where=_DEAD, postgresql_where=_DEAD)
Index(
    "ix_outbox_makes",
    OUTBOX.c.makes,
    sqlite_where=NOT_MADE,
    postgresql_where=NOT_MADE,
)
Index("ix_outbox_event", OUTBOX.c.event_account, OUTBOX.c.event_key)
Index("ix_outbox_message", OUTBOX.c.message, sqlite_where=SENDS, postgresql_where=SENDS)
Index("ix_outbox_updates", OUTBOX.c.message, sqlite_where=UPDATES, postgresql_where=UPDATES)

# What was answered to each attempt that did not settle its row, for people; no rule reads it.
ATTEMPTS = Table(
    "attempts",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("outbox_id", Serial, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("said", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_attempts_outbox", ATTEMPTS.c.outbox_id, ATTEMPTS.c.id)

# Names that an outbox row waits for. A hard one must come; a soft one may turn out never to.
NEEDS = Table(
    "needs",
    METADATA,
    Column("outbox_id", Serial, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("hard", Boolean, nullable=False),
)
Index("ix_needs_name", NEEDS.c.name)

# The vendor's id of what we name: records by record id, timeline entries by message id.
VENDOR_IDS = Table(
    "vendor_ids",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("vendor_id", Text, nullable=False),
)

LANES = Table(
    "lanes",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("lease_token", Text),
    Column("lease_until", Moment),
    Column("fence", Integer, nullable=False, default=0),
    Column("held_until", Moment),
    Column("held_cause", Text, nullable=False, default=""),
    Column("paused", Boolean, nullable=False, default=False),
    Column("last_success_at", Moment),
    Column("troubled_since", Moment),  # when the vendor last stopped answering
    Column("outage_told", Boolean, nullable=False, default=False),
)
