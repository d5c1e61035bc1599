"""Events that wait for a message: when it comes, or never, their requests are decided again."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, delete, or_, select, tuple_, update

from bridge.domain.names import AccountName, EventKey
from bridge.store.among import among, among_given
from bridge.store.schema import INBOX, PARKED
from bridge.store.upsert import add_missing

Key = tuple[AccountName, EventKey]
# Made once: to make a statement anew costs as much as to run it.
_WAITING = select(PARKED.c.inbox_id).where(
    PARKED.c.account == bindparam("of_account"), among_given(PARKED.c.target, "targets")
)
_OLD = (
    select(PARKED.c.inbox_id)
    .where(PARKED.c.parked_at <= bindparam("until"))
    .order_by(PARKED.c.parked_at)
    .limit(bindparam("most"))
)
# Where it ended; of one that was dropped or erased nothing is to follow any more.
_ENDED = and_(INBOX.c.state.in_(["done", "dead"]), INBOX.c.body != b"")
_OPEN = INBOX.c.state.in_(["pending", "leased", "held"])


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRow:
    account: AccountName
    event_key: EventKey
    target: str
    inbox_id: int


def add(db: Connection, rows: Sequence[NewRow], now: datetime) -> None:
    """One that waits already has waited since then."""
    values = [
        {
            "event_key": row.event_key,
            "account": row.account,
            "target": row.target,
            "inbox_id": row.inbox_id,
            "parked_at": now,
        }
        for row in rows
    ]
    add_missing(db, PARKED, values)


def since(db: Connection, keys: Collection[Key]) -> dict[Key, datetime]:
    """Since when each of these events waits."""
    if not keys:
        return {}
    rows = db.execute(
        select(PARKED.c.account, PARKED.c.event_key, PARKED.c.parked_at).where(
            among(PARKED.c.event_key, [event_key for _, event_key in keys])
        )
    )
    found = {(AccountName(a), EventKey(k)): parked_at for a, k, parked_at in rows}
    return {key: found[key] for key in keys if key in found}


def remove(db: Connection, keys: Iterable[Key]) -> None:
    """They wait no longer."""
    gone = list(keys)
    if gone:
        this = tuple_(PARKED.c.account, PARKED.c.event_key)
        db.execute(delete(PARKED).where(this.in_(gone)))


def wake(db: Connection, account: AccountName, targets: Collection[str]) -> bool:
    """These have come: the requests that wait for one are decided again. False: none waits."""
    if not targets:
        return False
    waiting = db.scalars(_WAITING, {"of_account": account, "targets": targets}).all()
    return bool(waiting) and _decide_again(db, waiting)


def wake_old(db: Connection, until: datetime, most: int) -> bool:
    """As `wake`, for those that have waited since `until` or longer."""
    waiting = db.scalars(_OLD, {"until": until, "most": most}).all()
    return bool(waiting) and _decide_again(db, waiting)


def orphans(db: Connection, until: datetime, most: int) -> Mapping[Key, int]:
    """Those as old whose request can't be decided again: erased, dropped, or gone."""
    can_be = select(INBOX.c.id).where(INBOX.c.id == PARKED.c.inbox_id, or_(_ENDED, _OPEN))
    rows = db.execute(
        select(PARKED.c.account, PARKED.c.event_key, PARKED.c.inbox_id)
        .where(PARKED.c.parked_at <= until, ~can_be.exists())
        .limit(most)
    )
    return {(AccountName(a), EventKey(k)): inbox_id for a, k, inbox_id in rows}


def _decide_again(db: Connection, requests: Sequence[int]) -> bool:
    """Those on their way are decided anyway."""
    woken = db.execute(
        update(INBOX)
        .where(among(INBOX.c.id, requests), _ENDED)
        .values(state="pending", attempts=0, next_attempt_at=None)
    )
    return woken.rowcount > 0
