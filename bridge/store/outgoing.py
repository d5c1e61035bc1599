"""The outbox as work: the next rows of a lane in their order, and how each ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal_column, select, text, update

from bridge import codec
from bridge.domain import effects
from bridge.domain.effects import Effect
from bridge.domain.names import AccountName, ConversationId, EventKey, MessageId
from bridge.store.among import among, among_given
from bridge.store.outbox import State, satisfied
from bridge.store.schema import OUTBOX, UPDATES
from bridge.store.types import microseconds

_KINDS: Mapping[str, type[Effect]] = {
    kind.__name__: kind
    for kind in (
        effects.CreateContact,
        effects.CreateDeal,
        effects.CreateLead,
        effects.ChangeOwner,
        effects.WriteTimelineEntry,
        effects.UpdateTimelineEntry,
        effects.SendMessage,
        effects.JoinChat,
        effects.SendEmail,
        effects.PostNotification,
        effects.AssignRecord,
        effects.SetProperty,
        effects.CreateTask,
        effects.WriteNote,
    )
}


# Rows looked at for each one taken, so that a few busy chats do not make small runs of all.
_LOOK_AHEAD = 4
# Once in doubt, always: a look-up may say that it is safe to repeat, which is not for ever.
_IN_DOUBT_SINCE = func.coalesce(OUTBOX.c.in_doubt_since, OUTBOX.c.tried_at)
_ENDED = (State.DONE.value, State.DROPPED.value)
_HAS_LEFT = (State.LEASED.value, State.UNKNOWN.value, State.DONE.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    id: int
    account: AccountName
    effect: Effect
    idempotency_key: str
    ordering_key: str
    makes: str | None
    conversation: ConversationId | None
    message: MessageId | None
    attempts: int
    in_doubt_since: datetime | None
    event_account: AccountName
    event_key: EventKey


# Made once: to make a statement anew costs as much as to run it.
_COLUMNS = (OUTBOX.c.kind, *(OUTBOX.c[field.name] for field in fields(Row)))
_BY_ID = select(*_COLUMNS).where(among_given(OUTBOX.c.id, "ids"))
_DUE_UNKNOWN = (
    select(OUTBOX.c.id)
    .where(OUTBOX.c.lane == bindparam("of_lane"), OUTBOX.c.state == State.UNKNOWN.value)
    .where(OUTBOX.c.next_attempt_at <= bindparam("now"))
    .order_by(OUTBOX.c.id)
    .limit(bindparam("most"))
)
_LEASE = (
    update(OUTBOX)
    .where(among_given(OUTBOX.c.id, "ids"))
    .values(state=State.LEASED.value, attempts=OUTBOX.c.attempts + 1, tried_at=bindparam("now"))
)
_DONE = (
    update(OUTBOX)
    .where(among_given(OUTBOX.c.id, "ids"))
    .values(state=State.DONE.value, done_at=bindparam("now"), reason="", next_attempt_at=None)
)
_ORPHANED = (
    update(OUTBOX)
    .where(OUTBOX.c.lane == bindparam("of_lane"), literal_column("state = 'leased'"))
    .values(
        state=State.UNKNOWN.value,
        next_attempt_at=bindparam("look_up_at"),
        reason="its worker died while it was being delivered",
        in_doubt_since=_IN_DOUBT_SINCE,
    )
)


def take(db: Connection, lane: str, now: datetime, limit: int, *, at_least: int = 1) -> list[Row]:
    """The next rows in order, marked leased with their attempt counted; none at all when they
    would be fewer than `at_least`.

    Passed over are rows that wait for another's result, rows behind an unsettled row of the same
    ordering key, and all but the first of a key: should that one fail, the next must not be done.
    """
    ids: list[int] = []
    for most in (limit, limit * _LOOK_AHEAD):
        values = {"lane": lane, "now": microseconds(now), "most": most}
        found = db.execute(_RUNNABLE, values).all()
        ids = _one_of_each_key(found, limit)
        if len(ids) == limit or len(found) < most:
            break
    if not ids or len(ids) < at_least:
        return []
    db.execute(_LEASE, {"ids": ids, "now": now})
    return rows_by_id(db, ids)


def _one_of_each_key(found: Sequence[Any], limit: int) -> list[int]:
    first: dict[str, int] = {}
    for row in found:
        # One that was tried twice may be what kills its worker: it is tried alone.
        alone = row.attempts > 1
        if alone and first:
            break
        first.setdefault(row.ordering_key, row.id)
        if alone or len(first) == limit:
            break
    return list(first.values())


def due_unknown(db: Connection, lane: str, now: datetime, limit: int) -> list[Row]:
    """Rows of unknown outcome whose look-up is due."""
    ids = db.scalars(_DUE_UNKNOWN, {"of_lane": lane, "now": now, "most": limit}).all()
    return rows_by_id(db, ids)


def rows_by_id(db: Connection, ids: Sequence[int]) -> list[Row]:
    """The rows in the order of the ids."""
    if not ids:
        return []
    found = db.execute(_BY_ID, {"ids": ids}).all()
    by_id = {row.id: _row(row) for row in found}
    return [by_id[n] for n in ids if n in by_id]


def finish(db: Connection, ids: Sequence[int], makes: Sequence[str], now: datetime) -> None:
    """The rows are done, and nobody waits for what they made any more."""
    if not ids:
        return
    db.execute(_DONE, {"ids": ids, "now": now})
    satisfied(db, makes)


def settle(
    db: Connection, row_id: int, state: State, reason: str, next_attempt_at: datetime | None = None
) -> bool:
    """Another end, or another time: the row's new state and why.

    False for one that has ended meanwhile, by its echo or by a person, and stays so.
    """
    doubt = {"in_doubt_since": _IN_DOUBT_SINCE} if state is State.UNKNOWN else {}
    settled = db.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == row_id, OUTBOX.c.state.not_in(_ENDED))
        .values(state=state.value, reason=reason, next_attempt_at=next_attempt_at, **doubt)
    )
    return settled.rowcount == 1


def withhold(db: Connection, row_id: int, reason: str, now: datetime) -> None:
    """Dropped before it was sent: it is for nobody any more."""
    db.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == row_id)
        .values(state=State.DROPPED.value, reason=reason, next_attempt_at=None, done_at=now)
    )


def give_back(
    db: Connection, ids: Sequence[int], reason: str, next_attempt_at: datetime | None
) -> None:
    """Pending again, the attempt not counted: it was not the rows' fault, and nothing left."""
    db.execute(
        update(OUTBOX)
        .where(among(OUTBOX.c.id, ids))
        .values(
            state=State.PENDING.value,
            reason=reason,
            next_attempt_at=next_attempt_at,
            attempts=OUTBOX.c.attempts - 1,
        )
    )


