"""Our own sends to clients that are not settled yet."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, or_, select

from bridge import codec
from bridge.domain.effects import SendMessage
from bridge.domain.facts import OpenSend
from bridge.domain.messaging import MessageStatus
from bridge.domain.names import AccountName, ConversationId, EventKey, MessageId
from bridge.store.among import among
from bridge.store.marks import note_answered, note_unanswered
from bridge.store.outbox import WIPED, State, drop, put_vendor_ids
from bridge.store.outgoing import finish
from bridge.store.records import messages_by_id, messages_by_vendor_id, put_messages
from bridge.store.schema import MESSAGES, OUTBOX, SENDS


def open_sends(
    db: Connection, chats: Sequence[tuple[AccountName, ConversationId]]
) -> dict[ConversationId, tuple[OpenSend, ...]]:
    """Sends that were tried and whose vendor id is not known: an echo may tell it.

    Those that are done are among them: a vendor that refuses a repeated key does not say under
    which id it has the first one. Found by the messages without an id, of which there are few.
    """
    found: dict[ConversationId, tuple[OpenSend, ...]] = {}
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
        found[conversation] = (*found.get(conversation, ()), send)
    return found


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


def letter_of(db: Connection, account: AccountName, event_key: EventKey) -> tuple[MessageId, ...]:
    """The messages that one letter became, in their order."""
    found = db.scalars(
        select(OUTBOX.c.message)
        .where(OUTBOX.c.event_account == account, OUTBOX.c.event_key == event_key, SENDS)
        .order_by(OUTBOX.c.id)
    )
    return tuple(message for message in found if message is not None)


def drop_send(db: Connection, message: MessageId, now: datetime) -> None:
    """It will not be tried any more, nor what is pointless without it."""
    for row_id in _rows_of(db, message, _UNDONE):
        drop(db, row_id, now)


def _rows_of(db: Connection, message: MessageId, states: Sequence[State]) -> Sequence[int]:
    found = select(OUTBOX.c.id).where(OUTBOX.c.message == message, SENDS)
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
    put_messages(db, {message: account}, [sent])
    if known.status is MessageStatus.FAILED:
        note_answered(db, sent)


def note_failed(
    db: Connection, account: AccountName, message: MessageId, status: MessageStatus, reason: str
) -> None:
    """The message did not get through, or nobody knows: the writer sees why."""
    known = messages_by_id(db, [message]).get(message)
    if known is None:
        return
    put_messages(db, {message: account}, [replace(known, status=status, error=reason)])
    if status is MessageStatus.FAILED:
        note_unanswered(db, known)


_UNDONE = (State.PENDING, State.HELD, State.UNKNOWN, State.DEAD)
_UNSENT = (MessageStatus.QUEUED, MessageStatus.UNKNOWN, MessageStatus.FAILED)
