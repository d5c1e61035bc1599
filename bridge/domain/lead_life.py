"""What partners' users and the clock do with a lead: take, accept, decline, let it lie."""

from dataclasses import replace

from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.lead_assigning import refused
from bridge.domain.lead_distribution import LeadSelection, by_default, by_rules, by_target, pool_of
from bridge.domain.lead_giving import (
    Giving,
    about,
    give,
    held_by,
    partnering,
    tell_managers_of,
    tell_partner,
    write_owner,
)
from bridge.domain.names import EmployeeId, QueueName
from bridge.domain.partner_candidates import against_user
from bridge.domain.partner_changes import PutPartnerLead
from bridge.domain.partner_events import (
    LeadAccepted,
    LeadDeclined,
    LeadDistributed,
    LeadExpired,
    LeadTaken,
)
from bridge.domain.partner_leads import (
    NOBODY,
    Holder,
    HolderKind,
    How,
    LeadState,
    PartnerLead,
    Passed,
)
from bridge.domain.partner_policy import LeadTarget, NewLeads, OnReturn
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import Reason, ReasonCode

LONGEST_WHY = 500


def on_taken(draft: Draft, event: LeadTaken) -> Decision:
    """Exactly one gets it: whoever is decided first (PRM-13, PX-04)."""
    lead, user = partnering(draft).lead, EmployeeId(event.by.id)
    against = _against_taking(draft, event.by, lead)
    if against is not None or lead is None:
        return refused(draft, against or _unknown())
    holder = Holder(kind=HolderKind.PARTNER, name=user)
    taken = replace(
        held_by(draft, lead, holder, How.QUEUE),
        by=user,
        state=LeadState.ACCEPTED,
        accepted_at=draft.facts.now,
        opened_at=draft.facts.now,
        offered_until=None,
        from_queue=QueueName(lead.holder.name),
    )
    taken = replace(taken, written=write_owner(draft, taken))
    draft.change(PutPartnerLead(lead=taken))
    about(draft, taken)
    draft.because(ReasonCode.LEAD_TAKEN, f"{user} takes it from {lead.holder}")
    return draft.applied()


def on_accepted(draft: Draft, event: LeadAccepted) -> Decision:
    lead = _offered(draft, event.by)
    if isinstance(lead, Reason):
        return refused(draft, lead)
    now = draft.facts.now
    accepted = replace(
        lead,
        state=LeadState.ACCEPTED,
        accepted_at=now,
        opened_at=lead.opened_at or now,
        offered_until=None,
        version=lead.version + 1,
    )
    draft.target = EmployeeId(event.by.id)
    draft.change(PutPartnerLead(lead=accepted))
    draft.because(ReasonCode.LEAD_ACCEPTED, f"{event.by.id} accepts the lead")
    return draft.applied()


def on_declined(draft: Draft, event: LeadDeclined) -> Decision:
    """Never offered to him again; his channel manager hears of it."""
    lead = _offered(draft, event.by)
    if isinstance(lead, Reason):
        return refused(draft, lead)
    why = event.why.strip()
    if not why or len(why) > LONGEST_WHY:
        detail = f"say why in 1 to {LONGEST_WHY} characters"
        return draft.rejected(ReasonCode.WHY_MISSING, detail)
    user = EmployeeId(event.by.id)
    passed = Passed(user=user, at=draft.facts.now, declined=True, why=why)
    draft.because(ReasonCode.LEAD_DECLINED, f"{user} declines the lead; the lead says why")
    return _returned(draft, lead, passed, ReasonCode.LEAD_DECLINED)


def on_expired(draft: Draft, event: LeadExpired) -> Decision:
    """Nobody accepted it in time (PX-05)."""
    lead = partnering(draft).lead
    if lead is None:
        return refused(draft, _unknown())
    about(draft, lead)
    until = lead.offered_until
    is_due = until is not None and until <= draft.facts.now
    if lead.version != event.seen or lead.state is not LeadState.OFFERED or not is_due:
        return draft.rejected(ReasonCode.LEAD_NOT_OFFERED, "its time is not over")
    user = EmployeeId(lead.holder.name)
    passed = Passed(user=user, at=draft.facts.now, declined=False)
    draft.because(ReasonCode.LEAD_EXPIRED, f"{user} did not accept it until {until:%F %R} UTC")
    tell_partner(draft, user, lead, ReasonCode.LEAD_EXPIRED)
    return _returned(draft, lead, passed, ReasonCode.LEAD_EXPIRED)


