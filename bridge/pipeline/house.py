"""Decides what the house's own people and its clock do: events of our own, at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bridge.domain.decisions import Decision, Verdict, Wait
from bridge.domain.events import Event
from bridge.domain.reasons import Reason
from bridge.domain.routing import route
from bridge.pipeline.commit import Decided, commit
from bridge.pipeline.ledger import stored_event, stored_facts
from bridge.pipeline.on_record import line_of, lines_of_events
from bridge.pipeline.parts import Active, Parts
from bridge.pipeline.unit_of_work import UnitOfWork
from bridge.store import audit, decisions, mirror
from bridge.store.deciding import deciding

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one event. `decision` of None: it was decided before, so nothing happens."""

    event: Event
    decision: Decision | None

    @property
    def refused(self) -> Reason | None:
        """Why nothing was done, for whoever asked."""
        if self.decision is None or self.decision.verdict is not Verdict.REJECTED:
            return None
        return self.decision.reasons[0]


def decide_here(parts: Parts, run: Sequence[Event]) -> tuple[Outcome, ...]:
    """Decides these events of our own in their order and in one transaction; each stands alone.

    One that is refused leaves no trace: its reason is the answer. One that was decided before is
    not decided again. The lanes that have work then are rung.
    """
    active = parts.active()
    with deciding(parts.engine) as db:
        outcomes, filled = decide_within(db, parts, active, run)
    for lane in sorted(filled):
        parts.bell.ring(lane)
    return outcomes


def rehearse_here(parts: Parts, run: Sequence[Event]) -> tuple[Outcome, ...]:
    """What `decide_here` would make of these events, each after those before it; nothing stays."""
    active = parts.active()
    with deciding(parts.engine) as db:
        trial = db.begin_nested()
        outcomes, _ = decide_within(db, parts, active, run)
        trial.rollback()
    return outcomes


def decide_apart(parts: Parts, groups: Sequence[Sequence[Event]]) -> tuple[Outcome, ...]:
    """For the clock: all groups together, each whole or not at all. One that breaks a rule of this
    code stops none of the others: it is told in the log, and tried again at the next look."""
    try:
        return decide_here(parts, [event for group in groups for event in group])
    except SQLAlchemyError:
        raise
    except Exception as error:
        if len(groups) == 1:
            keys = [event.event_key for event in groups[0]]
            _log.error("not decided", events=keys, error=type(error).__name__)
            return ()
    return tuple(outcome for group in groups for outcome in decide_apart(parts, [group]))


def decide_within(
    db: Connection, parts: Parts, active: Active, run: Sequence[Event]
) -> tuple[tuple[Outcome, ...], frozenset[str]]:
    """The same within the caller's deciding transaction; gives also the lanes to be rung after."""
    directory, directory_hash = mirror.directory_and_hash(db, active.policy.crm)
    unit = UnitOfWork(db, active, directory, parts.now(), parts.public_url)
    seen = set(decisions.known(db, [(event.account, event.event_key) for event in run]).settled)
    unit.load(run, {})
    outcomes, noted = [], []
    for event in run:
        if (event.account, event.event_key) in seen:
            outcomes.append(Outcome(event=event, decision=None))
            continue
        decided = _decided(unit, active, event)
        outcomes.append(Outcome(event=event, decision=decided.decision))
        if decided.decision.verdict is not Verdict.REJECTED:
            unit.apply(decided.decision)
            noted.append(decided)
            seen.add((event.account, event.event_key))
    filled = commit(db, active, directory_hash, unit.held, noted, parts.now()) if noted else ()
    decided_now = [(x.event, x.decision) for x in outcomes if x.decision and not x.refused]
    audit.note(db, tuple(lines_of_events(decided_now)), parts.now())
    return tuple(outcomes), frozenset(filled)


def note_here(
    db: Connection, parts: Parts, active: Active, unit: UnitOfWork, decision: Decision
) -> frozenset[str]:
    """Applies and notes a decision that was made from no event, in the caller's transaction."""
    _, directory_hash = mirror.directory_and_hash(db, active.policy.crm)
    unit.apply(decision)
    audit.note(db, [line_of(decision)], parts.now())
    noted = [Decided(decision=decision, event=None, facts=None)]
    return commit(db, active, directory_hash, unit.held, noted, parts.now())


def _decided(unit: UnitOfWork, active: Active, event: Event) -> Decided:
    facts = unit.facts(event)
    decision = route(event, facts, active.policy)
    if isinstance(decision, Wait):
        raise AssertionError(f"{type(event).__name__} can't wait: somebody is answered with it")
    return Decided(decision=decision, event=stored_event(event), facts=stored_facts(facts))
