"""The outbox: what is to be done at vendors, in which order, and how far it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Any

from sqlalchemy import Connection, RowMapping, case, delete, select, text, update

from bridge import codec
from bridge.domain import effects
from bridge.domain.effects import Effect
from bridge.domain.names import AccountName, ConversationId, EventKey, MessageId
from bridge.store.chats import slices
from bridge.store.schema import NEEDS, OUTBOX, VENDOR_IDS
from bridge.store.upsert import add_missing, put

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
    )
}


class State(StrEnum):
    """UNKNOWN: sent, no answer; without a time to look it up it waits for a person."""

    PENDING = "pending"
    LEASED = "leased"
    HELD = "held"
    UNKNOWN = "unknown"
    DONE = "done"
    DEAD = "dead"
    DROPPED = "dropped"


_ENDED = (State.DONE.value, State.DROPPED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A name whose vendor id a row waits for; `hard` when the row is pointless without it."""

    name: str
    hard: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRow:
    lane: str
    account: AccountName
    effect: Effect
    idempotency_key: str
    ordering_key: str
    urgent: bool
    makes: str | None
    needs: tuple[Need, ...]
    event_account: AccountName
    event_key: EventKey
    conversation: ConversationId | None
    message: MessageId | None


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
    first_tried_at: datetime | None
    event_account: AccountName
    event_key: EventKey


def add(db: Connection, rows: Sequence[NewRow], now: datetime) -> None:
    """Appends rows in order; one whose idempotency key is there already is left alone."""
    if not rows:
        return
    missing = _missing(db, rows)
    add_missing(db, OUTBOX, [_values(row, missing, now) for row in rows])
    needs = [
        (row, need)
        for row in rows
        for need in row.needs
        if missing.get(need.name) is _Missing.COMING
        or (need.hard and missing.get(need.name) is _Missing.FAILED)
    ]
    if needs:
        _add_needs(db, needs)


def take(db: Connection, lane: str, now: datetime, limit: int, one_per_key: bool) -> list[Row]:
    """The next rows in order, marked leased with their attempt counted.

    Passed over are rows that wait for another's result, and rows behind an unsettled row of the
    same ordering key. `one_per_key` leaves further rows of a key to the next run.
    """
    found = db.execute(
        text(_RUNNABLE),
        {"lane": lane, "now": _micros(now), "most": limit * 4 if one_per_key else limit},
    ).all()
    picked: dict[int, Any] = {}
    keys: set[str] = set()
    for row in found:
        if one_per_key and row.ordering_key in keys:
            continue
        # One that was tried twice may be what kills its worker: it is tried alone.
        alone = row.attempts > 1
        if alone and picked:
            break
        keys.add(row.ordering_key)
        picked[row.id] = row
        if alone or len(picked) == limit:
            break
    ids = list(picked)
    _lease(db, ids, now)
    return rows_by_id(db, ids)


def count_runnable(db: Connection, lane: str, now: datetime, most: int, one_per_key: bool) -> int:
    """How many rows `take` would find, counted up to `most`."""
    values = {"lane": lane, "now": _micros(now), "most": most * 4 if one_per_key else most}
    found = db.execute(text(_RUNNABLE), values).all()
    count = len({row.ordering_key for row in found}) if one_per_key else len(found)
    return min(count, most)


def due_unknown(db: Connection, lane: str, now: datetime, limit: int) -> list[Row]:
    """Rows of unknown outcome whose look-up is due."""
    ids = db.scalars(
        select(OUTBOX.c.id)
        .where(OUTBOX.c.lane == lane, OUTBOX.c.state == State.UNKNOWN.value)
        .where(OUTBOX.c.next_attempt_at <= now)
        .order_by(OUTBOX.c.id)
        .limit(limit)
    ).all()
    return rows_by_id(db, ids)


def rows_by_id(db: Connection, ids: Sequence[int]) -> list[Row]:
    """The rows in the order of the ids."""
    if not ids:
        return []
    found = db.execute(select(OUTBOX).where(OUTBOX.c.id.in_(ids))).mappings().all()
    by_id = {row["id"]: _row(row) for row in found}
    return [by_id[n] for n in ids if n in by_id]


def vendor_ids(db: Connection, account: AccountName, names: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in slices(names):
        rows = db.execute(
            select(VENDOR_IDS.c.name, VENDOR_IDS.c.vendor_id).where(
                VENDOR_IDS.c.account == account, VENDOR_IDS.c.name.in_(some)
            )
        )
        found.update({name: vendor_id for name, vendor_id in rows})
    return found


def put_vendor_ids(db: Connection, account: AccountName, ids: Mapping[str, str]) -> None:
    rows = [{"account": account, "name": n, "vendor_id": v} for n, v in ids.items()]
    put(db, VENDOR_IDS, ["account", "name"], rows)


def finish(db: Connection, ids: Sequence[int], makes: Sequence[str], now: datetime) -> None:
    """The rows are done, and nobody waits for what they made any more."""
    if not ids:
        return
    db.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id.in_(ids))
        .values(state=State.DONE.value, done_at=now, reason="", next_attempt_at=None)
    )
    _satisfied(db, makes)


