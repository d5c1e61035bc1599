"""The tables. Documents are kept whole in `value`, with the columns that queries need beside it."""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bridge.store.types import Moment, Serial

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_OPEN_INBOX = text("state IN ('pending', 'leased', 'held')")
_OPEN_OUTBOX = text("state IN ('pending', 'leased', 'held', 'unknown')")
# What later rows of its ordering key may have to wait for: few, however long the backlog is.
_BLOCKING = text("state = 'leased' OR next_attempt_at IS NOT NULL")
_LEASED = text("state = 'leased'")
_DEAD = text("state = 'dead'")
# Random keys of all rows there ever were cost ever more to add to: these hold what is asked for.
# Queries say it with these words, or SQLite would not use the indexes.
NOT_MADE = text("makes IS NOT NULL AND state <> 'done'")  # done: the name has its vendor id
SENDS = text("outbox.kind = 'SendMessage'")

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
)

CONVERSATIONS = Table(
    "conversations",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("contact", Text),
    Column("client", Text, nullable=False),
    Column("last_message_at", Moment),
    Column("unanswered_since", Moment),
    Column("value", LargeBinary, nullable=False),
)
Index("ix_conversations_recent", CONVERSATIONS.c.last_message_at, CONVERSATIONS.c.id)
Index("ix_conversations_contact", CONVERSATIONS.c.contact)
_UNANSWERED = text("unanswered_since IS NOT NULL")
Index(
    "ix_conversations_unanswered",
    CONVERSATIONS.c.last_message_at,
    CONVERSATIONS.c.id,
    sqlite_where=_UNANSWERED,
    postgresql_where=_UNANSWERED,
)

MESSAGES = Table(
    "messages",
    METADATA,
    Column("seq", Serial, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("conversation", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("vendor_id", Text),
    Column("timeline", Text, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("value", LargeBinary, nullable=False),
    UniqueConstraint("account", "vendor_id"),
    sqlite_autoincrement=True,
)
_WAITING = text("timeline = 'waiting'")
Index("ix_messages_conversation", MESSAGES.c.conversation, MESSAGES.c.seq)
Index(
    "ix_messages_waiting",
    MESSAGES.c.conversation,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)

CONTACTS = Table(
    "contacts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("crm_id", Text),
    Column("owner", Text),
    Column("as_of", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    UniqueConstraint("account", "crm_id"),
)
Index("ix_contacts_owner", CONTACTS.c.owner)
Index("ix_contacts_as_of", CONTACTS.c.as_of)

CONTACT_PHONES = Table(
    "contact_phones",
    METADATA,
    Column("phone", Text, primary_key=True),
    Column("contact", Text, primary_key=True),
)
Index("ix_contact_phones_contact", CONTACT_PHONES.c.contact)

# Deals and leads.
RECORDS = Table(
    "records",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("crm_id", Text),
    Column("owner", Text),
    Column("is_open", Boolean, nullable=False),
    Column("value", LargeBinary, nullable=False),
    UniqueConstraint("account", "kind", "crm_id"),
)
Index("ix_records_owner", RECORDS.c.owner)

RECORD_CONTACTS = Table(
    "record_contacts",
    METADATA,
    Column("contact", Text, primary_key=True),
    Column("record", Text, primary_key=True),
)
Index("ix_record_contacts_record", RECORD_CONTACTS.c.record)

CHANNELS = Table(
    "channels",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("channel_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("detail", Text, nullable=False, default=""),
    Column("as_of", Moment, nullable=False),
    Column("messenger", Text, nullable=False, default="other"),
    Column("plain_id", Text, nullable=False, default=""),
    Column("name", Text, nullable=False, default=""),
    Column("window_hours", Integer),
    Column("can_write_first", Boolean, nullable=False, default=True),
)

# Who had the last turn of each pool, and every turn ever taken.
TURNS = Table(
    "turns",
    METADATA,
    Column("pool", Text, primary_key=True),
    Column("employee", Text, nullable=False),
    Column("taken_at", Moment, nullable=False),
)
TURN_LOG = Table(
    "turn_log",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("pool", Text, nullable=False),
    Column("employee", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("event_key", Text, nullable=False),
    Column("taken_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_turn_log_pool", TURN_LOG.c.pool, TURN_LOG.c.id)

NOTIFICATIONS = Table(
    "notifications",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("employee", Text, nullable=False),
    Column("conversation", Text),
    Column("message", Text),
    Column("code", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("read_at", Moment),
    sqlite_autoincrement=True,
)
Index("ix_notifications_employee", NOTIFICATIONS.c.employee, NOTIFICATIONS.c.id)

# Where the next poll of an account begins, in its vendor's own words.
CURSORS = Table(
    "cursors",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("read_at", Moment, nullable=False),
)

# What is to be read anew from the CRM. States: pending, held, dead; a row done is deleted.
REFRESHES = Table(
    "refreshes",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("lane", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("state", Text, nullable=False, default="pending"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", Moment),
    Column("requested_at", Moment, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    UniqueConstraint("lane", "kind", "key"),
    sqlite_autoincrement=True,
)

# The CRM's people as read at one time; decisions name the one they stood on.
DIRECTORIES = Table(
    "directories",
    METADATA,
    Column("hash", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("read_at", Moment, nullable=False),
)
PIPELINES = Table(
    "pipelines",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("as_of", Moment, nullable=False),
)

CONFIGS = Table(
    "configs",
    METADATA,
    Column("hash", Text, primary_key=True),
    Column("canonical", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)
ACTIVE_CONFIG = Table(
    "active_config",
    METADATA,
    Column("one", Integer, primary_key=True),  # always 1
    Column("hash", Text, nullable=False),
    Column("activated_at", Moment, nullable=False),
    Column("error", Text, nullable=False, default=""),  # why a newer folder was refused
)

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
    Column("employee", Text, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)
SESSIONS = Table(
    "sessions",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("employee", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
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

# Processes that said lately that they are alive.
BEATS = Table(
    "beats",
    METADATA,
    Column("process", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# What vendors let accounts in with, encrypted. `bound_to` tells under which secrets; the lease is
# of who signs in just now, and before `pause_until` nobody does.
TOKENS = Table(
    "tokens",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("bound_to", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("expires_at", Moment),
    Column("signed_in_at", Moment),
    Column("lease", Text),
    Column("lease_until", Moment),
    Column("pause_until", Moment),
    Column("failures", Integer, nullable=False, default=0),  # sign-ins in a row that went wrong
    Column("refusals", Integer, nullable=False, default=0),  # tokens in a row refused when new
)
