"""What people do in the partner programme: each is an event of our own, decided at once.

`key` is the request's idempotency key, or one of its own where it has none: the same key again is
answered as before, and does nothing twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.domain import partner_events as e
from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.names import (
    AccountName,
    CrmId,
    EmployeeId,
    EventKey,
    PartnerLeadId,
    PartnerName,
    digest_id,
)
from bridge.domain.partner_policy import LeadTarget
from bridge.domain.principals import Person
from bridge.domain.programme import Details, EnablingKind
from bridge.pipeline.house import Outcome, decide_here
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.parts import Parts
from bridge.store import mirror
from bridge.store.engine import reading, writing
from bridge.store.records import open_leads


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Where leads are to go: one of the three, and how; see LeadAssigned."""

    to: LeadTarget = field(default_factory=LeadTarget)
    employee: EmployeeId | None = None
    by_rules: bool = False
    notify: bool | None = None
    seen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks, and the key of his request."""

    by: Person
    key: str

    def event_key(self, what: str, *about: str) -> EventKey:
        return EventKey(digest_id(what, self.by.principal, self.key, *about))


def switch_on(parts: Parts, asked: Asked, confirmation: str, organisation: str = "") -> Outcome:
    event = e.ProgrammeSwitchedOn(
        event_key=asked.event_key("programme-on"),
        occurred_at=parts.now(),
        by=asked.by,
        confirmation=confirmation,
        organisation=organisation,
    )
    outcome = decide_here(parts, [event])[0]
    if outcome.refused is None:
        _take_in_known_leads(parts)
    return outcome


def _take_in_known_leads(parts: Parts) -> None:
    """Open leads that the bridge mirrors anyway; any other one when it next changes in the CRM."""
    crm = parts.active().policy.crm
    if crm is not None:
        with reading(parts.engine) as db:
            known = open_leads(db, crm)
        ask_for(parts, crm, known)


def ask_for(parts: Parts, crm: AccountName, leads: Sequence[CrmId]) -> None:
    """These leads of the CRM are read soon, and known in the programme from then on."""
    wishes = [RequestRefresh(kind=RefreshKind.PARTNER_LEAD, key=lead) for lead in leads]
    where = lane(Way.MIRROR, crm)
    with writing(parts.engine) as db:
        mirror.request_refreshes(db, where, wishes, parts.now())
    if wishes:
        parts.bell.ring(where)


def switch_off(parts: Parts, asked: Asked) -> Outcome:
    event = e.ProgrammeSwitchedOff(
        event_key=asked.event_key("programme-off"), occurred_at=parts.now(), by=asked.by
    )
    return decide_here(parts, [event])[0]


def end_review(parts: Parts, asked: Asked, *, changed: bool, seen: int) -> Outcome:
    event = e.SharingReviewed(
        event_key=asked.event_key("review"),
        occurred_at=parts.now(),
        by=asked.by,
        changed=changed,
        seen=seen,
    )
    return decide_here(parts, [event])[0]


def ask_to_enable_account(parts: Parts, asked: Asked, partner: PartnerName) -> Outcome:
    event = e.EnablingAsked(
        event_key=asked.event_key("enable", partner),
        occurred_at=parts.now(),
        by=asked.by,
        kind=EnablingKind.ACCOUNT,
        partner=partner,
        confirmed=True,
    )
    return decide_here(parts, [event])[0]


def ask_to_enable_user(
    parts: Parts,
    asked: Asked,
    partner: PartnerName,
    user: EmployeeId,
    details: Details,
    *,
    confirmed: bool,
) -> Outcome:
    """The details of the user are looked at first, and `confirmed` (PRM-10)."""
    event = e.EnablingAsked(
        event_key=asked.event_key("enable", partner, user),
        occurred_at=parts.now(),
        by=asked.by,
        kind=EnablingKind.USER,
        partner=partner,
        user=user,
        details=details,
        confirmed=confirmed,
    )
    return decide_here(parts, [event])[0]


def assign(parts: Parts, asked: Asked, lead: PartnerLeadId, order: Order) -> Outcome:
    return decide_here(parts, [assignment(parts, asked, lead, order)])[0]


def take(parts: Parts, asked: Asked, lead: PartnerLeadId) -> Outcome:
    """Out of a queue: of several who try at once exactly one gets it (PRM-13)."""
    event = e.LeadTaken(
        event_key=asked.event_key("take", lead),
        occurred_at=parts.now(),
        by=asked.by,
        lead=lead,
    )
    return decide_here(parts, [event])[0]


def accept(parts: Parts, asked: Asked, lead: PartnerLeadId) -> Outcome:
    event = e.LeadAccepted(
        event_key=asked.event_key("accept", lead),
        occurred_at=parts.now(),
        by=asked.by,
        lead=lead,
    )
    return decide_here(parts, [event])[0]


def decline(parts: Parts, asked: Asked, lead: PartnerLeadId, why: str) -> Outcome:
    """It goes on to the next in the same transaction: no lead is ever left lying."""
    event = e.LeadDeclined(
        event_key=asked.event_key("decline", lead),
        occurred_at=parts.now(),
        by=asked.by,
        lead=lead,
        why=why,
    )
    return decide_here(parts, [event, going_on(parts, event.event_key, lead)])[0]


def going_on(parts: Parts, after: EventKey, lead: PartnerLeadId) -> e.LeadDistributed:
    """What follows what returned a lead; of a lead that was not returned nothing follows."""
    return e.LeadDistributed(event_key=EventKey(f"{after}:on"), occurred_at=parts.now(), lead=lead)


def assignment(
    parts: Parts, asked: Asked, lead: PartnerLeadId, order: Order, batch: str = ""
) -> e.LeadAssigned:
    return e.LeadAssigned(
        event_key=asked.event_key("assign", lead),
        occurred_at=parts.now(),
        by=asked.by,
        lead=lead,
        to=order.to,
        employee=order.employee,
        by_rules=order.by_rules,
        notify=order.notify,
        seen=order.seen,
        batch=batch,
    )