def settle(
    db: Connection, row_id: int, state: State, reason: str, next_attempt_at: datetime | None = None
) -> bool:
    """Another end, or another time: the row's new state and why.

    False for one that has ended meanwhile, by its echo or by a person, and stays so.
    """
    settled = db.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == row_id, OUTBOX.c.state.not_in(_ENDED))
        .values(state=state.value, reason=reason, next_attempt_at=next_attempt_at)
    )
    return settled.rowcount == 1


def give_back(
    db: Connection, ids: Sequence[int], reason: str, next_attempt_at: datetime | None
) -> None:
    """Pending again, the attempt not counted: it was not the rows' fault, and nothing left."""
    first = case((OUTBOX.c.attempts > 1, OUTBOX.c.first_tried_at), else_=None)
    db.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id.in_(ids))
        .values(
            state=State.PENDING.value,
            reason=reason,
            next_attempt_at=next_attempt_at,
            attempts=OUTBOX.c.attempts - 1,
            first_tried_at=first,
        )
    )


def give_up_on(db: Connection, name: str, now: datetime) -> None:
    """What was to make `name` has failed: rows that can do without it go on, others are held."""
    db.execute(delete(NEEDS).where(NEEDS.c.name == name, NEEDS.c.hard.is_(False)))
    waiting = select(NEEDS.c.outbox_id).where(NEEDS.c.name == name)
    db.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id.in_(waiting), OUTBOX.c.state == State.PENDING.value)
        .values(
            state=State.HELD.value,
            reason=f"waits for {name}, whose effect failed: replay that dead letter first",
        )
    )


def drop(db: Connection, row_id: int, now: datetime) -> None:
    """A person has decided against this row, and so against all that is pointless without it."""
    gone = [row_id]
    while gone:
        made = list(
            db.scalars(
                select(OUTBOX.c.makes).where(OUTBOX.c.id.in_(gone), OUTBOX.c.makes.is_not(None))
            )
        )
        db.execute(
            update(OUTBOX)
            .where(OUTBOX.c.id.in_(gone))
            .values(state=State.DROPPED.value, next_attempt_at=None, done_at=now)
        )
        db.execute(delete(NEEDS).where(NEEDS.c.name.in_(made), NEEDS.c.hard.is_(False)))
        gone = list(db.scalars(select(NEEDS.c.outbox_id).where(NEEDS.c.name.in_(made))))
        db.execute(delete(NEEDS).where(NEEDS.c.name.in_(made)))


def expect_again(db: Connection, name: str) -> None:
    """What makes `name` is being tried again: the rows held for it wait for it once more."""
    _expect_again(db, [name])


def _expect_again(db: Connection, names: Sequence[str]) -> None:
    waiting = select(NEEDS.c.outbox_id).where(NEEDS.c.name.in_(names))
    db.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id.in_(waiting), OUTBOX.c.state == State.HELD.value)
        .values(state=State.PENDING.value, reason="")
    )


def orphaned(db: Connection, lane: str, look_up_at: datetime) -> int:
    """Rows that a dead holder had in hand: their outcome is unknown and has to be looked up."""
    found = db.execute(
        update(OUTBOX)
        .where(OUTBOX.c.lane == lane, OUTBOX.c.state == State.LEASED.value)
        .values(
            state=State.UNKNOWN.value,
            next_attempt_at=look_up_at,
            reason="its worker died while it was being delivered",
        )
    )
    return found.rowcount


def _satisfied(db: Connection, makes: Sequence[str]) -> None:
    for some in slices(makes):
        _expect_again(db, some)
        db.execute(delete(NEEDS).where(NEEDS.c.name.in_(some)))


RUNNABLE = """
o.lane = :lane AND o.state = 'pending'
  AND (o.next_attempt_at IS NULL OR o.next_attempt_at <= {now})
  AND NOT EXISTS (SELECT 1 FROM needs n WHERE n.outbox_id = o.id)
  AND NOT EXISTS (
    SELECT 1 FROM outbox e
    WHERE e.lane = o.lane AND e.ordering_key = o.ordering_key AND e.id < o.id
      AND e.state IN ('pending', 'leased', 'held', 'unknown')
      AND (e.state = 'leased' OR e.next_attempt_at > {now}
        OR (e.state = 'unknown' AND e.next_attempt_at IS NOT NULL)))
"""
"""The rows `o` of a lane that may go at `now`, as a condition of SQL."""

