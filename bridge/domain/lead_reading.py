"""A lead as the CRM has it now: it came, it is as we know it, somebody moved it, or it is over."""

from dataclasses import replace

from bridge.domain.crm_partners import OwnerKind, ProgrammeLead
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.lead_giving import (
    about,
    held_by,
    partnering,
    tell_managers_of,
    tell_partner,
)
from bridge.domain.lead_life import distribute_new
from bridge.domain.names import CrmId, EmployeeId
from bridge.domain.partner_candidates import crm_owner
from bridge.domain.partner_changes import PutPartnerLead
from bridge.domain.partner_events import LeadRead
from bridge.domain.partner_facts import PartneringFacts
from bridge.domain.partner_leads import (
    NOBODY,
    Holder,
    HolderKind,
    How,
    LeadState,
    LeadSummary,
    PartnerLead,
    Tried,
    Written,
    lead_id,
)
from bridge.domain.partner_policy import PartnersPolicy
from bridge.domain.people import Directory
from bridge.domain.reasons import ReasonCode

_OF_HOLDER = {
    HolderKind.PARTNER: LeadState.ACCEPTED,
    HolderKind.QUEUE: LeadState.QUEUED,
    HolderKind.EMPLOYEE: LeadState.HELD,
    HolderKind.OTHER: LeadState.HELD,
    HolderKind.NOBODY: LeadState.HELD,
}


def on_read(draft: Draft, event: LeadRead) -> Decision:
    facts = partnering(draft)
    if not facts.programme.is_on:
        return draft.ignored(ReasonCode.PROGRAMME_OFF, "the partner programme is off")
    known, found = facts.lead, event.found
    if found is None:
        return _gone(draft, known)
    if known is None:
        return _came(draft, event, found)
    lead = replace(known, summary=summary_of(found), read_at=draft.facts.now)
    about(draft, lead)
    if not found.is_open or found.is_converted:
        return _ended(draft, lead, found)
    if not lead.is_open:
        lead = replace(lead, state=_OF_HOLDER[lead.holder.kind], version=lead.version + 1)
        draft.because(ReasonCode.LEAD_CAME, "the lead is open again")
    if event.is_new and is_as_it_came(lead) and found.owner == lead.crm_owner:
        draft.because(ReasonCode.LEAD_CAME, "a new lead of the CRM, read here before that was told")
        distribute_new(draft, lead)
        return draft.applied()
    return _compared(draft, event, lead, found)


def is_as_it_came(lead: PartnerLead) -> bool:
    """Nobody has given it to anybody since it was first read. Vendors tell of a new lead and of its
    owner in any order: a lead that was read for the owner's sake is not given out yet."""
    return lead.version == 1 and lead.how is How.CRM and lead.is_open


def summary_of(found: ProgrammeLead) -> LeadSummary:
    return LeadSummary(
        name=found.name,
        company=found.company,
        country=found.country,
        state=found.state,
        city=found.city,
        source=found.source,
        rating=found.rating,
        status=found.status,
        industry=found.industry,
        product=found.product,
        properties={one.name: one.value for one in found.more},
    )


def holder_of(
    owner: CrmId | None,
    kind: OwnerKind,
    facts: PartneringFacts,
    policy: PartnersPolicy,
    directory: Directory,
) -> Holder:
    """Whom the CRM's owner is here."""
    if owner is None:
        return NOBODY
    other = Holder(kind=HolderKind.OTHER, name=owner)
    if kind is OwnerKind.QUEUE:
        queue = policy.queue_by_crm_id(owner)
        return other if queue is None else Holder(kind=HolderKind.QUEUE, name=queue)
    user = _partner_user(owner, facts, policy)
    if user is not None:
        return Holder(kind=HolderKind.PARTNER, name=user)
    person = directory.by_crm_id(owner)
    return other if person is None else Holder(kind=HolderKind.EMPLOYEE, name=person.email)


def _partner_user(
    owner: CrmId, facts: PartneringFacts, policy: PartnersPolicy
) -> EmployeeId | None:
    named = next((email for email, x in policy.users.items() if x.crm_user == owner), None)
    known = facts.side.user_by_crm_id(owner)
    email = named or (None if known is None else EmployeeId(known.email))
    return email if email in policy.users else None


def _came(draft: Draft, event: LeadRead, found: ProgrammeLead) -> Decision:
    facts, policy = partnering(draft), draft.policy.partners
    is_over = not found.is_open or found.is_converted
    holder = holder_of(found.owner, found.owner_kind, facts, policy, draft.facts.directory)
    is_partner = holder.kind is HolderKind.PARTNER
    lead = PartnerLead(
        id=lead_id(event.crm, event.crm_id),
        account=event.crm,
        crm_id=event.crm_id,
        summary=summary_of(found),
        holder=holder,
        how=How.CRM,
        since=draft.facts.now,
        state=_over(found) if is_over else _OF_HOLDER[holder.kind],
        tenant=policy.tenant_of(EmployeeId(holder.name)) if is_partner else "",
        written=Tried(state=Written.CONFIRMED),
        crm_owner=found.owner,
        read_at=draft.facts.now,
    )
    about(draft, lead)
    draft.because(ReasonCode.LEAD_CAME, "a lead of the CRM, known here from now on")
    draft.used("owner of the lead", found.owner or "nobody", draft.facts.now)
    if event.is_new and not is_over:
        distribute_new(draft, lead)
    else:
        draft.change(PutPartnerLead(lead=lead))
    return draft.applied()


