"""What a vendor's answer does to a row: done, another time, to be looked up, or a dead letter."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

import structlog
from sqlalchemy import Connection

from bridge.domain.effects import SendEmail, SendMessage
from bridge.domain.messaging import MessageStatus
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline import gone
from bridge.pipeline.announcing import Trouble, tell_managers
from bridge.pipeline.lanes import split
from bridge.pipeline.partnering.writing_back import note_owner_refused
from bridge.pipeline.parts import Active
from bridge.pipeline.results import note_result
from bridge.pipeline.showing import show, tell_writer
from bridge.ports import (
    Absent,
    AccountDown,
    CannotTell,
    Done,
    Found,
    Outcome,
    Rejected,
    RetryAt,
    Unknown,
)
from bridge.store import attempts, lanes, outbox, outgoing
from bridge.store.attempts import Tried
from bridge.store.outbox import State
from bridge.store.outgoing import Row

MAX_ATTEMPTS = 8
MAX_LOOK_UPS = timedelta(hours=6)
MAX_OUTAGE = timedelta(days=1)
_SILENT = "the vendor answers with errors, or not at all"
Answer = Found | Absent | CannotTell
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """One batch of outcomes: of which lane, when, and when an unknown one may be looked up."""

    lane: str
    now: datetime
    look_up_at: datetime
    active: Active
    public_url: str


def note(
    db: Connection, notes: Notes, outcomes: Sequence[tuple[Row, Outcome]]
) -> AccountDown | None:
    """Writes each row's outcome; gives the account-wide cause if there was one."""
    done = [(row, out.vendor_ids) for row, out in outcomes if isinstance(out, Done)]
    note_result(db, done, notes.now)
    if done:
        lanes.note_success(db, notes.lane, notes.now)
    elif any(isinstance(out, Rejected) for _, out in outcomes):
        lanes.note_answer(db, notes.lane)
    down = [(row, out) for row, out in outcomes if isinstance(out, AccountDown)]
    attempts.add(db, _tried(outcomes), notes.now)
    for row, outcome in outcomes:
        _note_row(db, notes, row, outcome)
    if not down:
        return _note_outage(db, notes, outcomes)
    _go_down(db, notes, down[0][1], [row for row, _ in down])
    return down[0][1]


def _tried(outcomes: Sequence[tuple[Row, Outcome]]) -> Iterator[Tried]:
    """What was answered. Of rows that an account in trouble holds back only the first was sent, or
    none, where it was silence that held them back."""
    held_back = False
    for row, outcome in outcomes:
        match outcome:
            case RetryAt() | Unknown():
                yield Tried(row=row, said=outcome.reason)
                held_back = held_back or isinstance(outcome, Unknown)
            case Rejected():
                yield Tried(row=row, said=_why(outcome))
            case AccountDown():
                if not held_back:
                    yield Tried(row=row, said=outcome.cause)
                held_back = True


def _found(answer: Answer) -> str:
    match answer:
        case Found():
            return "looked up: done"
        case Absent():
            return "looked up: not there"
        case CannotTell():
            return f"looked up: {answer.reason}"


def _why(refused: Rejected) -> str:
    return f"{refused.reason}: {refused.detail}".strip(": ")


def _note_row(db: Connection, notes: Notes, row: Row, outcome: Outcome) -> None:
    match outcome:
        case Done() | AccountDown():
            return
        case RetryAt():
            _retry(db, row, outcome, notes.now)
        case Unknown():
            outgoing.settle(db, row.id, State.UNKNOWN, outcome.reason, notes.look_up_at)
            _count_fairly(db, notes, row)
            show(db, row, MessageStatus.UNKNOWN, outcome.reason)
        case Rejected():
            if not gone.is_ended(db, row, notes.now):
                die(db, row, _why(outcome), notes.now)
        case _:
            assert_never(outcome)


def _note_outage(
    db: Connection, notes: Notes, outcomes: Sequence[tuple[Row, Outcome]]
) -> AccountDown | None:
    """Not a word to be trusted, twice in a row: the vendor is left alone, longer each time."""
    if not all(isinstance(outcome, Unknown) for _, outcome in outcomes):
        return None
    again = lanes.is_troubled(db, notes.lane)
    tried = max(row.attempts for row, _ in outcomes)
    until = back_off(tried, notes.now) if again else notes.now
    if lanes.hold(db, notes.lane, until, _SILENT):
        _log.warning("vendor fails", lane=notes.lane)
    return AccountDown(cause=_SILENT, until=until) if again else None


def _count_fairly(db: Connection, notes: Notes, row: Row) -> None:
    """The last try is the row's own only if later ones of its kind got through; but an outage of
    which nobody sees the end must not keep it for ever."""
    first = row.in_doubt_since or notes.now
    if row.attempts < MAX_ATTEMPTS - 1 or notes.now - first >= MAX_OUTAGE:
        return
    if not outgoing.was_overtaken(db, row):
        outgoing.not_counted(db, row.id)