def was_overtaken(db: Connection, row: Row) -> bool:
    """Whether a later row of its lane that does the same kind of thing is done."""
    later = (
        select(OUTBOX.c.id)
        .where(OUTBOX.c.id > row.id, OUTBOX.c.account == row.account)
        .where(OUTBOX.c.kind == type(row.effect).__name__, OUTBOX.c.state == State.DONE.value)
        .limit(1)
    )
    return db.scalar(later) is not None


def overtaken_updates(db: Connection, rows: Sequence[Row]) -> set[int]:
    """Of these rows those that correct a timeline entry of which a later correction is done, or
    may have arrived."""
    updates = {row.id: row for row in rows if isinstance(row.effect, effects.UpdateTimelineEntry)}
    if not updates:
        return set()
    messages = {row.message for row in updates.values()}
    found = db.execute(
        select(OUTBOX.c.account, OUTBOX.c.message, func.max(OUTBOX.c.id))
        .where(among(OUTBOX.c.message, messages), UPDATES)
        .where(OUTBOX.c.state.in_(_HAS_LEFT))
        .group_by(OUTBOX.c.account, OUTBOX.c.message)
    )
    latest = {(account, message): row_id for account, message, row_id in found}
    return {
        row.id for row in updates.values() if latest.get((row.account, row.message), 0) > row.id
    }


def not_counted(db: Connection, row_id: int) -> None:
    """The last attempt was not the row's fault."""
    db.execute(update(OUTBOX).where(OUTBOX.c.id == row_id).values(attempts=OUTBOX.c.attempts - 1))


def orphaned(db: Connection, lane: str, look_up_at: datetime) -> int:
    """Rows that a dead holder had in hand: their outcome is unknown and has to be looked up."""
    return db.execute(_ORPHANED, {"of_lane": lane, "look_up_at": look_up_at}).rowcount


RUNNABLE = """
o.lane = :lane AND o.state = 'pending'
  AND o.state IN ('pending', 'leased', 'held', 'unknown')
  AND (o.next_attempt_at IS NULL OR o.next_attempt_at <= {now})
  AND NOT EXISTS (SELECT 1 FROM needs n WHERE n.outbox_id = o.id)
  AND NOT EXISTS (
    SELECT 1 FROM outbox e
    WHERE e.lane = o.lane AND e.ordering_key = o.ordering_key AND e.id < o.id
      AND (e.state = 'leased' OR e.next_attempt_at IS NOT NULL)
      AND e.state IN ('pending', 'leased', 'held', 'unknown')
      AND (e.state IN ('leased', 'unknown') OR e.next_attempt_at > {now}))
"""
"""The rows `o` of a lane that may go at `now`, as a condition of SQL. Open states are told as the
partial index `ix_outbox_open` tells them, or SQLite would read all rows there ever were; what may
stand in another's way as `ix_outbox_blocking` does, so that a long backlog costs nothing."""

_RUNNABLE = text(
    "SELECT o.id, o.ordering_key, o.attempts FROM outbox o WHERE "  # noqa: S608 - constants
    + RUNNABLE.format(now=":now")
    + "ORDER BY o.rank, o.id LIMIT :most"
)


def _row(row: Any) -> Row:
    return Row(
        id=row.id,
        account=row.account,
        effect=codec.decode(_KINDS[row.kind], bytes(row.effect)),
        idempotency_key=row.idempotency_key,
        ordering_key=row.ordering_key,
        makes=row.makes,
        conversation=row.conversation,
        message=row.message,
        attempts=row.attempts,
        in_doubt_since=row.in_doubt_since,
        event_account=row.event_account,
        event_key=row.event_key,
    )
