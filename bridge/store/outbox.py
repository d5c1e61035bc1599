"""The outbox: what is to be done at vendors, in which order, and how far it is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, literal, select, update

from bridge import codec
from bridge.domain.effects import Effect
from bridge.domain.names import AccountName, ConversationId, EventKey, MessageId
from bridge.store.among import among, among_given
from bridge.store.schema import NEEDS, NOT_MADE, OUTBOX, VENDOR_IDS
from bridge.store.upsert import add_missing, put

# Made once: to make a statement anew costs as much as to run it.
_VENDOR_IDS = select(VENDOR_IDS.c.name, VENDOR_IDS.c.vendor_id).where(
    VENDOR_IDS.c.account == bindparam("account"), among_given(VENDOR_IDS.c.name, "names")
)
_KNOWN = select(VENDOR_IDS.c.name).where(
    among_given(VENDOR_IDS.c.account, "accounts"), among_given(VENDOR_IDS.c.name, "names")
)
_WAITING_FOR = select(NEEDS.c.outbox_id).where(among_given(NEEDS.c.name, "names"))
BY_HAND = "dropped by hand; before that: "
WIPED = b"{}"  # in place of an effect whose content is kept no longer


class State(StrEnum):
    """UNKNOWN: sent, no answer; without a time to look it up it waits for a person."""

    PENDING = "pending"
    LEASED = "leased"
    HELD = "held"
    UNKNOWN = "unknown"
    DONE = "done"
    DEAD = "dead"
    DROPPED = "dropped"


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


def add(db: Connection, rows: Sequence[NewRow], now: datetime) -> None:
    """Appends rows in order; one whose idempotency key is there already is left alone."""
    if not rows:
        return
    missing = _missing(db, rows)
    add_missing(db, OUTBOX, [_values(row, missing, now) for row in rows])
    needs = [(row, need) for row in rows for need in _waits_for(row, missing)]
    if needs:
        _add_needs(db, needs)


def vendor_ids(db: Connection, account: AccountName, names: Iterable[str]) -> dict[str, str]:
    wanted = list(names)
    if not wanted:
        return {}
    rows = db.execute(_VENDOR_IDS, {"account": account, "names": wanted})
    return {name: vendor_id for name, vendor_id in rows.all()}


def put_vendor_ids(db: Connection, account: AccountName, ids: Mapping[str, str]) -> None:
    rows = [{"account": account, "name": n, "vendor_id": v} for n, v in ids.items()]
    put(db, VENDOR_IDS, ["account", "name"], rows)


def give_up_on(db: Connection, name: str, now: datetime) -> None:
    """What was to make `name` has failed: rows that can do without it go on, others are held."""
    db.execute(delete(NEEDS).where(NEEDS.c.name == name, NEEDS.c.hard.is_(False)))
    waiting = select(NEEDS.c.outbox_id).where(NEEDS.c.name == name)
    db.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id.in_(waiting), OUTBOX.c.state == State.PENDING.value)
        .values(
            state=State.HELD.value,
            reason=_held_for(name),
        )
    )


def drop(db: Connection, row_id: int, now: datetime, *, by_hand: bool = False) -> None:
    """Somebody has decided against this row, and so against all that is pointless without it.

    What such rows wait for stays noted: `take_back` finds them by it.
    """
    why = literal(BY_HAND) + OUTBOX.c.reason if by_hand else OUTBOX.c.reason
    _drop(db, [row_id], why, now)
    makers = _made_by(db, [row_id])
    while makers:
        gone: list[int] = []
        for name in makers:
            pointless = _not_dropped(db, _waiting_for(db, [name], hard=True))
            _drop(db, pointless, literal(_pointless(name)), now)
            gone += pointless
        _do_without(db, _not_dropped(db, _waiting_for(db, makers)), makers)
        makers = _made_by(db, gone)


def take_back(db: Connection, row_id: int) -> bool:
    """What a person dropped is a dead letter again; what was pointless without it waits for it, as
    long as nothing else that it needs was dropped too. False for any other row."""
    mine = (OUTBOX.c.id == row_id) & (OUTBOX.c.state == State.DROPPED.value)
    reason = db.scalar(select(OUTBOX.c.reason).where(mine, OUTBOX.c.effect != WIPED))
    if reason is None or not reason.startswith(BY_HAND):
        return False
    dead = {"state": State.DEAD.value, "reason": reason.removeprefix(BY_HAND), "done_at": None}
    db.execute(update(OUTBOX).where(OUTBOX.c.id == row_id).values(**dead))
    makers, state = _made_by(db, [row_id]), State.HELD
    back: list[int] = []
    while makers:
        again = _no_more_pointless(db, makers)
        why = _held_for(makers[0]) if state is State.HELD else ""
        waits = {"state": state.value, "reason": why, "done_at": None}
        db.execute(update(OUTBOX).where(among(OUTBOX.c.id, again)).values(**waits))
        makers, state, back = _made_by(db, again), State.PENDING, [*back, *again]
    _do_without(db, back, _never_made(db, back))
    return True


def _drop(db: Connection, ids: Sequence[int], why: ColumnElement[str], now: datetime) -> None:
    dropped = {"state": State.DROPPED.value, "next_attempt_at": None, "done_at": now}
    db.execute(update(OUTBOX).where(among(OUTBOX.c.id, ids)).values(reason=why, **dropped))


def _not_dropped(db: Connection, ids: Sequence[int]) -> list[int]:
    left = select(OUTBOX.c.id).where(among(OUTBOX.c.id, ids))
    return list(db.scalars(left.where(OUTBOX.c.state != State.DROPPED.value)))


def _do_without(db: Connection, ids: Sequence[int], names: Iterable[str]) -> None:
    soft = among(NEEDS.c.outbox_id, ids) & NEEDS.c.hard.is_(False)
    db.execute(delete(NEEDS).where(soft, among(NEEDS.c.name, names)))


def _made_by(db: Connection, ids: Sequence[int]) -> list[str]:
    made = select(OUTBOX.c.makes).where(among(OUTBOX.c.id, ids), OUTBOX.c.makes.is_not(None))
    return [name for name in db.scalars(made) if name is not None]


def _no_more_pointless(db: Connection, makers: Sequence[str]) -> list[int]:
    """Of the dropped rows that can't do without these makers those that miss nothing else."""
    ids = _waiting_for(db, makers, hard=True)
    gone = _never_made(db, ids)
    hard = select(NEEDS.c.outbox_id).where(among(NEEDS.c.outbox_id, ids), NEEDS.c.hard)
    pointless = set(db.scalars(hard.where(among(NEEDS.c.name, gone))))
    there = select(OUTBOX.c.id).where(among(OUTBOX.c.id, ids), OUTBOX.c.effect != WIPED)
    dropped = db.scalars(there.where(OUTBOX.c.state == State.DROPPED.value))
    return [row for row in dropped if row not in pointless]


