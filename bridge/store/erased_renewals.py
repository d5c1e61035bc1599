"""Renewals of somebody who must be forgotten: they say nothing of him any more."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, literal, or_, select, update

from bridge import codec
from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind
from bridge.domain.renewing import Renewal
from bridge.store.among import among
from bridge.store.outbox import WIPED, State
from bridge.store.schema import DECISIONS, OUTBOX, RENEWAL_CHATS, RENEWALS

_SAY_SOMETHING = ("SendEmail", "CreateTask")  # all else that is done for a renewal names ids alone


def erase_renewals(db: Connection, contact: CrmId, now: datetime) -> None:
    """Those that are the contact's own, and those among whose people he is; found by his id, as
    seldom as somebody is erased."""
    his = [f'"{field}":{codec.encode(contact).decode()}' for field in ("record", "contact")]
    holds = or_(*(_holds(db, text.encode()) for text in his))
    found = [
        codec.decode(Renewal, value) for value in db.scalars(select(RENEWALS.c.value).where(holds))
    ]
    if not found:
        return
    for renewal in found:
        value = codec.encode(_wiped(renewal, contact))
        db.execute(update(RENEWALS).where(RENEWALS.c.id == renewal.id).values(value=value))
        db.execute(delete(RENEWAL_CHATS).where(RENEWAL_CHATS.c.renewal == renewal.id))
    there = among(DECISIONS.c.subject, [renewal.subject.name for renewal in found])
    mine = OUTBOX.c.event_key.in_(select(DECISIONS.c.event_key).where(there))
    told = mine & OUTBOX.c.kind.in_(_SAY_SOMETHING)
    ended = [State.DONE.value, State.DROPPED.value]
    dropped = {"state": State.DROPPED.value, "next_attempt_at": None, "done_at": now}
    db.execute(update(OUTBOX).where(told, OUTBOX.c.state.not_in(ended)).values(**dropped))
    db.execute(update(OUTBOX).where(told).values(effect=WIPED, reason="erased"))
    db.execute(update(DECISIONS).where(there).values(event=None, facts=None))


def _wiped(renewal: Renewal, contact: CrmId) -> Renewal:
    reading = renewal.reading
    if reading.record == contact and reading.kind is CrmKind.CONTACT:
        return replace(renewal, reading=replace(reading, name="", contacts=()))
    others = tuple(one for one in reading.contacts if one.contact != contact)
    return replace(renewal, reading=replace(reading, contacts=others))


def _holds(db: Connection, text: bytes) -> ColumnElement[bool]:
    if db.dialect.name == "sqlite":
        return func.instr(RENEWALS.c.value, text) > 0
    return func.position(literal(text).op("IN")(RENEWALS.c.value)) > 0
