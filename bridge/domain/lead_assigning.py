"""Leads that people give out: one, many at once, and back again."""

from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.lead_access import managed_accounts, may
from bridge.domain.lead_distribution import LeadSelection, by_rules, by_target
from bridge.domain.lead_giving import Giving, about, give, mail_of, partnering
from bridge.domain.names import EmployeeId, QueueName
from bridge.domain.partner_candidates import against_name
from bridge.domain.partner_events import BatchMailed, LeadAssigned, LeadRestored
from bridge.domain.partner_leads import Holder, HolderKind, How, PartnerLead
from bridge.domain.partner_policy import PartnersPolicy
from bridge.domain.people import Role
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import Reason, ReasonCode

_TARGET = {HolderKind.PARTNER, HolderKind.QUEUE}


def on_assigned(draft: Draft, event: LeadAssigned) -> Decision:
    """By hand, to a queue, in turn, or by the rules: the same record of why (PRM-11, 12, 14)."""
    lead = partnering(draft).lead
    against = _against(draft, event.by, lead)
    if against is not None or lead is None:
        return refused(draft, against or _unknown())
    if event.seen is not None and event.seen != lead.version:
        detail = (
            f"the lead has changed meanwhile: it is with {lead.holder} since {lead.since:%F %R}"
        )
        return draft.rejected(ReasonCode.CHANGED_SINCE, detail)
    chosen = _chosen(draft, event, lead)
    draft.tried(chosen.rules)
    draft.consider(chosen.candidates)
    if chosen.holder is None:
        return refused(draft, chosen.reason)
    if chosen.holder == lead.holder:
        return draft.rejected(ReasonCode.LEAD_SAME, f"the lead is with {lead.holder} already")
    draft.because(ReasonCode.LEAD_GIVEN, f"{event.by.id} gives the lead to {chosen.holder}")
    draft.because(chosen.reason.code, chosen.reason.detail)
    give(draft, lead, chosen, Giving(by=event.by.id, notify=event.notify, batch=event.batch))
    return draft.applied()


def on_restored(draft: Draft, event: LeadRestored) -> Decision:
    """Back to whom it was with before the bulk assignment, where nobody has moved it since."""
    lead = partnering(draft).lead
    against = _against(draft, event.by, lead)
    if against is not None or lead is None:
        return refused(draft, against or _unknown())
    if lead.batch != event.batch or lead.before is None:
        detail = f"the lead was moved since, to {lead.holder}, or was none of that assignment"
        return draft.rejected(ReasonCode.LEAD_NOT_OF_BATCH, detail)
    before = lead.before
    if before.kind in _TARGET:
        stands = against_name(before.name, lead, partnering(draft), draft.policy.partners)
        if stands is not None:
            return refused(draft, stands)
    reason = Reason(ReasonCode.LEAD_RESTORED, f"{event.by.id} undoes it: back to {before}")
    draft.because(reason.code, reason.detail)
    chosen = LeadSelection(holder=before, how=How.UNDO, reason=reason)
    give(draft, lead, chosen, Giving(by=event.by.id, notify=False))
    return draft.applied()


def on_batch_mailed(draft: Draft, event: BatchMailed) -> Decision:
    """One mail to each partner's user for all that he got by one assignment (PRM-25)."""
    leads = [x for x in partnering(draft).batch if x.holder.kind is HolderKind.PARTNER]
    people = sorted({EmployeeId(lead.holder.name) for lead in leads})
    if not people:
        return draft.ignored(ReasonCode.LEAD_NO_MAIL, "nobody has got a lead by it")
    draft.because(ReasonCode.LEAD_GIVEN, f"{event.by.id} gave out {len(leads)} leads at once")
    for user in people:
        mail_of(draft, tuple(x for x in leads if x.holder.is_user(user)), user)
    return draft.applied()


def refused(draft: Draft, reason: Reason) -> Decision:
    return draft.rejected(reason.code, reason.detail)


def _unknown() -> Reason:
    return Reason(ReasonCode.LEAD_UNKNOWN, "there is no such lead, or it is none of yours")


def _against(draft: Draft, by: Person, lead: PartnerLead | None) -> Reason | None:
    """What keeps him from giving it out: employees do that, each with the leads that are his
    business."""
    if lead is None:
        return _unknown()
    about(draft, lead)
    granted = may(by, lead, partnering(draft), draft.policy, draft.facts.directory)
    if not granted.can_read:
        return _unknown()
    if not granted.can_write or by.kind is not PersonKind.EMPLOYEE:
        return Reason(ReasonCode.REQUEST_FORBIDDEN, "may not give out this lead")
    if not lead.is_open:
        return Reason(ReasonCode.LEAD_ENDED, f"the lead is {lead.state} in the CRM")
    return None


def _chosen(draft: Draft, event: LeadAssigned, lead: PartnerLead) -> LeadSelection:
    facts, policy = partnering(draft), draft.policy.partners
    if not _may_give_to(draft, event):
        detail = "a channel manager gives leads to the partners whose account he owns"
        return _nobody(Reason(ReasonCode.REQUEST_FORBIDDEN, detail))
    if event.by_rules:
        return by_rules(lead, facts, policy)
    if event.employee is not None:
        return _to_employee(draft, event.employee)
    return by_target(event.to, lead, facts, policy)


def _to_employee(draft: Draft, employee: EmployeeId) -> LeadSelection:
    person = draft.facts.directory.by_email(employee)
    if not draft.policy.employee(employee).may_write_at_all:
        detail = f"{employee} is no employee who works with clients"
        return _nobody(Reason(ReasonCode.ROLE_CANNOT_WRITE, detail))
    if person is None or not person.active:
        detail = f"{employee} is not active in the CRM"
        return _nobody(Reason(ReasonCode.INACTIVE_IN_CRM, detail))
    holder = Holder(kind=HolderKind.EMPLOYEE, name=employee)
    reason = Reason(ReasonCode.LEAD_GIVEN, f"{employee} is named")
    return LeadSelection(holder=holder, how=How.MANUAL, reason=reason)


def _nobody(reason: Reason) -> LeadSelection:
    return LeadSelection(holder=None, how=How.MANUAL, reason=reason)


def _may_give_to(draft: Draft, event: LeadAssigned) -> bool:
    who = EmployeeId(event.by.id)
    if draft.policy.employee(who).role is Role.MANAGER:
        return True
    if event.by_rules:
        return False
    if event.employee is not None:
        return event.employee == who
    policy, side = draft.policy.partners, partnering(draft).side
    managed = managed_accounts(who, side, policy, draft.facts.directory)
    return all(policy.account_of(user) in managed for user in _people(event, policy))


def _people(event: LeadAssigned, policy: PartnersPolicy) -> tuple[EmployeeId, ...]:
    """All partners' users whom this might give the lead to."""
    names = (event.to.user, event.to.queue, *event.to.round_robin)
    found: list[EmployeeId] = []
    for name in names:
        if name is None:
            continue
        queue = policy.queues.get(QueueName(name))
        found.extend(queue.members if queue else (EmployeeId(name),))
    return tuple(found)
