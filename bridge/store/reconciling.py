"""Outbox rows looked through again: page by page in the order of their ids, however many there are
of one moment, and ordered anew where what they made is not there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from bridge import codec
from bridge.domain.effects import UpdateTimelineEntry, WriteTimelineEntry
from bridge.domain.names import AccountName, MessageId
from bridge.store.among import among
from bridge.store.outbox import WIPED, State, expect_again
from bridge.store.outgoing import Row, rows_by_id
from bridge.store.schema import INBOX, NEEDS, OUTBOX, VENDOR_IDS
from bridge.store.upsert import add_missing

HISTORY = "HISTORY"  # of inbox rows that a vendor had on its list
OWN_METHODS = ("POLL", HISTORY)  # of inbox rows that no vendor has sent, but we have asked for
_AGAIN = "written again: it was not in the CRM"
_COLUMNS = (
    OUTBOX.c.id,
    OUTBOX.c.kind,
    OUTBOX.c.state,
    OUTBOX.c.reason,
    OUTBOX.c.created_at,
    OUTBOX.c.next_attempt_at,
    OUTBOX.c.tried_at,
    OUTBOX.c.done_at,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An outbox row as it stood when it was looked at; `row` of None: its content is kept no
    longer."""

    id: int
    kind: str
    state: State
    reason: str
    created_at: datetime
    next_attempt_at: datetime | None
    tried_at: datetime | None
    done_at: datetime | None
    row: Row | None

    @property
    def is_stuck(self) -> bool:
        """No further try by itself: it waits for a person."""
        unknown = self.state is State.UNKNOWN and self.next_attempt_at is None
        return unknown or self.state is State.DEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Ids to be looked through: after this one, up to that one."""

    after: int
    last: int

    @property
    def size(self) -> int:
        return max(self.last - self.after, 0)


def span(db: Connection, since: datetime) -> Span:
    """The rows from this moment on that are there now. Ids grow with time, so that the first is
    found by halves, without an index on time."""
    last = db.scalar(select(func.max(OUTBOX.c.id))) or 0
    low, high = 0, last
    while low < high:
        middle = (low + high + 1) // 2
        if _is_before(db, middle, since):
            low = middle
        else:
            high = middle - 1
    return Span(after=low, last=last)


def page(
    db: Connection, account: AccountName, kinds: Iterable[str], within: Span, limit: int
) -> list[Standing]:
    """The next rows of these kinds, each with its effect."""
    found = db.execute(
        select(*_COLUMNS, (OUTBOX.c.effect == WIPED).label("wiped"))
        .where(OUTBOX.c.id > within.after, OUTBOX.c.id <= within.last)
        .where(OUTBOX.c.account == account, among(OUTBOX.c.kind, kinds))
        .order_by(OUTBOX.c.id)
        .limit(limit)
    ).mappings()
    rows = list(found)
    readable = rows_by_id(db, [row["id"] for row in rows if not row["wiped"]])
    by_id = {row.id: row for row in readable}
    return [
        Standing(
            **{name: row[name] for name in row if name not in ("wiped", "state")},
            state=State(row["state"]),
            row=by_id.get(row["id"]),
        )
        for row in rows
    ]


def as_it_was(db: Connection, standing: Standing) -> bool:
    """Whether nobody has touched the row since it was looked at."""
    now = db.execute(
        select(OUTBOX.c.state, OUTBOX.c.tried_at, OUTBOX.c.next_attempt_at).where(
            OUTBOX.c.id == standing.id
        )
    ).one_or_none()
    before = (standing.state, standing.tried_at, standing.next_attempt_at)
    return now is not None and (State(now.state), now.tried_at, now.next_attempt_at) == before


def write_again(db: Connection, standing: Standing, entry: WriteTimelineEntry) -> None:
    """The row is to be delivered once more, with this entry, and after it the message's last
    edit."""
    db.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == standing.id)
        .values(
            effect=codec.encode(entry),
            state=State.PENDING.value,
            attempts=0,
            next_attempt_at=None,
            in_doubt_since=None,
            done_at=None,
            reason=_AGAIN,
        )
    )
    db.execute(delete(NEEDS).where(NEEDS.c.outbox_id == standing.id))  # what was dropped before it
    expect_again(db, entry.message)
    account = select(OUTBOX.c.account).where(OUTBOX.c.id == standing.id).scalar_subquery()
    db.execute(
        delete(VENDOR_IDS).where(
            VENDOR_IDS.c.account == account, VENDOR_IDS.c.name == entry.message
        )
    )
    _edit_again(db, standing.id, entry.message)


def _edit_again(db: Connection, after: int, message: MessageId) -> None:
    """Edits name the entry by its id, which will be another one."""
    edits = db.execute(
        select(OUTBOX.c.id, OUTBOX.c.state)
        .where(OUTBOX.c.id > after, OUTBOX.c.kind == UpdateTimelineEntry.__name__)
        .where(OUTBOX.c.message == message, OUTBOX.c.effect != WIPED)
        .where(OUTBOX.c.state != State.DROPPED.value)
        .order_by(OUTBOX.c.id)
    ).all()
    if not edits:
        return
    db.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == edits[-1].id)
        .values(
            state=State.PENDING.value,
            attempts=0,
            next_attempt_at=None,
            done_at=None,
            reason=_AGAIN,
        )
    )
    ended = (State.DONE.value, State.DEAD.value)
    waiting = {edits[-1].id, *(edit.id for edit in edits if edit.state not in ended)}
    needs = [{"outbox_id": one, "name": message, "hard": True} for one in sorted(waiting)]
    add_missing(db, NEEDS, needs)


def states(db: Connection, ids: Sequence[int]) -> Mapping[int, tuple[State, str]]:
    """How each row stands now, and why."""
    rows = db.execute(
        select(OUTBOX.c.id, OUTBOX.c.state, OUTBOX.c.reason).where(among(OUTBOX.c.id, ids))
    )
    return {row.id: (State(row.state), row.reason) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Of some moment on: `done` effects of which a vendor tells, the first of them at `first_at`,
    and when it last called us, `heard_at` of None: not since then."""

    done: int
    first_at: datetime | None = None
    heard_at: datetime | None = None


def told(
    db: Connection, account: AccountName, kinds: Iterable[str], within: Span, until: datetime
) -> Told:
    """What a vendor was to tell of, and whether it has called at all since the first of it."""
    done, first_at = db.execute(
        select(func.count(), func.min(OUTBOX.c.done_at))
        .where(OUTBOX.c.id > within.after, OUTBOX.c.id <= within.last)
        .where(OUTBOX.c.account == account, among(OUTBOX.c.kind, kinds))
        .where(OUTBOX.c.state == State.DONE.value, OUTBOX.c.done_at <= until)
    ).one()
    if not done:
        return Told(done=0)
    heard_at = db.scalar(
        select(func.max(INBOX.c.received_at))
        .where(INBOX.c.account == account, INBOX.c.received_at >= first_at)
        .where(INBOX.c.method.not_in(OWN_METHODS))
    )
    return Told(done=done, first_at=first_at, heard_at=heard_at)


def _is_before(db: Connection, row_id: int, since: datetime) -> bool:
    """Of the last row up to this id."""
    made = db.scalar(
        select(OUTBOX.c.created_at)
        .where(OUTBOX.c.id <= row_id)
        .order_by(OUTBOX.c.id.desc())
        .limit(1)
    )
    return made is None or made < since