def on_distributed(draft: Draft, event: LeadDistributed) -> Decision:
    """Where a lead goes that was returned; comes right after what returned it."""
    lead = partnering(draft).lead
    if lead is None:
        return refused(draft, _unknown())
    about(draft, lead)
    if lead.state is not LeadState.RETURNED:
        return draft.rejected(ReasonCode.LEAD_NOT_OFFERED, "the lead was not returned")
    chosen = _next(draft, lead)
    draft.tried(chosen.rules)
    draft.consider(chosen.candidates)
    if chosen.holder is None:
        return _left_over(draft, lead, chosen)
    draft.because(ReasonCode.LEAD_GIVEN_ON, f"it goes on to {chosen.holder}")
    draft.because(chosen.reason.code, chosen.reason.detail)
    give(draft, lead, chosen, Giving(by=""))
    return draft.applied()


def distribute_new(draft: Draft, lead: PartnerLead) -> None:
    """A lead that has just come, by the rules where partners.yaml says so (PRM-15)."""
    if draft.policy.partners.assign is not NewLeads.RULES:
        draft.change(PutPartnerLead(lead=lead))
        draft.because(ReasonCode.LEAD_CAME, "new leads stay with their owner: assign is none")
        return
    chosen = by_rules(lead, partnering(draft), draft.policy.partners)
    draft.tried(chosen.rules)
    draft.consider(chosen.candidates)
    draft.because(chosen.reason.code, chosen.reason.detail)
    if chosen.holder is None or chosen.holder == lead.holder:
        draft.change(PutPartnerLead(lead=lead))
        return
    give(draft, lead, chosen, Giving(by=""))


def _unknown() -> Reason:
    return Reason(ReasonCode.LEAD_UNKNOWN, "there is no such lead, or it is none of yours")


def _against_taking(draft: Draft, by: Person, lead: PartnerLead | None) -> Reason | None:
    if lead is None or by.kind is not PersonKind.PARTNER_USER:
        return _unknown()
    about(draft, lead)
    user, policy = EmployeeId(by.id), draft.policy.partners
    mine = policy.queues_of(user)
    if lead.holder.is_user(user) and lead.is_open:
        return Reason(ReasonCode.LEAD_SAME, "the lead is yours already")
    if lead.from_queue in mine and lead.holder.kind is HolderKind.PARTNER:
        return Reason(ReasonCode.LEAD_ALREADY_TAKEN, "already taken by somebody else")
    if lead.state is not LeadState.QUEUED:
        return _unknown()
    if lead.holder.name not in mine:
        return Reason(ReasonCode.QUEUE_NOT_MEMBER, "is no member of the queue that the lead is in")
    return against_user(user, lead, partnering(draft), policy)


def _offered(draft: Draft, by: Person) -> PartnerLead | Reason:
    lead = partnering(draft).lead
    is_his = by.kind is PersonKind.PARTNER_USER and lead is not None and lead.holder.is_user(by.id)
    if lead is None or not is_his:
        return _unknown()
    about(draft, lead)
    if lead.state is LeadState.OFFERED:
        return lead
    detail = f"the lead is not offered to you any more: it is {lead.state}"
    return Reason(ReasonCode.LEAD_NOT_OFFERED, detail)


def _returned(draft: Draft, lead: PartnerLead, passed: Passed, code: ReasonCode) -> Decision:
    returned = replace(
        lead,
        state=LeadState.RETURNED,
        offered_until=None,
        version=lead.version + 1,
        passed=(*lead.passed, passed),
        batch="",
        before=None,
    )
    draft.target = passed.user
    draft.change(PutPartnerLead(lead=returned))
    tell_managers_of(draft, lead.holder, lead, code)
    return draft.applied()


def _next(draft: Draft, lead: PartnerLead) -> LeadSelection:
    facts, policy = partnering(draft), draft.policy.partners
    if policy.on_return is OnReturn.DEFAULT:
        return by_default(policy)
    if policy.on_return is OnReturn.QUEUE and lead.from_queue is not None:
        back = by_target(LeadTarget(queue=lead.from_queue), lead, facts, policy)
        if back.holder is not None:
            return back
    if lead.pool and not lead.rule:
        turn = by_target(LeadTarget(round_robin=pool_of(lead.pool)), lead, facts, policy)
        return turn if turn.holder is not None else by_default(policy)
    return by_rules(lead, facts, policy)


def _left_over(draft: Draft, lead: PartnerLead, chosen: LeadSelection) -> Decision:
    """Nobody is left: the house's managers have to see to it."""
    left = held_by(draft, lead, NOBODY, How.DEFAULT)
    draft.target = None
    draft.change(PutPartnerLead(lead=left))
    about(draft, left)
    draft.because(chosen.reason.code, chosen.reason.detail)
    tell_managers_of(draft, NOBODY, lead, ReasonCode.LEAD_NOBODY, else_all=True)
    return draft.applied()
