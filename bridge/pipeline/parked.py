"""What has waited for a message for too long is decided once more, in vain, and waits no longer."""

from dataclasses import replace

from sqlalchemy import Connection, select, update

from bridge import codec
from bridge.domain.decisions import Verdict
from bridge.domain.parking import PATIENCE
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.ledger import Record
from bridge.pipeline.parts import Parts
from bridge.store import parking
from bridge.store.deciding import deciding
from bridge.store.engine import reading
from bridge.store.schema import DECISIONS, PARKED

BATCH = 200
_ANY_OLD = select(PARKED.c.inbox_id).limit(1)
_GONE = "its request was erased or dropped before the message that it is about came"


def expire(parts: Parts) -> None:
    """The oldest first, a batch at a time."""
    until = parts.now() - PATIENCE
    with reading(parts.engine) as db:
        if db.execute(_ANY_OLD.where(PARKED.c.parked_at <= until)).first() is None:
            return
    with deciding(parts.engine) as db:
        parking.wake_old(db, until, BATCH)
        for key in parking.orphans(db, until, BATCH):
            _give_up(db, key)


def _give_up(db: Connection, key: parking.Key) -> None:
    """There is nothing left that could be decided again: the record says so."""
    account, event_key = key
    this = (DECISIONS.c.account == account, DECISIONS.c.event_key == event_key)
    stored = db.scalar(select(DECISIONS.c.record).where(*this))
    if stored is not None:
        reason = Reason(ReasonCode.MESSAGE_UNKNOWN, _GONE)
        record = replace(
            codec.decode(Record, bytes(stored)), verdict=Verdict.IGNORED, reasons=(reason,)
        )
        db.execute(
            update(DECISIONS)
            .where(*this)
            .values(
                verdict=Verdict.IGNORED.value,
                headline=reason.code.value,
                record=codec.encode(record),
                event=None,
                facts=None,
            )
        )
    parking.remove(db, [key])
