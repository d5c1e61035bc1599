"""Dead letters: what a person has to decide about, replayed or dropped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, or_, select, update

from bridge.domain.effects import SendMessage
from bridge.domain.names import MessageId
from bridge.pipeline.parts import Parts
from bridge.store import audit, outbox
from bridge.store.audit import COMMAND, Deed, NewLine, Who
from bridge.store.deciding import deciding
from bridge.store.records import messages_by_id
from bridge.store.schema import INBOX, OUTBOX, SENDS


class Box(StrEnum):
    INBOX = "inbox"
    OUTBOX = "outbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """`body` is the raw request of an inbox row, None for an effect."""

    box: Box
    id: int
    account: str
    kind: str
    reason: str
    attempts: int
    at: datetime
    conversation: str | None = None
    body: bytes | None = None


# An outcome that nobody can look up waits for a person just like a dead row.
_STUCK_OUT = or_(
    OUTBOX.c.state == "dead",
    (OUTBOX.c.state == "unknown") & OUTBOX.c.next_attempt_at.is_(None),
)
_STUCK_IN = INBOX.c.state == "dead"


def dead_letters(db: Connection, box: Box, after: int = 0, limit: int = 50) -> Sequence[DeadLetter]:
    """Dead letters of one box, oldest first, from the one after `after`."""
    if box is Box.INBOX:
        return _in(db, after, limit)
    return _out(db, after, limit)


def dead_letter(db: Connection, box: Box, letter: int) -> DeadLetter | None:
    found = dead_letters(db, box, letter - 1, 1)
    return found[0] if found and found[0].id == letter else None


def replay(parts: Parts, box: Box, letter: int, by: Who = COMMAND) -> bool:
    """Tried again from its stored bytes; False when there is no such dead letter.

    What was decided or delivered before is not done twice: decisions are unique, and the vendor
    is asked first where an earlier attempt may have arrived.
    """
    with deciding(parts.engine) as db:
        found = dead_letter(db, box, letter)
        if found is None:
            return False
        if box is Box.INBOX:
            db.execute(
                update(INBOX)
                .where(INBOX.c.id == letter)
                .values(state="pending", attempts=0, next_attempt_at=None, reason="replayed")
            )
            lane = db.scalar(select(INBOX.c.lane).where(INBOX.c.id == letter))
        else:
            lane = _replay_effect(db, letter, parts.now())
        audit.note(db, [_line(by, Deed.REPLAYED, found)], parts.now())
    if lane is not None:
        parts.bell.ring(lane)
    return True


def drop(parts: Parts, box: Box, letter: int, by: Who = COMMAND) -> bool:
    """A person has decided that this will not be done; False when there is no such dead letter."""
    with deciding(parts.engine) as db:
        found = dead_letter(db, box, letter)
        if found is None:
            return False
        audit.note(db, [_line(by, Deed.DROPPED, found)], parts.now())
        if box is Box.OUTBOX:
            outbox.drop(db, letter, parts.now(), by_hand=True)
        else:
            db.execute(
                update(INBOX)
                .where(INBOX.c.id == letter)
                .values(state="dropped", next_attempt_at=None, done_at=parts.now())
            )
    return True


def take_back_drop(parts: Parts, box: Box, letter: int, by: Who = COMMAND) -> bool:
    """What a person dropped is a dead letter again, as long as its content is kept, and what was
    pointless without it waits for it; False for what nobody dropped, or what has been sent in
    another message's place since."""
    with deciding(parts.engine) as db:
        if not (_take_back_request if box is Box.INBOX else _take_back_effect)(db, letter):
            return False
        found = dead_letter(db, box, letter)
        if found is not None:
            audit.note(db, [_line(by, Deed.DROP_UNDONE, found)], parts.now())
    return True


def _take_back_request(db: Connection, letter: int) -> bool:
    dropped = (INBOX.c.id == letter) & (INBOX.c.state == "dropped") & (INBOX.c.body != b"")
    again = update(INBOX).where(dropped).values(state="dead", done_at=None)
    return db.execute(again).rowcount == 1


def _take_back_effect(db: Connection, letter: int) -> bool:
    message = db.scalar(select(OUTBOX.c.message).where(OUTBOX.c.id == letter, SENDS))
    sent = {} if message is None else messages_by_id(db, [MessageId(message)])
    if any(one.resent_as is not None for one in sent.values()):
        return False
    return outbox.take_back(db, letter)


def _line(by: Who, deed: Deed, letter: DeadLetter) -> NewLine:
    about = f"{letter.kind} of {letter.account}"
    return NewLine(who=by, deed=deed, object=f"{letter.box}:{letter.id}", detail=about)


def _replay_effect(db: Connection, letter: int, now: datetime) -> str | None:
    """An effect whose outcome was ever in doubt is looked up first; a message to a client is sent
    again, for that is what the person decided."""
    row = db.execute(select(OUTBOX).where(OUTBOX.c.id == letter)).mappings().one()
    if row["in_doubt_since"] is not None and row["kind"] != SendMessage.__name__:
        state = {"state": "unknown", "next_attempt_at": now}
    else:
        state = {"state": "pending", "next_attempt_at": None, "in_doubt_since": None}
    values = {"attempts": 0, "reason": "replayed", **state}
    db.execute(update(OUTBOX).where(OUTBOX.c.id == letter).values(**values))
    if row["makes"] is not None:
        outbox.expect_again(db, row["makes"])
    lane: str = row["lane"]
    return lane


def _in(db: Connection, after: int, limit: int) -> list[DeadLetter]:
    rows = db.execute(
        select(INBOX).where(_STUCK_IN, INBOX.c.id > after).order_by(INBOX.c.id).limit(limit)
    ).mappings()
    return [
        DeadLetter(
            box=Box.INBOX,
            id=row["id"],
            account=row["account"],
            kind="request",
            reason=row["reason"],
            attempts=row["attempts"],
            at=row["received_at"],
            body=bytes(row["body"]),
        )
        for row in rows
    ]


def _out(db: Connection, after: int, limit: int) -> list[DeadLetter]:
    rows = db.execute(
        select(OUTBOX).where(_STUCK_OUT, OUTBOX.c.id > after).order_by(OUTBOX.c.id).limit(limit)
    ).mappings()
    return [
        DeadLetter(
            box=Box.OUTBOX,
            id=row["id"],
            account=row["account"],
            kind=row["kind"],
            reason=row["reason"],
            attempts=row["attempts"],
            at=row["created_at"],
            conversation=row["conversation"],
        )
        for row in rows
    ]
