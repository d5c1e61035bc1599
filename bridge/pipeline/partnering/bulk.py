"""Many leads in one call: each has a result of its own, a dry run does nothing, and undo."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bridge.domain.events import Event
from bridge.domain.names import EventKey, PartnerLeadId, digest_id
from bridge.domain.partner_events import BatchMailed, LeadRestored
from bridge.domain.partner_leads import Holder, PartnerLead
from bridge.domain.partner_policy import BulkMail
from bridge.domain.reasons import Reason
from bridge.pipeline.house import Outcome, decide_here, decide_within
from bridge.pipeline.partnering.acting import Asked, Order, assignment
from bridge.pipeline.parts import Parts
from bridge.store import partner_leads
from bridge.store.deciding import deciding
from bridge.store.engine import reading

MOST = 200  # that one request may name
AT_ONCE = 25  # so that no transaction is long
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadResult:
    """`refused` of None: it was given to `to`, or was before."""

    lead: PartnerLeadId
    to: Holder | None
    refused: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """`batch` is what it is undone by; empty of a dry run."""

    batch: str
    results: tuple[LeadResult, ...]


class _OnlyTried(Exception):
    """Takes back what a dry run has decided."""


def assign_many(
    parts: Parts,
    asked: Asked,
    leads: Sequence[PartnerLeadId],
    order: Order,
    *,
    seen: Mapping[PartnerLeadId, int] | None = None,
    dry_run: bool = False,
) -> Bulk:
    """What one lead is refused for does not undo the others (PRM-25). Killed halfway, the same
    request again goes on where it ended. `seen` are the versions that were looked at."""
    leads = list(dict.fromkeys(leads))
    batch = digest_id("ba", asked.by.principal, asked.key)
    results: list[LeadResult] = []
    for some in _portions(leads):
        run: list[Event] = [
            assignment(parts, asked, lead, _as_seen(order, lead, seen or {}), batch)
            for lead in some
        ]
        done = _tried(parts, run) if dry_run else decide_here(parts, run)
        results.extend(_results(parts, some, done))
    if not dry_run and _mails_once(parts, order):
        decide_here(parts, [_mailed(parts, asked, batch)])
    return Bulk(batch="" if dry_run else batch, results=tuple(results))


def undo(parts: Parts, asked: Asked, batch: str) -> Bulk:
    """Leads that somebody has moved since stay where they are, and say so."""
    with reading(parts.engine) as db:
        leads = [lead.id for lead in partner_leads.leads_of_batch(db, batch)]
    results: list[LeadResult] = []
    for some in _portions(leads):
        run = [
            LeadRestored(
                event_key=asked.event_key("restore", batch, lead),
                occurred_at=parts.now(),
                by=asked.by,
                lead=lead,
                batch=batch,
            )
            for lead in some
        ]
        results.extend(_results(parts, some, decide_here(parts, run)))
    return Bulk(batch=batch, results=tuple(results))


def _as_seen(order: Order, lead: PartnerLeadId, seen: Mapping[PartnerLeadId, int]) -> Order:
    return replace(order, seen=seen[lead]) if lead in seen else order


def _portions(leads: Sequence[T]) -> Iterator[Sequence[T]]:
    return (leads[start : start + AT_ONCE] for start in range(0, len(leads), AT_ONCE))


def _tried(parts: Parts, run: Sequence[Event]) -> tuple[Outcome, ...]:
    """What would become of it; nothing is kept."""
    outcomes: tuple[Outcome, ...] = ()
    try:
        with deciding(parts.engine) as db:
            outcomes, _ = decide_within(db, parts, parts.active(), run)
            raise _OnlyTried
    except _OnlyTried:
        return outcomes


def _results(
    parts: Parts, leads: Sequence[PartnerLeadId], done: Sequence[Outcome]
) -> Iterator[LeadResult]:
    with reading(parts.engine) as db:
        now = partner_leads.leads_by_id(db, leads)
    for lead, outcome in zip(leads, done, strict=True):
        refused = outcome.refused
        yield LeadResult(
            lead=lead,
            to=None if refused else _goes_to(outcome, now.get(lead)),
            refused=refused,
        )


def _goes_to(outcome: Outcome, now: PartnerLead | None) -> Holder | None:
    """As decided; of what was decided before, as it is now."""
    put = [] if outcome.decision is None else outcome.decision.changes
    decided = [getattr(change, "lead", None) for change in put]
    found = next((lead for lead in decided if isinstance(lead, PartnerLead)), now)
    return None if found is None else found.holder


def _mails_once(parts: Parts, order: Order) -> bool:
    policy = parts.active().policy.partners.email
    ticked = policy.notify if order.notify is None else order.notify
    return ticked and policy.bulk is BulkMail.PER_OWNER


def _mailed(parts: Parts, asked: Asked, batch: str) -> BatchMailed:
    return BatchMailed(
        event_key=EventKey(f"{batch}:mailed"), occurred_at=parts.now(), by=asked.by, batch=batch
    )
