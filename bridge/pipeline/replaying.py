"""An event driven again from what is stored: what that would do, and doing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select, update

from bridge.pipeline.dead import Box, replay
from bridge.pipeline.explain import explain
from bridge.pipeline.parts import Parts
from bridge.store import audit
from bridge.store.audit import COMMAND, Deed, NewLine, Who
from bridge.store.engine import writing
from bridge.store.schema import INBOX, OUTBOX


class Again(StrEnum):
    DECIDE = "decide"  # the stored request is read once more; what was decided stays decided
    DELIVER = "deliver"  # a dead letter: looked up at the vendor first where it may have arrived
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What replaying does with one row, and why."""

    box: Box
    id: int
    account: str
    kind: str
    state: str
    again: Again
    detail: str

    @property
    def name(self) -> str:
        return f"{self.box}:{self.id}"


def steps_of(db: Connection, event: str) -> tuple[Step, ...]:
    """The request that brought an event, and each effect of it; raises LookupError for no event.

    `event` is what `explain` takes, or a row such as `inbox:12` or `outbox:7`.
    """
    box, _, number = event.partition(":")
    if box in tuple(Box) and number.isascii() and number.isdigit() and len(number) < 19:
        return (_step(db, Box(box), int(number)),)
    found = explain(db, event)
    if found is None:
        raise LookupError(f"there is no event {event}")
    inbox = () if found.inbox_id is None else (_step(db, Box.INBOX, found.inbox_id),)
    return (*inbox, *(_step(db, Box.OUTBOX, effect.outbox_id) for effect in found.effects))


def carry_out(parts: Parts, steps: Sequence[Step], by: Who = COMMAND) -> tuple[Step, ...]:
    """Does what the steps say and gives those done; what has changed meanwhile is left alone."""
    return tuple(step for step in dict.fromkeys(steps) if _carried_out(parts, step, by))


def _carried_out(parts: Parts, step: Step, by: Who) -> bool:
    if step.again is Again.NOTHING:
        return False
    if replay(parts, step.box, step.id, by):
        return True
    with writing(parts.engine) as db:
        if step.box is not Box.INBOX or _step(db, step.box, step.id).again is not step.again:
            return False
        lane = _decide_again(db, step.id)
        line = NewLine(who=by, deed=Deed.REPLAYED, object=step.name, detail=f"of {step.account}")
        audit.note(db, [line], parts.now())
    parts.bell.ring(lane)
    return True


def _decide_again(db: Connection, row: int) -> str:
    values = {"state": "pending", "attempts": 0, "next_attempt_at": None, "reason": "replayed"}
    db.execute(update(INBOX).where(INBOX.c.id == row).values(**values))
    lane: str = db.scalars(select(INBOX.c.lane).where(INBOX.c.id == row)).one()
    return lane


def _step(db: Connection, box: Box, row: int) -> Step:
    table = INBOX if box is Box.INBOX else OUTBOX
    found = db.execute(select(table).where(table.c.id == row)).mappings().one_or_none()
    if found is None:
        raise LookupError(f"there is no row {box}:{row}")
    if box is Box.INBOX:
        again, detail = _of_request(found["state"], bytes(found["body"]))
    else:
        is_stuck = found["state"] == "unknown" and found["next_attempt_at"] is None
        again, detail = _of_effect(found["state"], is_stuck=is_stuck)
    return Step(
        box=box,
        id=row,
        account=found["account"],
        kind="request" if box is Box.INBOX else found["kind"],
        state=found["state"],
        again=again,
        detail=detail,
    )


def _of_request(state: str, body: bytes) -> tuple[Again, str]:
    if not body:
        return Again.NOTHING, "its bytes were erased"
    if state in ("pending", "leased", "held"):
        return Again.NOTHING, "it is on its way already"
    if state == "done":
        return Again.DECIDE, "read again; what was decided is not decided twice"
    return Again.DECIDE, "read again from its stored bytes"


def _of_effect(state: str, *, is_stuck: bool) -> tuple[Again, str]:
    if state == "dead" or is_stuck:
        return Again.DELIVER, "tried again, after a look-up where it may have arrived"
    if state == "done":
        return Again.NOTHING, "delivered already: nothing is written"
    if state == "dropped":
        return Again.NOTHING, "a person dropped it"
    return Again.NOTHING, "it is on its way already"
