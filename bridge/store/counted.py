"""Messages as they are counted, and their sums by quarter of an hour."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, select, text

from bridge import codec
from bridge.domain.names import ChannelName, ConversationId, EmployeeId, MessageId
from bridge.domain.numbers import Counted, Outcome, Sum, Turn
from bridge.domain.records import Conversation, Message
from bridge.store.among import among
from bridge.store.schema import CONVERSATIONS, COUNTED, DECISIONS, MESSAGES, SUMS, TO_COUNT
from bridge.store.upsert import put

_KEY = ("person", "what", "span", "quarter", "channel", "detail")
_ADDED_UP = {"n": "message_sums.n + excluded.n"}
_NOTHING_LEFT = delete(SUMS).where(
    *(SUMS.c[name] == bindparam(f"of_{name}") for name in _KEY), SUMS.c.n == 0
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """Changed messages that are still to be counted; `lines` are those of the list itself."""

    lines: tuple[int, ...]
    messages: frozenset[MessageId]


def is_waiting(db: Connection) -> bool:
    return db.scalar(select(TO_COUNT.c.id).limit(1)) is not None


def waiting(db: Connection) -> int:
    return db.scalar(select(func.count()).select_from(TO_COUNT)) or 0


def take(db: Connection, limit: int) -> Queued:
    """The next ones; nobody else takes any until this transaction has ended."""
    if db.dialect.name == "postgresql":
        db.execute(text("LOCK TABLE message_sums IN SHARE ROW EXCLUSIVE MODE"))
    rows = db.execute(select(TO_COUNT).order_by(TO_COUNT.c.id).limit(limit)).all()
    return Queued(
        lines=tuple(row.id for row in rows),
        messages=frozenset(MessageId(row.message) for row in rows),
    )


def done(db: Connection, queued: Queued) -> None:
    db.execute(delete(TO_COUNT).where(among(TO_COUNT.c.id, queued.lines)))


def messages(db: Connection, wanted: Iterable[MessageId]) -> tuple[Message, ...]:
    values = db.scalars(select(MESSAGES.c.value).where(among(MESSAGES.c.id, wanted)))
    return tuple(codec.decode(Message, bytes(value)) for value in values)


def conversations(
    db: Connection, wanted: Iterable[ConversationId]
) -> Mapping[ConversationId, Conversation]:
    found = db.scalars(select(CONVERSATIONS.c.value).where(among(CONVERSATIONS.c.id, wanted)))
    known = (codec.decode(Conversation, bytes(value)) for value in found)
    return {one.id: one for one in known}


def dismissals(
    db: Connection, wanted: Iterable[ConversationId]
) -> Mapping[ConversationId, tuple[datetime, ...]]:
    """When somebody said that no answer was needed, and it was not taken back."""
    rows = db.execute(
        select(DECISIONS.c.conversation, DECISIONS.c.kind, DECISIONS.c.occurred_at)
        .where(among(DECISIONS.c.conversation, wanted))
        .where(DECISIONS.c.kind.in_(("Dismissal", "DismissalUndone")))
        .order_by(DECISIONS.c.id)
    )
    found: dict[ConversationId, tuple[datetime, ...]] = {}
    for conversation, kind, when in rows:
        before = found.get(conversation, ())
        found[conversation] = (*before, when) if kind == "Dismissal" else before[:-1]
    return found


def places(db: Connection, wanted: Iterable[MessageId]) -> frozenset[ConversationId]:
    """The conversations in which these messages were counted so far."""
    found = select(COUNTED.c.conversation).where(among(COUNTED.c.message, wanted)).distinct()
    return frozenset(map(ConversationId, db.scalars(found)))


def of_conversations(db: Connection, wanted: Iterable[ConversationId]) -> tuple[Counted, ...]:
    """Everything that was counted in them so far."""
    rows = db.execute(select(COUNTED).where(among(COUNTED.c.conversation, wanted)))
    return tuple(counted_of(row) for row in rows)


def keep(db: Connection, run: Sequence[Counted]) -> None:
    rows = [
        {
            "message": one.message,
            "conversation": one.conversation,
            "at": one.at,
            "channel": one.channel,
            "turn": one.turn.value,
            "person": one.person,
            "outcome": one.outcome.value,
            "cause": one.cause,
            "answered_after": one.answered_after,
        }
        for one in run
    ]
    put(db, COUNTED, ["message"], rows)


def add(db: Connection, moved: Counter[Sum]) -> None:
    """Adds to the sums, or takes away; what comes to nothing leaves no row."""
    rows = [_row(one, n) for one, n in sorted(moved.items(), key=_by_key) if n]
    put(db, SUMS, list(_KEY), rows, _ADDED_UP)
    less = [row for row in rows if row["n"] < 0]
    if less:
        db.execute(_NOTHING_LEFT, [{f"of_{name}": row[name] for name in _KEY} for row in less])


def forget_everything(db: Connection) -> None:
    """All is counted anew from the messages."""
    for table in (SUMS, COUNTED, TO_COUNT):
        db.execute(delete(table))
    every = select(MESSAGES.c.id).order_by(MESSAGES.c.seq)
    db.execute(TO_COUNT.insert().from_select(["message"], every))


def _by_key(item: tuple[Sum, int]) -> tuple[str, ...]:
    """Always in the same order, so that two who add never wait for each other."""
    one = item[0]
    return one.person, one.what, f"{one.span:03}", f"{one.quarter:012}", one.channel, one.detail


def _row(one: Sum, n: int) -> dict[str, Any]:
    return {
        "person": one.person,
        "what": one.what.value,
        "span": one.span,
        "quarter": one.quarter,
        "channel": one.channel,
        "detail": one.detail,
        "n": n,
    }


def counted_of(row: Row[Any]) -> Counted:
    return Counted(
        message=MessageId(row.message),
        conversation=ConversationId(row.conversation),
        at=row.at,
        channel=ChannelName(row.channel),
        turn=Turn(row.turn),
        person=EmployeeId(row.person),
        outcome=Outcome(row.outcome),
        cause=row.cause,
        answered_after=row.answered_after,
    )
