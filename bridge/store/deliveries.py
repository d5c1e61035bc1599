"""The outbox as a log: what was to be done at vendors, how far it is, and what they answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from bridge.domain.names import AccountName
from bridge.store import attempts
from bridge.store.attempts import Attempt
from bridge.store.outbox import State
from bridge.store.schema import OUTBOX, VENDOR_IDS

_COLUMNS = (
    OUTBOX.c.id,
    OUTBOX.c.account,
    OUTBOX.c.kind,
    OUTBOX.c.state,
    OUTBOX.c.attempts,
    OUTBOX.c.idempotency_key,
    OUTBOX.c.created_at,
    OUTBOX.c.tried_at,
    OUTBOX.c.done_at,
    OUTBOX.c.next_attempt_at,
    OUTBOX.c.reason,
    VENDOR_IDS.c.vendor_id,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """`key` is the idempotency key, by which a vendor that was given it finds its own record;
    `vendor_id` what the vendor made of it. `log`: what was answered to attempts that did not settle
    it. Nothing here is of a client."""

    id: int
    account: AccountName
    kind: str
    state: State
    attempts: int
    key: str
    created_at: datetime
    tried_at: datetime | None
    done_at: datetime | None
    next_attempt_at: datetime | None
    reason: str
    vendor_id: str | None
    log: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`before`: only those older than this one; None: from the newest on."""

    account: AccountName | None = None
    state: State | None = None
    before: int | None = None
    limit: int = 50


def find(db: Connection, wanted: Wanted) -> Sequence[Delivery]:
    """The newest first, each with its log."""
    query = select(*_COLUMNS).select_from(
        OUTBOX.outerjoin(
            VENDOR_IDS,
            (VENDOR_IDS.c.account == OUTBOX.c.account) & (VENDOR_IDS.c.name == OUTBOX.c.makes),
        )
    )
    if wanted.account is not None:
        query = query.where(OUTBOX.c.account == wanted.account)
    if wanted.state is not None:
        query = query.where(OUTBOX.c.state == wanted.state.value)
    if wanted.before is not None:
        query = query.where(OUTBOX.c.id < wanted.before)
    rows = db.execute(query.order_by(OUTBOX.c.id.desc()).limit(wanted.limit)).all()
    logs = attempts.of(db, [row.id for row in rows])
    return [
        Delivery(
            id=row.id,
            account=row.account,
            kind=row.kind,
            state=State(row.state),
            attempts=row.attempts,
            key=row.idempotency_key,
            created_at=row.created_at,
            tried_at=row.tried_at,
            done_at=row.done_at,
            next_attempt_at=row.next_attempt_at,
            reason=row.reason,
            vendor_id=row.vendor_id,
            log=logs.get(row.id, ()),
        )
        for row in rows
    ]


def one(db: Connection, number: int) -> Delivery | None:
    found = find(db, Wanted(before=number + 1, limit=1))
    return found[0] if found and found[0].id == number else None