_RUNNABLE = (
    "SELECT o.id, o.ordering_key, o.attempts FROM outbox o WHERE "  # noqa: S608 - constants
    + RUNNABLE.format(now=":now")
    + "ORDER BY o.rank, o.id LIMIT :most"
)


def _lease(db: Connection, ids: Sequence[int], now: datetime) -> None:
    if not ids:
        return
    db.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id.in_(ids))
        .values(state=State.LEASED.value, attempts=OUTBOX.c.attempts + 1, tried_at=now)
    )
    db.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id.in_(ids), OUTBOX.c.first_tried_at.is_(None))
        .values(first_tried_at=now)
    )


def _row(row: RowMapping) -> Row:
    return Row(
        id=row["id"],
        account=row["account"],
        effect=codec.decode(_KINDS[row["kind"]], bytes(row["effect"])),
        idempotency_key=row["idempotency_key"],
        ordering_key=row["ordering_key"],
        makes=row["makes"],
        conversation=row["conversation"],
        message=row["message"],
        attempts=row["attempts"],
        first_tried_at=row["first_tried_at"],
        event_account=row["event_account"],
        event_key=row["event_key"],
    )


class _Missing(Enum):
    """What is to be expected of a name that has no vendor id yet."""

    COMING = auto()
    FAILED = auto()
    DROPPED = auto()  # a person has decided that it will never be made


def _values(row: NewRow, missing: Mapping[str, _Missing], now: datetime) -> dict[str, Any]:
    state, reason = _first_state(row, missing)
    return {
        "lane": row.lane,
        "account": row.account,
        "kind": type(row.effect).__name__,
        "effect": codec.encode(row.effect),
        "idempotency_key": row.idempotency_key,
        "ordering_key": row.ordering_key,
        "rank": 0 if row.urgent else 1,
        "makes": row.makes,
        "event_account": row.event_account,
        "event_key": row.event_key,
        "conversation": row.conversation,
        "message": row.message,
        "state": state.value,
        "attempts": 0,
        "reason": reason,
        "created_at": now,
        "done_at": now if state is State.DROPPED else None,
    }


def _first_state(row: NewRow, missing: Mapping[str, _Missing]) -> tuple[State, str]:
    hard = [need.name for need in row.needs if need.hard]
    dropped = [name for name in hard if missing.get(name) is _Missing.DROPPED]
    if dropped:
        return State.DROPPED, f"pointless without {dropped[0]}, whose effect was dropped"
    failed = [name for name in hard if missing.get(name) is _Missing.FAILED]
    if failed:
        return State.HELD, f"waits for {failed[0]}, whose effect failed: replay that first"
    return State.PENDING, ""


def _missing(db: Connection, rows: Sequence[NewRow]) -> dict[str, _Missing]:
    """The needed names without a vendor id yet."""
    wanted = {need.name for row in rows for need in row.needs}
    if not wanted:
        return {}
    names = wanted - _known_names(db, wanted)
    made = {row.makes for row in rows}
    found = {name: _Missing.COMING if name in made else _Missing.FAILED for name in names}
    for some in slices(names - made):
        makers = db.execute(select(OUTBOX.c.makes, OUTBOX.c.state).where(OUTBOX.c.makes.in_(some)))
        found.update({name: _expected(State(state)) for name, state in makers})
    return found


def _expected(maker: State) -> _Missing:
    match maker:
        case State.DEAD:
            return _Missing.FAILED
        case State.DROPPED:
            return _Missing.DROPPED
        case _:
            return _Missing.COMING


def _known_names(db: Connection, names: Iterable[str]) -> set[str]:
    known: set[str] = set()
    for some in slices(names):
        known.update(db.scalars(select(VENDOR_IDS.c.name).where(VENDOR_IDS.c.name.in_(some))))
    return known


def _add_needs(db: Connection, needs: Sequence[tuple[NewRow, Need]]) -> None:
    keys = [row.idempotency_key for row, _ in needs]
    found: dict[str, int] = {}
    for some in slices(keys):
        rows = db.execute(
            select(OUTBOX.c.idempotency_key, OUTBOX.c.id).where(OUTBOX.c.idempotency_key.in_(some))
        )
        found.update({key: row_id for key, row_id in rows})
    add_missing(
        db,
        NEEDS,
        [
            {"outbox_id": found[row.idempotency_key], "name": need.name, "hard": need.hard}
            for row, need in needs
        ],
    )


def _micros(when: datetime) -> int:
    return int(when.timestamp() * 1_000_000)
