"""Entries for a contact that is no longer in the CRM: they wait in the chat for the client's next
contact instead of staying dead letters."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from bridge import codec
from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.effects import WriteTimelineEntry
from bridge.domain.names import MessageId, RecordId
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import Contact, ContactState, RecordKind, TimelineState
from bridge.pipeline.lanes import Way, lane
from bridge.store import chats, mirror, outbox, records
from bridge.store.outbox import State
from bridge.store.outgoing import Row, withhold
from bridge.store.schema import OUTBOX

REASON = (
    f"{ReasonCode.RECORD_GONE}: the contact is no longer in the CRM; the message is kept in the "
    "chat, and is written to the client's next contact as soon as he writes again"
)


def is_ended(db: Connection, row: Row, now: datetime) -> bool:
    """Whether the row has ended so. Where the mirror still has the contact, the CRM is asked."""
    if not isinstance(row.effect, WriteTimelineEntry):
        return False
    contacts = chats.contacts_by_id(db, _contacts_of(row.effect)).values()
    if contacts and all(contact.state is ContactState.DELETED for contact in contacts):
        _end(db, row.id, row.effect.message, now)
        return True
    wishes = [
        RequestRefresh(kind=RefreshKind.CONTACT, key=contact.crm_id)
        for contact in contacts
        if contact.crm_id is not None
    ]
    if wishes:
        mirror.request_refreshes(db, lane(Way.MIRROR, row.account), wishes, now)
    return False


def end_entries(db: Connection, before: Collection[Contact], now: datetime) -> None:
    """Of contacts that the CRM just said to be gone: dead letters that were meant for them."""
    ids = {contact.id for contact in before}
    if not ids:
        return
    dead = select(OUTBOX.c.id, OUTBOX.c.effect).where(
        OUTBOX.c.state == State.DEAD.value, OUTBOX.c.kind == WriteTimelineEntry.__name__
    )
    for row_id, value in db.execute(dead).all():
        effect = codec.decode(WriteTimelineEntry, bytes(value))
        meant = set(_contacts_of(effect))
        if meant and meant <= ids:
            _end(db, row_id, effect.message, now)


def _end(db: Connection, row_id: int, name: MessageId, now: datetime) -> None:
    outbox.drop(db, row_id, now)
    withhold(db, row_id, REASON, now)
    message = records.messages_by_id(db, [name]).get(name)
    if message is None:
        return
    where = message.conversation
    account = chats.conversations_by_id(db, [where])[where].account
    waiting = replace(message, timeline=TimelineState.WAITING)
    records.put_messages(db, {name: account}, [waiting], reworded=())


def _contacts_of(effect: WriteTimelineEntry) -> tuple[RecordId, ...]:
    return tuple(record for kind, record in effect.records if kind is RecordKind.CONTACT)
