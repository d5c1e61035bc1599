"""The outbox: what is to be done at vendors, in which order, and how far it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

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
    needs = [
        (row, need)
        for row in rows
        for need in row.needs
        if missing.get(need.name) is _Missing.COMING
        or (need.hard and missing.get(need.name) is _Missing.FAILED)
    ]
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
    _expect_again(db, _waiting_for(db, [name]))


def satisfied(db: Connection, makes: Sequence[str]) -> None:
    """These names have their vendor ids: nobody waits for them any more."""
    waiting = _waiting_for(db, makes)
    if waiting:
        _expect_again(db, waiting)
        db.execute(delete(NEEDS).where(among(NEEDS.c.name, makes)))


def _waiting_for(db: Connection, names: Sequence[str]) -> Sequence[int]:
    return db.scalars(_WAITING_FOR, {"names": names}).all()


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
