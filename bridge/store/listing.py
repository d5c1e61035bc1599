"""Conversations for lists, the newest first: a superset that `access` has the last word on."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Select,
    Text,
    func,
    literal_column,
    or_,
    select,
    text,
    type_coerce,
)

from bridge.codec import decode
from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName, ConversationId, EmployeeId, MessageId
from bridge.domain.notifications import Mark
from bridge.domain.records import Conversation, Message
from bridge.store.among import among
from bridge.store.matching import holds
from bridge.store.notes import Note
from bridge.store.schema import (
    CONVERSATIONS,
    MESSAGES,
    NOTES,
)
from bridge.store.sieving import Sieve, comes_through

LONGEST_WORDS = 200
"""What is looked for, in characters."""
FEW = 2000
"""So many conversations of a channel are sorted rather than all others passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a list goes on: after this conversation. Chats without any message come last."""

    at: datetime | None
    id: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list is about; all of it must fit. `mine`: whose client is the viewer's; `owner`:
    whose client is this colleague's; `mark`: unanswered with this colour for the viewer; `failed`:
    a message did not arrive and was not sent again; `since`: something was said since then.

    What depends on the viewer comes here as sieves, of which None lets everything through; for the
    `words` of a search `among` names conversations and contacts."""

    sieve: Sieve | None = None
    among: frozenset[str] | None = None
    owned: Sieve | None = None
    unanswered: bool = False
    channel: ChannelName | None = None
    words: str = ""
    mine: bool = False
    mark: Mark | None = None
    owner: EmployeeId | None = None
    messenger: Messenger | None = None
    failed: bool = False
    since: datetime | None = None


def conversations(
    db: Connection, wanted: Wanted, after: Position | None, limit: int
) -> tuple[Conversation, ...]:
    """The next conversations after a position, at most `limit`, none of them twice."""
    found = _dated(db, wanted, after, limit) if after is None or after.at else ()
    if len(found) == limit:
        return found
    start = after.id if after is not None and after.at is None else ConversationId("")
    return (*found, *_undated(db, wanted, start, limit - len(found)))


def unanswered(db: Connection, most: int | None = None) -> int:
    """How many clients wait for an answer, whoever may read them; no more than `most` are counted,
    which costs the same however many there are."""
    waiting = select(CONVERSATIONS.c.id).where(CONVERSATIONS.c.unanswered_since.is_not(None))
    found = waiting.limit(most).subquery()
    return db.scalar(select(func.count()).select_from(found)) or 0


def waiting(db: Connection, sieve: Sieve, newest: int) -> tuple[ConversationId, ...]:
    """The conversations of a sieve whose clients wait for an answer; of one that lets very many
    through those among so many of the newest."""
    chat = CONVERSATIONS.c
    waits = chat.unanswered_since.is_not(None)
    if sieve.chats is None:
        recent = select(chat.id).where(waits).order_by(chat.last_message_at.desc(), chat.id.desc())
        waits = chat.id.in_(recent.limit(newest))
    return tuple(db.scalars(select(chat.id).where(waits, comes_through(sieve))))


def position(conversation: Conversation) -> Position:
    return Position(at=conversation.last_message_at, id=conversation.id)


def last_messages(
    db: Connection, ids: Sequence[ConversationId]
) -> Mapping[ConversationId, Message]:
    newest = (
        select(func.max(MESSAGES.c.seq))
        .where(MESSAGES.c.conversation.in_(ids))
        .group_by(MESSAGES.c.conversation)
    )
    values = db.scalars(select(MESSAGES.c.value).where(MESSAGES.c.seq.in_(newest)))
    messages = [decode(Message, bytes(value)) for value in values]
    return {message.conversation: message for message in messages}


def messages_of(
    db: Connection, conversation: ConversationId, before: int | None, limit: int
) -> tuple[tuple[int, Message], ...]:
    """The newest first, each with the number that the next page goes on from."""
    query = select(MESSAGES.c.seq, MESSAGES.c.value).where(MESSAGES.c.conversation == conversation)
    if before is not None:
        query = query.where(MESSAGES.c.seq < before)
    rows = db.execute(query.order_by(MESSAGES.c.seq.desc()).limit(limit))
    return tuple((row.seq, decode(Message, bytes(row.value))) for row in rows)


def number_of(db: Connection, conversation: ConversationId, message: MessageId) -> int | None:
    """The number of a message of this conversation."""
    query = select(MESSAGES.c.seq).where(
        MESSAGES.c.id == message, MESSAGES.c.conversation == conversation
    )
    return db.scalar(query)


def messages_among(
    db: Connection, wanted: Wanted, seqs: Iterable[int]
) -> tuple[tuple[int, Message], ...]:
    """Those of these messages whose conversations fit, the newest first."""
    query = (
        _narrowed(db, wanted)
        .join(MESSAGES, MESSAGES.c.conversation == CONVERSATIONS.c.id)
        .with_only_columns(MESSAGES.c.seq, MESSAGES.c.value)
        .where(among(MESSAGES.c.seq, seqs))
        .order_by(MESSAGES.c.seq.desc())
    )
    rows = db.execute(query)
    return tuple((row.seq, decode(Message, bytes(row.value))) for row in rows)


def noted_among(db: Connection, wanted: Wanted, ids: Iterable[int]) -> tuple[Note, ...]:
    """Those of these notes whose conversations fit, the newest first."""
    query = (
        _narrowed(db, wanted)
        .join(NOTES, NOTES.c.conversation == CONVERSATIONS.c.id)
        .with_only_columns(*NOTES.c)
        .where(among(NOTES.c.id, ids))
        .order_by(NOTES.c.id.desc())
    )
    return tuple(Note(**row) for row in db.execute(query).mappings())


