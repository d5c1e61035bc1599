"""What messengers' windows have yet to be told, and what they were told last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    case,
    delete,
    func,
    select,
    text,
    update,
)

from bridge.domain.names import AccountName
from bridge.store.schema import CONTACTS, PUSHES, RECORDS, WINDOWS
from bridge.store.types import microseconds
from bridge.store.upsert import add_missing, put


class Shown(StrEnum):
    """What a row is about; `record` is our id, an employee's CRM id, or empty for all pipelines."""

    EMPLOYEE = "employee"
    PIPELINES = "pipelines"
    CLIENT = "client"
    DEAL = "deal"


class PushState(StrEnum):
    DUE = "due"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    kind: Shown
    record: str
    marks: int
    shown_as: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What became of one: `shown_as` and `digest` say what the window has now. Where `reason` says
    why it was refused, it keeps what it had."""

    push: Push
    shown_as: str = ""
    digest: str = ""
    reason: str = ""


_OPEN = select(WINDOWS.c.account).order_by(WINDOWS.c.account)
_MARK = (
    "INSERT INTO pushes (account, kind, record, state, marks, shown_as, digest, reason, marked_at)"
    " {rows} ON CONFLICT (account, kind, record) DO UPDATE SET state = 'due',"
    " marks = pushes.marks + 1, marked_at = excluded.marked_at"
)
_MARK_ONE = text(
    _MARK.format(rows="VALUES (:account, :kind, :record, 'due', 1, '', '', '', :marked_at)")
)
_NOTE = (
    update(PUSHES)
    .where(
        PUSHES.c.account == bindparam("of"),
        PUSHES.c.kind == bindparam("what"),
        PUSHES.c.record == bindparam("which"),
    )
    .values(
        shown_as=bindparam("as"),
        digest=bindparam("told"),
        reason=bindparam("why"),
        state=case((PUSHES.c.marks == bindparam("seen"), bindparam("then")), else_="due"),
    )
)
_FORGET = delete(PUSHES).where(
    PUSHES.c.account == bindparam("of"),
    PUSHES.c.kind == bindparam("what"),
    PUSHES.c.record == bindparam("which"),
    PUSHES.c.marks == bindparam("seen"),
)


def open_windows(db: Connection) -> tuple[AccountName, ...]:
    return tuple(AccountName(account) for account in db.scalars(_OPEN))


def keep_windows(db: Connection, accounts: Sequence[AccountName]) -> None:
    """These and no others; of those that are no more all is forgotten."""
    gone = [account for account in open_windows(db) if account not in accounts]
    if gone:
        db.execute(delete(WINDOWS).where(WINDOWS.c.account.in_(gone)))
        db.execute(delete(PUSHES).where(PUSHES.c.account.in_(gone)))
    add_missing(db, WINDOWS, [{"account": account, "seen": ""} for account in accounts])


def seen(db: Connection, account: AccountName) -> str:
    """What the window was last held against; empty before the first time."""
    return db.scalar(select(WINDOWS.c.seen).where(WINDOWS.c.account == account)) or ""


def note_seen(db: Connection, account: AccountName, what: str) -> None:
    put(db, WINDOWS, ["account"], [{"account": account, "seen": what}])


def mark(
    db: Connection,
    accounts: Iterable[AccountName],
    records: Iterable[tuple[Shown, str]],
    now: datetime,
) -> None:
    """These may be other than what the windows of these accounts show."""
    wanted = sorted(set(records))
    rows = [
        {"account": account, "kind": kind, "record": record, "marked_at": microseconds(now)}
        for account in accounts
        for kind, record in wanted
    ]
    if rows:
        db.execute(_MARK_ONE, rows)


def mark_mirrored(db: Connection, account: AccountName, crm: AccountName, now: datetime) -> None:
    """Every client and every deal that the mirror knows, and all that the window has."""
    given = {"account": account, "crm": crm, "marked_at": microseconds(now)}
    for kind, table, which in (
        (Shown.CLIENT, CONTACTS, ""),
        (Shown.DEAL, RECORDS, "AND kind = 'deal'"),
    ):
        found = (
            f"SELECT :account, '{kind}', id, 'due', 1, '', '', '', :marked_at FROM {table.name}"  # noqa: S608 - put together from constants
            f" WHERE account = :crm {which}"
        )
        db.execute(text(_MARK.format(rows=found)), given)
    db.execute(
        update(PUSHES)
        .where(PUSHES.c.account == account)
        .values(state=PushState.DUE, marks=PUSHES.c.marks + 1, marked_at=now)
    )


def forget_told(db: Connection, account: AccountName) -> None:
    """All of it is told anew, whatever the window has; what has to go is still known by its id."""
    db.execute(update(PUSHES).where(PUSHES.c.account == account).values(digest=""))


def due(db: Connection, account: AccountName, kind: Shown, limit: int) -> tuple[Push, ...]:
    rows = db.execute(
        select(PUSHES)
        .where(PUSHES.c.account == account, PUSHES.c.state == PushState.DUE, PUSHES.c.kind == kind)
        .order_by(PUSHES.c.record)
        .limit(limit)
    )
    return tuple(
        Push(
            kind=Shown(row.kind),
            record=row.record,
            marks=row.marks,
            shown_as=row.shown_as,
            digest=row.digest,
        )
        for row in rows
    )


def note(db: Connection, account: AccountName, done: Sequence[Pushed]) -> None:
    """A change that came while it was under way leaves it due."""
    kept = [_keys(account, one) | _told(one) for one in done if one.shown_as or one.reason]
    gone = [_keys(account, one) for one in done if not (one.shown_as or one.reason)]
    if kept:
        db.execute(_NOTE, kept)
    for keys in gone:
        if db.execute(_FORGET, keys).rowcount == 0:
            db.execute(_NOTE, [keys | {"as": "", "told": "", "why": "", "then": PushState.DUE}])


def waiting(db: Connection, account: AccountName) -> int:
    """How many clients and deals are yet to be told of, or looked at."""
    return _count(
        db,
        (PUSHES.c.account == account)
        & (PUSHES.c.state == PushState.DUE)
        & PUSHES.c.kind.in_([Shown.CLIENT, Shown.DEAL]),
    )


def refused_count(db: Connection, account: AccountName) -> int:
    return _count(db, (PUSHES.c.account == account) & (PUSHES.c.state == PushState.REFUSED))


def refused(db: Connection, account: AccountName, limit: int) -> tuple[tuple[Shown, str, str], ...]:
    """Kind, our id and why, of what the vendor would not take."""
    rows = db.execute(
        select(PUSHES.c.kind, PUSHES.c.record, PUSHES.c.reason)
        .where(PUSHES.c.account == account, PUSHES.c.state == PushState.REFUSED)
        .order_by(PUSHES.c.kind, PUSHES.c.record)
        .limit(limit)
    )
    return tuple((Shown(kind), record, reason) for kind, record, reason in rows)


def _keys(account: AccountName, one: Pushed) -> dict[str, str | int]:
    push = one.push
    return {"of": account, "what": push.kind, "which": push.record, "seen": push.marks}


def _told(one: Pushed) -> dict[str, str | int]:
    then = PushState.REFUSED if one.reason else PushState.DONE
    return {"as": one.shown_as, "told": one.digest, "why": one.reason, "then": then}


def _count(db: Connection, which: ColumnElement[bool]) -> int:
    return db.scalar(select(func.count()).select_from(PUSHES).where(which)) or 0
