"""The clock of the partner programme: leads that nobody has accepted in time go on."""

from bridge.domain.events import Event
from bridge.domain.names import EventKey
from bridge.domain.partner_events import LeadExpired
from bridge.domain.partner_leads import PartnerLead
from bridge.pipeline.house import decide_apart
from bridge.pipeline.partnering.acting import going_on
from bridge.pipeline.parts import Parts
from bridge.store import partner_leads
from bridge.store.engine import reading

BATCH = 50


def expire_leads(parts: Parts) -> int:
    """Each once, however many clocks there are and wherever one of them dies: the event's key is
    the lead's version. Gives how many were due."""
    if not parts.active().policy.partners.is_set:
        return 0
    with reading(parts.engine) as db:
        due = partner_leads.due(db, parts.now(), BATCH)
    if due:
        decide_apart(parts, [_expiry(parts, lead) for lead in due])
    return len(due)


def _expiry(parts: Parts, lead: PartnerLead) -> list[Event]:
    expired = LeadExpired(
        event_key=EventKey(f"expire:{lead.id}:{lead.version}"),
        occurred_at=parts.now(),
        lead=lead.id,
        seen=lead.version,
    )
    return [expired, going_on(parts, expired.event_key, lead.id)]
