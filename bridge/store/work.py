"""The inbox as work: the next rows of a lane, and how each ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, RowMapping, literal_column, or_, select, text, update

from bridge import codec
from bridge.domain.names import AccountName
from bridge.ports import RawRequest
from bridge.store.among import among
from bridge.store.schema import INBOX

# Literal, as in the partial index: with bound values SQLite reads the whole table instead.
_OPEN = text("state IN ('pending', 'leased', 'held')")


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
    found = db.execute(
        select(INBOX)
        .where(INBOX.c.lane == lane, _OPEN)
        .where(or_(INBOX.c.next_attempt_at.is_(None), INBOX.c.next_attempt_at <= now))
        .order_by(INBOX.c.id)
        .limit(limit)
    ).mappings()
    rows: list[InboxRow] = []
    for row in found:
        alone = row["state"] != "held" and row["attempts"] > (row["state"] == "leased")
        if alone and rows:
            break
        rows.append(_row(row))
        if alone:
            break
    db.execute(
        update(INBOX)
        .where(among(INBOX.c.id, [row.id for row in rows]))
        .values(state="leased", attempts=INBOX.c.attempts + 1)
    )
    return rows


def waits(db: Connection, lane: str, now: datetime) -> bool:
    """Whether there is a row that could be taken now."""
    due = or_(INBOX.c.next_attempt_at.is_(None), INBOX.c.next_attempt_at <= now)
    found = db.scalar(select(INBOX.c.id).where(INBOX.c.lane == lane, _OPEN, due).limit(1))
    return found is not None


def bury(db: Connection, lane: str, max_attempts: int) -> None:
    """Rows that a holder took and never ended, too often: they kill their worker."""
    db.execute(
        update(INBOX)
        .where(INBOX.c.lane == lane, INBOX.c.state == literal_column("'leased'"))
        .where(INBOX.c.attempts >= max_attempts)
        .values(state="dead", reason=f"its worker died {max_attempts} times while deciding it")
    )


def rows_by_id(db: Connection, ids: Sequence[int]) -> list[InboxRow]:
    found = db.execute(select(INBOX).where(among(INBOX.c.id, ids)).order_by(INBOX.c.id)).mappings()
    return [_row(row) for row in found]


def done(db: Connection, ids: Iterable[int], now: datetime) -> None:
    _set(db, ids, state="done", done_at=now, reason="", next_attempt_at=None)


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
