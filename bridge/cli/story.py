"""A decision's record told to people: who, why, what was tried, what followed."""

from collections.abc import Iterator

from bridge.domain.decisions import Candidate, RuleTried
from bridge.domain.reasons import Reason
from bridge.pipeline.explain import EffectState, Explanation
from bridge.pipeline.ledger import Record


def told(record: Record) -> Iterator[str]:
    """Holds no message text and no phone number, as the record itself."""
    yield f"{record.kind} of {record.account}: {record.verdict}"
    yield f"  event {record.event_key}, occurred {record.occurred_at.isoformat()}"
    if record.conversation is not None:
        yield f"  conversation {record.conversation}"
    yield from why(record)


def why(record: Record) -> Iterator[str]:
    """The reasons, and all that was looked at."""
    if record.target is not None:
        yield f"  goes to {record.target}"
    yield "because"
    yield from (f"  {_because(reason)}" for reason in record.reasons)
    yield from _section("rules, in order", (line for r in record.rules for line in _rule(r)))
    yield from _section("people considered", map(_candidate, record.candidates))
    facts = (f"  {f.name}: {f.value}{_age(f.age_seconds)}" for f in record.facts)
    yield from _section("facts it stood on", facts)


def planned(record: Record) -> Iterator[str]:
    """What a decision that was not carried out would have done."""
    effects = (f"  {effect.kind} at {effect.account}" for effect in record.effects)
    yield from _section("would be done", effects)


def done(explanation: Explanation) -> Iterator[str]:
    """What became of the effects of one that was."""
    yield from _section("what was done", map(_effect, explanation.effects))


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield title
        yield from found


def _because(reason: Reason) -> str:
    return f"{reason.detail} ({reason.code})"


def _rule(rule: RuleTried) -> Iterator[str]:
    yield f"  {'matched' if rule.matched else 'not'}  {rule.id} ({rule.label})"
    for check in rule.checks:
        held = "ok" if check.holds else "no"
        yield f"      {held}  {check.name} is {check.actual}, the rule wants {check.expected}"


def _candidate(candidate: Candidate) -> str:
    return f"  {'->' if candidate.chosen else '  '} {candidate.employee}: " + _because(
        candidate.reason
    )


def _age(seconds: int | None) -> str:
    return "" if seconds is None else f" (known for {seconds} s)"


def _effect(effect: EffectState) -> str:
    said = f"  {effect.kind} at {effect.account}: {effect.state}"
    said += f" after {effect.attempts} attempts" if effect.attempts > 1 else ""
    return f"{said} (outbox:{effect.outbox_id}){f': {effect.reason}' if effect.reason else ''}"