def _compared(draft: Draft, event: LeadRead, lead: PartnerLead, found: ProgrammeLead) -> Decision:
    """Whether the owner is the one that we decided, one from before that, or somebody else's."""
    draft.used("owner of the lead", found.owner or "nobody", event.read_at)
    people = draft.facts.directory
    expected = crm_owner(lead.holder, partnering(draft).side, draft.policy.partners, people)
    read = replace(lead, crm_owner=found.owner)
    if found.owner == (lead.crm_owner if expected is None else expected):
        return _confirmed(draft, read)
    if (found.owner or "") in lead.written.before and not _was_written_before(lead, event):
        return _not_yet(draft, read)
    return _moved(draft, read, found)


def _not_yet(draft: Draft, lead: PartnerLead) -> Decision:
    """The CRM shows an owner from before. Where it refused ours, somebody has to know."""
    written = lead.written
    if written.state is Written.FAILED and not written.told:
        draft.because(ReasonCode.LEAD_WRITE_FAILED, "the CRM did not take the owner: see the lead")
        tell_managers_of(draft, lead.holder, lead, ReasonCode.LEAD_WRITE_FAILED, else_all=True)
        written = replace(written, told=True)
    draft.change(PutPartnerLead(lead=replace(lead, written=written)))
    draft.because(ReasonCode.LEAD_READ, "the CRM does not have the owner yet that was decided")
    return draft.applied()


def _was_written_before(lead: PartnerLead, event: LeadRead) -> bool:
    """The CRM took our owner before this was read: so it has been changed again since."""
    written = lead.written
    if written.state in (Written.PENDING, Written.FAILED):
        return False
    return written.at is None or written.at <= event.read_at


def _confirmed(draft: Draft, lead: PartnerLead) -> Decision:
    is_news = lead.written.state is not Written.CONFIRMED
    draft.change(PutPartnerLead(lead=replace(lead, written=Tried(state=Written.CONFIRMED))))
    code = ReasonCode.LEAD_CONFIRMED if is_news else ReasonCode.LEAD_READ
    draft.because(code, f"the CRM shows the lead with {lead.holder}")
    return draft.applied()


def _moved(draft: Draft, lead: PartnerLead, found: ProgrammeLead) -> Decision:
    """Somebody gave it to somebody else in the CRM: the CRM wins, and is followed."""
    facts, policy = partnering(draft), draft.policy.partners
    holder = holder_of(found.owner, found.owner_kind, facts, policy, draft.facts.directory)
    moved = replace(
        held_by(draft, lead, holder, How.CRM),
        written=Tried(state=Written.CONFIRMED),
    )
    draft.change(PutPartnerLead(lead=moved))
    about(draft, moved)
    draft.because(ReasonCode.LEAD_MOVED_IN_CRM, f"moved in the CRM from {lead.holder} to {holder}")
    if lead.holder.kind is HolderKind.PARTNER and lead.holder != holder:
        tell_partner(draft, EmployeeId(lead.holder.name), lead, ReasonCode.LEAD_LOST)
    if holder.kind is HolderKind.PARTNER:
        tell_partner(draft, EmployeeId(holder.name), moved, ReasonCode.LEAD_GIVEN)
    return draft.applied()


def _over(found: ProgrammeLead) -> LeadState:
    return LeadState.CONVERTED if found.is_converted else LeadState.CLOSED


def _ended(draft: Draft, lead: PartnerLead, found: ProgrammeLead) -> Decision:
    state = _over(found)
    if lead.state is not state:
        version = lead.version + 1
        lead = replace(lead, state=state, offered_until=None, version=version, batch="")
    draft.change(PutPartnerLead(lead=replace(lead, crm_owner=found.owner)))
    draft.because(ReasonCode.LEAD_ENDED, f"the lead is {state} in the CRM")
    return draft.applied()


def _gone(draft: Draft, lead: PartnerLead | None) -> Decision:
    """Deleted in the CRM: what it said goes here as well."""
    if lead is None or lead.state is LeadState.GONE:
        return draft.ignored(ReasonCode.LEAD_UNKNOWN, "the lead is neither there nor known here")
    about(draft, lead)
    gone = replace(
        lead,
        state=LeadState.GONE,
        summary=LeadSummary(),
        passed=tuple(replace(one, why="") for one in lead.passed),
        offered_until=None,
        version=lead.version + 1,
        batch="",
    )
    draft.change(PutPartnerLead(lead=gone))
    draft.because(ReasonCode.LEAD_ENDED, "deleted in the CRM: what it said is wiped here")
    return draft.applied()
