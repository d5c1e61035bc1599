"""Wipes what has been kept for as long as the configuration says, a little at a time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bridge.domain.policy import Retention
from bridge.pipeline.parts import Parts
from bridge.store import wiping
from bridge.store.engine import reading, writing
from bridge.store.wiping import Pass, Subject

BATCH = 500
REST = timedelta(days=1)  # between two passes over the same table


def forget(parts: Parts) -> int:
    """One step of each pass that is under way or due, each in a short transaction of its own; how
    much was wiped. A step that was cut short is done again."""
    kept = spans(parts.active().policy.retention)
    with reading(parts.engine) as db:
        known = wiping.passes(db)
    due = [subject for subject in kept if _current(known.get(subject), subject, parts.now())]
    return sum(_step(parts, subject, kept[subject]) for subject in due)


def spans(retention: Retention) -> Mapping[Subject, timedelta]:
    """How long each is kept, without those that are kept for good."""
    wanted = {
        Subject.REQUESTS: retention.inputs,
        Subject.DECISIONS: retention.inputs,
        Subject.EFFECTS: retention.inputs,
        Subject.ATTEMPTS: retention.decisions,
        Subject.MESSAGES: retention.messages,
        Subject.FILES: retention.files,
        Subject.AUDIT: retention.audit,
        Subject.NOTES: retention.messages,
    }
    return {subject: span for subject, span in wanted.items() if span is not None}


def _step(parts: Parts, subject: Subject, span: timedelta) -> int:
    now = parts.now()
    with writing(parts.engine) as db:
        known = wiping.passes(db, to_go_on=True).get(subject)
        current = _current(known, subject, now)
        if current is None:
            return 0
        done = wiping.wipe(db, subject, current.position, now - span, now, BATCH)
        wiped = current.wiped + done.wiped
        moved = (
            replace(current, ended_at=now, wiped=wiped)
            if done.last is None
            else replace(current, position=done.last, wiped=wiped)
        )
        wiping.put_pass(db, moved)
    return done.wiped


def _current(known: Pass | None, subject: Subject, now: datetime) -> Pass | None:
    """The pass to go on with, or a new one; None while the last one is young."""
    if known is not None and known.ended_at is None:
        return known
    if known is not None and known.ended_at is not None and now - known.ended_at < REST:
        return None
    return Pass(subject=subject, position=0, began_at=now)
