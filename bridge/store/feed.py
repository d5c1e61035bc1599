"""Decisions for feeds, the newest first: a superset that `access` has the last word on."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    RowMapping,
    Select,
    and_,
    or_,
    select,
    tuple_,
    union,
)

from bridge.codec import decode
from bridge.domain.events import (
    MessageDeleted,
    MessageEdited,
    MessageReacted,
    MessageReceived,
    MessageStatusChanged,
)
from bridge.domain.messaging import Messenger
from bridge.domain.names import (
    AccountName,
    ChannelName,
    ConversationId,
    EmployeeId,
    EventKey,
    MessageId,
    RecordId,
)
from bridge.domain.records import Contact, Deal, Lead, RecordKind
from bridge.store.among import among
from bridge.store.leaping import different
from bridge.store.matching import holds
from bridge.store.schema import (
    CONTACTS,
    CONVERSATIONS,
    DECISIONS,
    MESSAGES,
    OUTBOX,
    RECORD_CONTACTS,
    RECORDS,
    SENDS,
)
from bridge.store.sieving import Sieve, let_through


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedWanted:
    """What a feed is about; None and False narrow nothing. `contacts` are those whose whole
    correspondence is asked for, `subject` is as `Subject.name` has it; `since` is included,
    `until` is not."""

    sieve: Sieve | None = None
    messages_only: bool = False
    conversation: ConversationId | None = None
    subject: str | None = None
    subjects_only: bool = False
    tenants: frozenset[str] | None = None
    contacts: frozenset[RecordId] | None = None
    accounts: frozenset[AccountName] | None = None
    channel: ChannelName | None = None
    messenger: Messenger | None = None
    employee: EmployeeId | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One decision. `record` is the whole record as stored."""

    id: int
    account: AccountName
    event_key: EventKey
    kind: str
    verdict: str
    conversation: ConversationId | None
    contact: RecordId | None
    subject: str | None
    tenant: str | None
    target: EmployeeId | None
    message: MessageId | None
    occurred_at: datetime
    decided_at: datetime
    record: bytes


def feed_rows(
    db: Connection, wanted: FeedWanted, before: int | None, limit: int
) -> tuple[FeedRow, ...]:
    query = narrowed(db, wanted)
    if before is not None:
        query = query.where(DECISIONS.c.id < before)
    rows = db.execute(query.order_by(DECISIONS.c.id.desc()).limit(limit)).mappings()
    return tuple(row_of(row) for row in rows)


def feed_row(db: Connection, decision: int) -> FeedRow | None:
    found = db.execute(COLUMNS.where(DECISIONS.c.id == decision)).mappings().first()
    return None if found is None else row_of(found)


def decisions_of_messages(db: Connection, messages: Collection[MessageId]) -> dict[MessageId, int]:
    """The decision that first dealt with each message."""
    told = select(DECISIONS.c.message, DECISIONS.c.id, DECISIONS.c.kind).where(
        DECISIONS.c.message.in_(messages)
    )
    made = (
        select(OUTBOX.c.message, DECISIONS.c.id, DECISIONS.c.kind)
        .join(
            DECISIONS,
            and_(
                DECISIONS.c.account == OUTBOX.c.event_account,
                DECISIONS.c.event_key == OUTBOX.c.event_key,
            ),
        )
        .where(OUTBOX.c.message.in_(messages), SENDS)
    )
    first: dict[MessageId, tuple[bool, int]] = {}
    for message, event, kind in [*db.execute(told), *db.execute(made)]:
        found = (kind in LATER, event)  # what was told of it may have come before it
        first[MessageId(message)] = min(found, first.get(MessageId(message), found))
    return {message: event for message, (_, event) in first.items()}


def messages_sent_by(
    db: Connection, events: Collection[tuple[AccountName, EventKey]]
) -> dict[tuple[AccountName, EventKey], tuple[MessageId, ...]]:
    """The messages that each event made us send: a text with a file is two."""
    found: dict[tuple[AccountName, EventKey], tuple[MessageId, ...]] = {}
    this = tuple_(OUTBOX.c.event_account, OUTBOX.c.event_key)
    query = select(OUTBOX.c.event_account, OUTBOX.c.event_key, OUTBOX.c.message).where(
        this.in_(list(events)), SENDS
    )
    for account, key, message in db.execute(query.order_by(OUTBOX.c.id)):
        event = (AccountName(account), EventKey(key))
        found[event] = (*found.get(event, ()), MessageId(message))
    return found


def contact_ids(db: Connection, name: str) -> frozenset[RecordId]:
    """The contacts of this id, ours or the CRM's."""
    return frozenset(RecordId(found) for found in db.scalars(_contacts_named(name)))


def contacts_named(db: Connection, name: str) -> tuple[Contact, ...]:
    """Those that `contact_ids` finds, whole."""
    this = CONTACTS.c.id.in_(_contacts_named(name))
    values = db.scalars(select(CONTACTS.c.value).where(this).order_by(CONTACTS.c.id))
    return tuple(decode(Contact, bytes(value)) for value in values)


def records_named(db: Connection, kind: RecordKind, name: str) -> tuple[Deal | Lead, ...]:
    """The deals or leads of this id, ours or the CRM's."""
    this = RECORDS.c.id.in_(_records_named(kind, name))
    shape: type[Deal] | type[Lead] = Deal if kind is RecordKind.DEAL else Lead
    values = db.scalars(select(RECORDS.c.value).where(this).order_by(RECORDS.c.id))
    return tuple(decode(shape, bytes(value)) for value in values)