def _never_made(db: Connection, ids: Sequence[int]) -> set[str]:
    """What these rows need of which somebody has decided that it will not be."""
    needed = set(db.scalars(select(NEEDS.c.name).where(among(NEEDS.c.outbox_id, ids))))
    makers = select(OUTBOX.c.makes).where(among(OUTBOX.c.makes, needed), NOT_MADE)
    return set(db.scalars(makers.where(OUTBOX.c.state == State.DROPPED.value)))


def is_dropped_by_hand(state: State, reason: str) -> bool:
    return state is State.DROPPED and reason.startswith(BY_HAND)


def expect_again(db: Connection, name: str) -> None:
    """What makes `name` is being tried again: the rows held for it wait for it once more."""
    _expect_again(db, _waiting_for(db, [name]))


def satisfied(db: Connection, makes: Sequence[str]) -> None:
    """These names have their vendor ids: nobody waits for them any more."""
    waiting = _waiting_for(db, makes)
    if waiting:
        _expect_again(db, waiting)
        db.execute(delete(NEEDS).where(among(NEEDS.c.name, makes)))


def _waiting_for(db: Connection, names: Sequence[str], *, hard: bool = False) -> Sequence[int]:
    asked = _WAITING_FOR.where(NEEDS.c.hard) if hard else _WAITING_FOR
    return db.scalars(asked, {"names": names}).all()


def _expect_again(db: Connection, waiting: Sequence[int]) -> None:
    db.execute(
        update(OUTBOX)
        .where(among(OUTBOX.c.id, waiting), OUTBOX.c.state == State.HELD.value)
        .values(state=State.PENDING.value, reason="")
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


def _waits_for(row: NewRow, missing: Mapping[str, _Missing]) -> Iterator[Need]:
    """One that is dropped at once has them all: the drop that it is for may be taken back."""
    dropped = any(missing.get(need.name) is _Missing.DROPPED for need in row.needs if need.hard)
    for need in row.needs:
        expected = missing.get(need.name)
        if expected is not None and (need.hard or dropped or expected is _Missing.COMING):
            yield need


def _first_state(row: NewRow, missing: Mapping[str, _Missing]) -> tuple[State, str]:
    hard = [need.name for need in row.needs if need.hard]
    dropped = [name for name in hard if missing.get(name) is _Missing.DROPPED]
    if dropped:
        return State.DROPPED, _pointless(dropped[0])
    failed = [name for name in hard if missing.get(name) is _Missing.FAILED]
    if failed:
        return State.HELD, _held_for(failed[0])
    return State.PENDING, ""


def _pointless(name: str) -> str:
    return f"pointless without {name}, whose effect was dropped"


def _held_for(name: str) -> str:
    return f"waits for {name}, whose effect failed: replay that dead letter first"


def _missing(db: Connection, rows: Sequence[NewRow]) -> dict[str, _Missing]:
    """The needed names without a vendor id yet."""
    wanted = {need.name for row in rows for need in row.needs}
    if not wanted:
        return {}
    # Each name is of an account that these rows are for: a record of the CRM's, a send's beside it.
    names = wanted - _known_names(db, {row.account for row in rows}, wanted)
    made = {row.makes for row in rows}
    found = {name: _Missing.COMING if name in made else _Missing.FAILED for name in names}
    if elsewhere := names - made:
        makers = select(OUTBOX.c.makes, OUTBOX.c.state).where(
            among(OUTBOX.c.makes, elsewhere), NOT_MADE
        )
        found.update({name: _expected(State(state)) for name, state in db.execute(makers)})
    return found


def _expected(maker: State) -> _Missing:
    match maker:
        case State.DEAD:
            return _Missing.FAILED
        case State.DROPPED:
            return _Missing.DROPPED
        case _:
            return _Missing.COMING


def _known_names(db: Connection, accounts: Iterable[AccountName], names: Iterable[str]) -> set[str]:
    return set(db.scalars(_KNOWN, {"accounts": accounts, "names": names}).all())


def _add_needs(db: Connection, needs: Sequence[tuple[NewRow, Need]]) -> None:
    keys = [row.idempotency_key for row, _ in needs]
    rows = db.execute(
        select(OUTBOX.c.idempotency_key, OUTBOX.c.id).where(among(OUTBOX.c.idempotency_key, keys))
    )
    found = {key: row_id for key, row_id in rows}
    add_missing(
        db,
        NEEDS,
        [
            {"outbox_id": found[row.idempotency_key], "name": need.name, "hard": need.hard}
            for row, need in needs
        ],
    )
