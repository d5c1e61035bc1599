"""The outbox as a log: what was to be done at vendors, how far it is, and what they answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, ColumnElement, Connection, func, literal_column, select

from bridge.domain.names import AccountName, ConversationId
from bridge.store import attempts
from bridge.store.attempts import Attempt
from bridge.store.outbox import State
from bridge.store.schema import DECISIONS, OUTBOX, VENDOR_IDS

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
    OUTBOX.c.conversation,
    VENDOR_IDS.c.vendor_id,
    DECISIONS.c.id.label("event"),
)
NEWEST = 100_000
"""Among how many of the newest rows a kind is looked for."""

# As the partial index has it: with a bound value it would not be used.
_STATES: Mapping[State, ColumnElement[bool]] = {
    State.DEAD: literal_column("outbox.state = 'dead'", Boolean)
}


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
    conversation: ConversationId | None = None
    event: int | None = None  # the decision that ordered it
    log: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`before`: only those older than this one; None: from the newest on. A `kind` is looked for
    among the newest rows only."""

    account: AccountName | None = None
    state: State | None = None
    kind: str = ""
    conversation: ConversationId | None = None
    before: int | None = None
    limit: int = 50


def find(db: Connection, wanted: Wanted) -> Sequence[Delivery]:
    """The newest first, each with its log."""
    query = select(*_COLUMNS).select_from(
        OUTBOX.outerjoin(
            VENDOR_IDS,
            (VENDOR_IDS.c.account == OUTBOX.c.account) & (VENDOR_IDS.c.name == OUTBOX.c.makes),
        ).outerjoin(
            DECISIONS,
            (DECISIONS.c.event_key == OUTBOX.c.event_key)
            & (DECISIONS.c.account == OUTBOX.c.event_account),
        )
    )
    query = query.where(*_narrowed(wanted))
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
            conversation=row.conversation,
            event=row.event,
            log=logs.get(row.id, ()),
        )
        for row in rows
    ]


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    narrowed: list[ColumnElement[bool]] = []
    if wanted.account is not None:
        narrowed.append(OUTBOX.c.account == wanted.account)
    if wanted.state is not None:
        narrowed.append(_STATES.get(wanted.state, OUTBOX.c.state == wanted.state.value))
    if wanted.kind:
        newest = select(func.coalesce(func.max(OUTBOX.c.id), 0)).scalar_subquery()
        narrowed.extend((OUTBOX.c.kind == wanted.kind, OUTBOX.c.id > newest - NEWEST))
    if wanted.conversation is not None:
        narrowed.append(_is_of(wanted.conversation))
    if wanted.before is not None:
        narrowed.append(OUTBOX.c.id < wanted.before)
    return narrowed


def _is_of(conversation: ConversationId) -> ColumnElement[bool]:
    """Found by the conversation's decisions, which have an index."""
    ordered = (
        select(OUTBOX.c.id)
        .join(
            DECISIONS,
            (OUTBOX.c.event_account == DECISIONS.c.account)
            & (OUTBOX.c.event_key == DECISIONS.c.event_key),
        )
        .where(DECISIONS.c.conversation == conversation)
    )
    return OUTBOX.c.id.in_(ordered)


def one(db: Connection, number: int) -> Delivery | None:
    found = find(db, Wanted(before=number + 1, limit=1))
    return found[0] if found and found[0].id == number else None
