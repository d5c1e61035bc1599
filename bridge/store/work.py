"""The inbox as work: the next rows of a lane, and how each ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import (
    Connection,
    RowMapping,
    bindparam,
    literal_column,
    or_,
    select,
    text,
    update,
)

from bridge import codec
from bridge.domain.names import AccountName
from bridge.ports import RawRequest
from bridge.store.among import among, among_given
from bridge.store.schema import INBOX

# Literal, as in the partial index: with bound values SQLite reads the whole table instead.
_OPEN = text("state IN ('pending', 'leased', 'held')")
_LANE = INBOX.c.lane == bindparam("of_lane")
_DUE = or_(INBOX.c.next_attempt_at.is_(None), INBOX.c.next_attempt_at <= bindparam("now"))
# Made once: to make a statement anew costs as much as to run it.
_NEXT = select(INBOX).where(_LANE, _OPEN, _DUE).order_by(INBOX.c.id).limit(bindparam("most"))
_ANY = select(INBOX.c.id).where(_LANE, _OPEN, _DUE).limit(1)
_TAKE = (
    update(INBOX)
    .where(among_given(INBOX.c.id, "ids"))
    .values(state="leased", attempts=INBOX.c.attempts + 1)
)
_BURY = (
    update(INBOX)
    .where(_LANE, INBOX.c.state == literal_column("'leased'"))
    .where(INBOX.c.attempts >= bindparam("most"))
    .values(state="dead", reason=bindparam("why"))
)
_DONE = (
    update(INBOX)
    .where(among_given(INBOX.c.id, "ids"))
    .values(state="done", done_at=bindparam("now"), reason="", next_attempt_at=None)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    id: int
    account: AccountName
    attempts: int
    request: RawRequest = field(repr=False)


def take(db: Connection, lane: str, now: datetime, limit: int) -> list[InboxRow]:
    """The next rows in the order of their arrival, their attempt counted before anything is done.

    A row that failed before, or whose holder died twice, may be what broke it: it is taken alone.
    One death says nothing: workers die for other reasons, and one by one a run is far slower.
    """
    found = db.execute(_NEXT, {"of_lane": lane, "now": now, "most": limit}).mappings().all()
    rows: list[InboxRow] = []
    for row in found:
        alone = row["state"] != "held" and row["attempts"] > (row["state"] == "leased")
        if alone and rows:
            break
        rows.append(_row(row))
        if alone:
            break
    if rows:
        db.execute(_TAKE, {"ids": [row.id for row in rows]})
    return rows


def waits(db: Connection, lane: str, now: datetime) -> bool:
    """Whether there is a row that could be taken now."""
    return db.scalar(_ANY, {"of_lane": lane, "now": now}) is not None


def bury(db: Connection, lane: str, max_attempts: int) -> None:
    """Rows that a holder took and never ended, too often: they kill their worker."""
    why = f"its worker died {max_attempts} times while deciding it"
    db.execute(_BURY, {"of_lane": lane, "most": max_attempts, "why": why})


def rows_by_id(db: Connection, ids: Sequence[int]) -> list[InboxRow]:
    found = db.execute(select(INBOX).where(among(INBOX.c.id, ids)).order_by(INBOX.c.id)).mappings()
    return [_row(row) for row in found]


def done(db: Connection, ids: Iterable[int], now: datetime) -> None:
    db.execute(_DONE, {"ids": ids, "now": now})


def held(db: Connection, row: int, until: datetime, reason: str) -> None:
    """Looked at again then; waiting is no failed attempt."""
    db.execute(
        update(INBOX)
        .where(INBOX.c.id == row)
        .values(state="held", next_attempt_at=until, reason=reason, attempts=INBOX.c.attempts - 1)
    )


def again(db: Connection, row: int, at: datetime, reason: str) -> None:
    _set(db, [row], state="pending", next_attempt_at=at, reason=reason)


def dead(db: Connection, row: int, reason: str) -> None:
    """Kept with its raw bytes until a person has decided."""
    _set(db, [row], state="dead", next_attempt_at=None, reason=reason)


def _set(db: Connection, ids: Iterable[int], **values: object) -> None:
    db.execute(update(INBOX).where(among(INBOX.c.id, ids)).values(**values))


def _row(row: RowMapping) -> InboxRow:
    return InboxRow(
        id=row["id"],
        account=AccountName(row["account"]),
        attempts=row["attempts"],
        request=RawRequest(
            method=row["method"],
            url=row["url"],
            headers=codec.decode(dict[str, str], bytes(row["headers"])),
            body=bytes(row["body"]),
            received_at=row["received_at"],
        ),
    )
