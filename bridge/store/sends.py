"""Our own sends to clients that are not settled yet."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, or_, select

from bridge import codec
from bridge.domain.effects import SendMessage
from bridge.domain.facts import OpenSend
from bridge.domain.messaging import MessageStatus
from bridge.domain.names import AccountName, ConversationId, EventKey, MessageId
from bridge.domain.records import Message
from bridge.store.among import among
from bridge.store.marks import note_answered, note_unanswered
from bridge.store.outbox import WIPED, State, drop, put_vendor_ids
from bridge.store.outgoing import finish
from bridge.store.records import messages_by_id, messages_by_vendor_id, put_messages
from bridge.store.schema import MESSAGES, NEEDS, OUTBOX, SENDS


def open_sends(
    db: Connection, chats: Sequence[tuple[AccountName, ConversationId]]
) -> dict[ConversationId, tuple[OpenSend, ...]]:
    """Sends that were tried and whose vendor id is not known: an echo may tell it.

    Those that are done are among them: a vendor that refuses a repeated key does not say under
    which id it has the first one. Found by the messages without an id, of which there are few.
    """
    found: dict[ConversationId, tuple[OpenSend, ...]] = {}
    given_up: set[MessageId] = set()
    accounts, conversations = {a for a, _ in chats}, {where for _, where in chats}
    if not conversations:
        return found
    rows = db.execute(
        select(OUTBOX.c.conversation, OUTBOX.c.state, OUTBOX.c.effect)
        .join(MESSAGES, MESSAGES.c.id == OUTBOX.c.message)
        .where(among(MESSAGES.c.account, accounts), MESSAGES.c.vendor_id.is_(None))
        .where(among(OUTBOX.c.conversation, conversations), SENDS)
        .where(OUTBOX.c.effect != WIPED)
        .where(or_(OUTBOX.c.in_doubt_since.is_not(None), OUTBOX.c.state == State.LEASED))
        .order_by(OUTBOX.c.id)
    )
    for conversation, state, value in rows:
        effect = codec.decode(SendMessage, bytes(value))
        send = OpenSend(message=effect.message, text=effect.text, unknown=state != State.LEASED)
        kept = _without_replaced(found.get(conversation, ()), send, given_up)
        if state == State.DROPPED:
            given_up.add(send.message)
        found[conversation] = (*kept, send)
    return found


def _without_replaced(
    sends: Sequence[OpenSend], newer: OpenSend, given_up: Collection[MessageId]
) -> tuple[OpenSend, ...]:
    """An echo is of the newer one where the same text has been sent again by a person."""
    return tuple(x for x in sends if x.message not in given_up or x.text != newer.text)


def _spare_the_second(db: Connection, message: Message, now: datetime) -> None:
    """The first one has arrived after all: what was to go in its place stays, if it still can."""
    if message.resent_as is None or not _rows_of(db, message.resent_as, [State.PENDING], tried=0):
        return
    drop_send(db, message.resent_as, now)
    second = messages_by_id(db, [message.resent_as])[message.resent_as]
    account = db.scalar(select(OUTBOX.c.account).where(OUTBOX.c.message == second.id, SENDS))
    if account is not None:
        note_failed(db, account, second.id, MessageStatus.FAILED, _SPARED)


def settle_send(db: Connection, message: MessageId, vendor_id: str, now: datetime) -> None:
    """The vendor has this message of ours: its row is done, and the message has its vendor id."""
    rows = db.execute(
        select(OUTBOX.c.id, OUTBOX.c.makes, OUTBOX.c.account)
        .where(OUTBOX.c.message == message, SENDS)
        .limit(1)
    ).all()
    for row in rows:
        if vendor_id:
            put_vendor_ids(db, row.account, {row.makes: vendor_id})
        finish(db, [row.id], [row.makes], now)
        note_sent(db, row.account, message, vendor_id)
    known = messages_by_id(db, [message]).get(message) if rows else None
    if known is not None:
        _spare_the_second(db, known, now)


def letter_of(db: Connection, account: AccountName, event_key: EventKey) -> tuple[MessageId, ...]:
    """The messages that one letter became, in their order."""
    found = db.scalars(
        select(OUTBOX.c.message)
        .where(OUTBOX.c.event_account == account, OUTBOX.c.event_key == event_key, SENDS)
        .order_by(OUTBOX.c.id)
    )
    return tuple(message for message in found if message is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendState:
    """How far a send is. `is_at_work`: it may still leave, or be looked up, by itself."""

    state: State
    is_at_work: bool


def send_state(db: Connection, message: MessageId) -> SendState | None:
    row = db.execute(
        select(OUTBOX.c.state, OUTBOX.c.next_attempt_at)
        .where(OUTBOX.c.message == message, SENDS)
        .limit(1)
    ).first()
    if row is None:
        return None
    state = State(row.state)
    looked_up = state is State.UNKNOWN and row.next_attempt_at is not None
    at_work = looked_up or state in (State.PENDING, State.LEASED, State.HELD)
    return SendState(state=state, is_at_work=at_work)


def behind(db: Connection, message: MessageId) -> tuple[MessageId, ...]:
    """The messages that leave only after this one, as long as they have not."""
    found: list[MessageId] = []
    names = list(db.scalars(select(OUTBOX.c.makes).where(OUTBOX.c.message == message, SENDS)))
    while names:
        rows = db.execute(
            select(OUTBOX.c.message, OUTBOX.c.makes)
            .join(NEEDS, NEEDS.c.outbox_id == OUTBOX.c.id)
            .where(NEEDS.c.name.in_(names), SENDS)
            .order_by(OUTBOX.c.id)
        ).all()
        found.extend(row.message for row in rows)
        names = [row.makes for row in rows]
    return tuple(found)


def drop_send(db: Connection, message: MessageId, now: datetime) -> None:
    """It will not be tried any more, nor what is pointless without it."""
    for row_id in _rows_of(db, message, _UNDONE):
        drop(db, row_id, now)


def _rows_of(
    db: Connection, message: MessageId, states: Sequence[State], tried: int | None = None
) -> Sequence[int]:
    found = select(OUTBOX.c.id).where(OUTBOX.c.message == message, SENDS)
    if tried is not None:
        found = found.where(OUTBOX.c.attempts == tried)
    return db.scalars(found.where(OUTBOX.c.state.in_(states))).all()


def note_sent(db: Connection, account: AccountName, message: MessageId, vendor_id: str) -> None:
    """The message was accepted by the vendor, which calls it `vendor_id`."""
    known = messages_by_id(db, [message]).get(message)
    if known is None:
        return
    if known.vendor_id is not None and known.status is MessageStatus.FAILED:
        return  # the vendor has told of its end already
    taken = vendor_id and messages_by_vendor_id(db, [(account, vendor_id)])
    sent = replace(
        known,
        vendor_id=known.vendor_id or (None if taken else vendor_id or None),
        status=MessageStatus.SENT if known.status in _UNSENT else known.status,
        error="",
    )
    put_messages(db, {message: account}, [sent], reworded=())
    if known.status is MessageStatus.FAILED:
        note_answered(db, sent)


def note_failed(
    db: Connection, account: AccountName, message: MessageId, status: MessageStatus, reason: str
) -> None:
    """The message did not get through, or nobody knows: the writer sees why."""
    known = messages_by_id(db, [message]).get(message)
    if known is None:
        return
    failed = replace(known, status=status, error=reason)
    put_messages(db, {message: account}, [failed], reworded=())
    if status is MessageStatus.FAILED:
        note_unanswered(db, known)


_SPARED = "not sent: the one before it has arrived after all"
_UNDONE = (State.PENDING, State.HELD, State.UNKNOWN, State.DEAD)
_UNSENT = (MessageStatus.QUEUED, MessageStatus.UNKNOWN, MessageStatus.FAILED)