def places_of(
    db: Connection, conversations: Iterable[ConversationId], start: int
) -> Mapping[int, ConversationId]:
    """The messages of some conversations from a number on, by it."""
    wanted = among(MESSAGES.c.conversation, conversations)
    rows = db.execute(
        select(MESSAGES.c.seq, MESSAGES.c.conversation).where(wanted, MESSAGES.c.seq >= start)
    )
    return {row.seq: row.conversation for row in rows}


def places_within(db: Connection, wanted: Wanted, first: int, last: int) -> frozenset[int]:
    """The numbers of the messages between whose conversations fit."""
    within = MESSAGES.c.conversation.in_(_named(db, wanted))
    return frozenset(
        db.scalars(select(MESSAGES.c.seq).where(within, MESSAGES.c.seq.between(first, last)))
    )


def fitting(db: Connection, wanted: Wanted) -> Wanted:
    """The same, of which those few that the sieve lets through are asked once what else is wanted
    of them."""
    if wanted.sieve is None or wanted.sieve.chats is None:
        return wanted
    chats = tuple(ConversationId(name) for name in db.scalars(_named(db, wanted)))
    return Wanted(sieve=replace(wanted.sieve, chats=chats), words=wanted.words)


def called_so(db: Connection, sieve: Sieve, ids: Collection[str]) -> frozenset[str]:
    """The conversations that a sieve lets through which are among these, or whose contacts are."""
    chat = CONVERSATIONS.c
    rows = db.execute(select(chat.id, chat.contact).where(comes_through(sieve)))
    return frozenset(row.id for row in rows if row.id in ids or row.contact in ids)


def on_channel(db: Connection, channel: ChannelName) -> ColumnElement[bool]:
    return holds(db, CONVERSATIONS.c.value, "channel", channel)


def _dated(
    db: Connection, wanted: Wanted, after: Position | None, limit: int
) -> tuple[Conversation, ...]:
    return _read(db, _in_order(_narrowed(db, wanted), wanted, after).limit(limit))


def _undated(
    db: Connection, wanted: Wanted, after: ConversationId, limit: int
) -> tuple[Conversation, ...]:
    if wanted.since is not None:
        return ()
    return _read(db, _unsaid(_narrowed(db, wanted), wanted, after).limit(limit))


def _in_order(query: Select[Any], wanted: Wanted, after: Position | None) -> Select[Any]:
    """Those with messages, the newest first."""
    at, name = CONVERSATIONS.c.last_message_at, CONVERSATIONS.c.id
    query = query.where(at.is_not(None))
    # `<=` alone is what the index is entered with.
    if after is not None and after.at is not None:
        query = query.where(at <= after.at, or_(at < after.at, name < after.id))
    if any(sieve and sieve.chats is not None for sieve in (wanted.sieve, wanted.owned)):
        # Said so that no store walks through all chats to find these few.
        return query.order_by((type_coerce(at, BigInteger) + 0).desc(), name.desc())
    return query.order_by(at.desc(), name.desc())


def _unsaid(query: Select[Any], wanted: Wanted, after: ConversationId) -> Select[Any]:
    """Those without any message."""
    at, name = CONVERSATIONS.c.last_message_at, CONVERSATIONS.c.id
    return query.where(at.is_(None), name > after).order_by(name)


def _read(db: Connection, query: Select[bytes]) -> tuple[Conversation, ...]:
    return tuple(decode(Conversation, bytes(value)) for value in db.scalars(query))


def _narrowed(db: Connection, wanted: Wanted) -> Select[bytes]:
    query = _timed(select(CONVERSATIONS.c.value), wanted)
    for sieve in (wanted.sieve, wanted.owned):
        if sieve is not None:
            query = query.where(comes_through(sieve))
    if wanted.channel is not None:
        query = query.where(_is(db, CONVERSATIONS.c.channel, wanted.channel))
    if wanted.messenger is not None:
        query = query.where(_is(db, CONVERSATIONS.c.messenger, wanted.messenger.value))
    if wanted.failed:
        failed = select(MESSAGES.c.conversation).where(text("messages.failed"))
        query = query.where(CONVERSATIONS.c.id.in_(failed))
    if wanted.among is not None:
        of_these = among(CONVERSATIONS.c.contact, wanted.among)
        query = query.where(or_(among(CONVERSATIONS.c.id, wanted.among), of_these))
    return query


def _timed(query: Select[bytes], wanted: Wanted) -> Select[bytes]:
    if wanted.unanswered:
        query = query.where(CONVERSATIONS.c.unanswered_since.is_not(None))
    if wanted.since is not None:
        query = query.where(CONVERSATIONS.c.last_message_at >= wanted.since)
    return query


def _named(db: Connection, wanted: Wanted) -> Select[str]:
    return _narrowed(db, wanted).with_only_columns(CONVERSATIONS.c.id)


def _is(db: Connection, column: Column[str], value: str) -> ColumnElement[bool]:
    """Few are found by the column's index and put in order; of many the newest are read in order,
    which PostgreSQL sees by itself."""
    if db.dialect.name != "sqlite":
        return column == value
    more = select(column).where(column == value).offset(FEW).limit(1)
    if db.execute(more).first() is None:
        return column == value
    return literal_column(f"+conversations.{column.name}", Text) == value