def contacts_of_record(db: Connection, kind: RecordKind, name: str) -> frozenset[RecordId]:
    """The contacts of the deal or lead of this id, ours or the CRM's."""
    this = RECORD_CONTACTS.c.record.in_(_records_named(kind, name))
    linked = select(RECORD_CONTACTS.c.contact).where(this)
    return frozenset(RecordId(found) for found in db.scalars(linked))


def _contacts_named(name: str) -> CompoundSelect[str]:
    """By the indices of both ids, of which the CRM's begins with the account."""
    of = CONTACTS.c
    theirs = and_(of.account.in_(different(of.account)), of.crm_id == name)
    return union(select(of.id).where(of.id == name), select(of.id).where(theirs))


def _records_named(kind: RecordKind, name: str) -> CompoundSelect[str]:
    of = RECORDS.c
    theirs = and_(of.account.in_(different(of.account)), of.kind == kind, of.crm_id == name)
    ours = and_(of.id == name, of.kind == kind)
    return union(select(of.id).where(ours), select(of.id).where(theirs))


# What may happen to a message that is there already.
LATER = tuple(
    event.__name__
    for event in (MessageStatusChanged, MessageEdited, MessageDeleted, MessageReacted)
)

COLUMNS = select(
    DECISIONS.c.id,
    DECISIONS.c.account,
    DECISIONS.c.event_key,
    DECISIONS.c.kind,
    DECISIONS.c.verdict,
    DECISIONS.c.conversation,
    DECISIONS.c.contact,
    DECISIONS.c.subject,
    DECISIONS.c.tenant,
    DECISIONS.c.target,
    DECISIONS.c.message,
    DECISIONS.c.occurred_at,
    DECISIONS.c.decided_at,
    DECISIONS.c.record,
)


def row_of(row: RowMapping) -> FeedRow:
    return FeedRow(**{name: row[name] for name in row})


def narrowed(db: Connection, wanted: FeedWanted) -> "Select[*tuple[Any, ...]]":
    query = COLUMNS
    for condition in (*_by_chat(db, wanted), *_by_subject(wanted), *_by_event(db, wanted)):
        query = query.where(condition)
    return query


def _by_chat(db: Connection, wanted: FeedWanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    chat = DECISIONS.c.conversation
    if wanted.sieve is not None:
        conditions.append(let_through(chat, wanted.sieve))
    if wanted.conversation is not None:
        conditions.append(chat == wanted.conversation)
    if wanted.contacts is not None:
        # Asked beforehand: where either column may fit, only values are found by both indices.
        of_theirs = among(CONVERSATIONS.c.contact, wanted.contacts)
        theirs = db.scalars(select(CONVERSATIONS.c.id).where(of_theirs)).all()
        conditions.append(or_(DECISIONS.c.contact.in_(wanted.contacts), among(chat, theirs)))
    if wanted.channel is not None:
        conditions.append(_in_chat(CONVERSATIONS.c.channel == wanted.channel))
    if wanted.messenger is not None:
        conditions.append(_in_chat(CONVERSATIONS.c.messenger == wanted.messenger))
    return conditions


def _in_chat(which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Asked of the chat of each decision that is looked at, not of all chats there are."""
    this = CONVERSATIONS.c.id == DECISIONS.c.conversation
    return select(CONVERSATIONS.c.id).where(this, which).exists()


def _by_subject(wanted: FeedWanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.subject is not None:
        conditions.append(DECISIONS.c.subject == wanted.subject)
    if wanted.subjects_only:
        conditions.append(DECISIONS.c.subject.is_not(None))
    if wanted.tenants is not None:
        conditions.append(DECISIONS.c.subject.is_not(None))
        conditions.append(DECISIONS.c.tenant.in_(wanted.tenants))
    return conditions


def _by_event(db: Connection, wanted: FeedWanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.messages_only:
        conditions.append(_is_first_of_its_message())
    if wanted.accounts is not None:
        conditions.append(DECISIONS.c.account.in_(wanted.accounts))
    if wanted.employee is not None:
        written = select(MESSAGES.c.seq).where(
            MESSAGES.c.id == DECISIONS.c.message,
            holds(db, MESSAGES.c.value, "author", wanted.employee),
        )
        by_somebody = DECISIONS.c.kind.not_in((MessageReceived.__name__, *LATER))
        sent = and_(by_somebody, written.exists())
        conditions.append(or_(DECISIONS.c.target == wanted.employee, sent))
    if wanted.since is not None:
        conditions.append(DECISIONS.c.occurred_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(DECISIONS.c.occurred_at < wanted.until)
    return conditions


def _is_first_of_its_message() -> ColumnElement[bool]:
    """One entry per message, however many events told of it (FEED-03)."""
    earlier = DECISIONS.alias("earlier")
    before = and_(
        earlier.c.message == DECISIONS.c.message,
        earlier.c.id < DECISIONS.c.id,
        earlier.c.kind.not_in(LATER),
    )
    stored = select(MESSAGES.c.seq).where(MESSAGES.c.id == DECISIONS.c.message).exists()
    again = select(earlier.c.id).where(before).exists()
    return and_(DECISIONS.c.kind.not_in(LATER), stored, ~again)