def note_found(db: Connection, now: datetime, answers: Sequence[tuple[Row, Answer]]) -> None:
    """What a look-up said: done, surely not done and so to be sent again, or still unknown."""
    found = [(row, answer.vendor_ids) for row, answer in answers if isinstance(answer, Found)]
    note_result(db, found, now)
    attempts.add(db, (Tried(row=row, said=_found(answer)) for row, answer in answers), now)
    for row, answer in answers:
        match answer:
            case Found():
                continue
            case Absent():
                _send_again(db, row, now)
            case CannotTell():
                _still_unknown(db, row, answer.reason, now)
            case _:
                assert_never(answer)


def die(db: Connection, row: Row, reason: str, now: datetime) -> None:
    """A dead letter: what can't do without its result is held, the rest goes on."""
    if not outgoing.settle(db, row.id, State.DEAD, reason):
        return
    _log.error("dead letter", outbox_id=row.id, account=row.account, reason=reason)
    show(db, row, MessageStatus.FAILED, reason)
    tell_writer(db, row, ReasonCode.MESSAGE_FAILED, now)
    note_owner_refused(db, row, reason, now)
    if row.makes is not None:
        outbox.give_up_on(db, row.makes, now)


def back_off(attempt: int, now: datetime) -> datetime:
    """Twice as long each time, at most a quarter of an hour, with jitter of a fifth."""
    seconds = min(2.0 ** min(attempt, 10), 900.0)
    return now + timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311


def _retry(db: Connection, row: Row, outcome: RetryAt, now: datetime) -> None:
    if outcome.is_limit:
        if outgoing.settle(db, row.id, State.PENDING, outcome.reason, max(outcome.when, now)):
            outgoing.not_counted(db, row.id)
        return
    if row.attempts >= MAX_ATTEMPTS:
        die(db, row, f"given up after {row.attempts} attempts: {outcome.reason}", now)
        return
    when = max(outcome.when, back_off(row.attempts, now))
    outgoing.settle(db, row.id, State.PENDING, outcome.reason, when)


def _send_again(db: Connection, row: Row, now: datetime) -> None:
    if row.attempts >= MAX_ATTEMPTS and isinstance(row.effect, SendMessage):
        # The vendor's key made each try harmless, but says of none whether it arrived.
        _leave_to_a_person(db, row, f"no answer to {row.attempts} attempts", now)
        return
    if row.attempts >= MAX_ATTEMPTS:
        die(db, row, f"given up after {row.attempts} attempts, none of which arrived", now)
        return
    # Others go first: it may be this row that the vendor can't bear. A message to a client can't
    # wait, for the vendor's key runs out.
    waits = row.attempts > 1 and not isinstance(row.effect, SendMessage)
    when = back_off(row.attempts, now) if waits else None
    outgoing.settle(db, row.id, State.PENDING, "looked up: not there", when)


def _still_unknown(db: Connection, row: Row, reason: str, now: datetime) -> None:
    """A message to a person is never sent again by itself: a person decides. All else is looked
    up again, each time after half the time that has passed: what follows it waits as well."""
    tried = row.in_doubt_since or now
    if isinstance(row.effect, SendMessage | SendEmail) or now - tried > MAX_LOOK_UPS:
        _leave_to_a_person(db, row, reason, now)
        return
    waited = max((now - tried).total_seconds() / 2, 2.0)
    outgoing.settle(db, row.id, State.UNKNOWN, reason, now + timedelta(seconds=min(waited, 900.0)))


def _leave_to_a_person(db: Connection, row: Row, reason: str, now: datetime) -> None:
    if outgoing.settle(db, row.id, State.UNKNOWN, f"{reason}; replay or drop it by hand"):
        show(db, row, MessageStatus.UNKNOWN, reason)
        tell_writer(db, row, ReasonCode.MESSAGE_IN_DOUBT, now)


def _go_down(db: Connection, notes: Notes, down: AccountDown, rows: Sequence[Row]) -> None:
    """The lane is held; managers are told, once, of what only a person can mend."""
    outgoing.give_back(db, [row.id for row in rows], down.cause, None)
    if not lanes.hold(db, notes.lane, down.until, down.cause):
        return
    _log.error("lane held", lane=notes.lane, cause=down.cause, until=str(down.until or "resumed"))
    if down.until is None:
        _, account = split(notes.lane)
        reason = Reason(ReasonCode.ACCOUNT_PAUSED, down.cause)
        trouble = Trouble(account=account, kind="AccountPaused", reason=reason)
        tell_managers(db, notes.active, notes.public_url, trouble, notes.now)
