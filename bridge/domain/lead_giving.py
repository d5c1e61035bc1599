"""Gives a lead to somebody: our record, the CRM's owner, the mail, the notices, the turn."""

from dataclasses import dataclass, replace
from datetime import datetime

from bridge.domain.announcing import announce
from bridge.domain.changes import Notify
from bridge.domain.crm_effects import AssignRecord, SetProperty
from bridge.domain.draft import Draft
from bridge.domain.lead_distribution import LeadSelection
from bridge.domain.lead_mail import lead_mail
from bridge.domain.names import EmployeeId, PartnerLeadId, QueueName
from bridge.domain.partner_candidates import against_user, crm_owner, managers_of
from bridge.domain.partner_changes import PutPartnerLead, TakeLeadTurn
from bridge.domain.partner_facts import PartneringFacts
from bridge.domain.partner_leads import (
    Holder,
    HolderKind,
    How,
    LeadState,
    PartnerLead,
    Tried,
    Written,
)
from bridge.domain.partner_policy import BulkMail
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import CrmKind
from bridge.domain.subjects import Subject, SubjectKind
from bridge.domain.telling import active_managers

_STATE = {
    HolderKind.PARTNER: LeadState.OFFERED,
    HolderKind.QUEUE: LeadState.QUEUED,
    HolderKind.EMPLOYEE: LeadState.HELD,
    HolderKind.OTHER: LeadState.HELD,
    HolderKind.NOBODY: LeadState.HELD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """`notify` of None: as partners.yaml says."""

    by: str
    notify: bool | None = None
    batch: str = ""


def partnering(draft: Draft) -> PartneringFacts:
    return draft.facts.partnering or PartneringFacts()


def about(draft: Draft, lead: PartnerLead) -> None:
    """The decision is about this lead, and the business of whom it is with now."""
    draft.subject = subject_of(lead.id, lead.tenant)


def subject_of(lead: PartnerLeadId, tenant: str) -> Subject:
    return Subject(kind=SubjectKind.LEAD, id=lead, tenant=tenant)


def give(draft: Draft, lead: PartnerLead, chosen: LeadSelection, giving: Giving) -> PartnerLead:
    """The lead as it is then. Who is given one is told in his inbox, by mail where that is ticked;
    whoever had it loses it."""
    if chosen.holder is None:
        raise AssertionError("somebody must have been chosen")
    given = replace(
        held_by(draft, lead, chosen.holder, chosen.how),
        by=giving.by,
        rule=chosen.rule,
        pool=chosen.turn,
        batch=giving.batch,
        before=lead.holder if giving.batch else None,
    )
    given = replace(given, written=write_owner(draft, given))
    draft.change(PutPartnerLead(lead=given))
    if chosen.turn and chosen.after is not None:
        to = EmployeeId(chosen.holder.name)
        draft.change(TakeLeadTurn(pool=chosen.turn, to=to, after=chosen.after))
    about(draft, given)
    _tell(draft, lead, given)
    _mail(draft, given, giving)
    return given


def held_by(draft: Draft, lead: PartnerLead, holder: Holder, how: How) -> PartnerLead:
    """With somebody else from now on; what was of its former holder alone is gone."""
    policy, state = draft.policy.partners, _STATE[holder.kind]
    is_partner = holder.kind is HolderKind.PARTNER
    draft.target = EmployeeId(holder.name) if holder.kind is not HolderKind.NOBODY else None
    return replace(
        lead,
        holder=holder,
        how=how,
        state=state,
        since=draft.facts.now,
        version=lead.version + 1,
        tenant=policy.tenant_of(EmployeeId(holder.name)) if is_partner else "",
        offered_until=_until(draft, draft.facts.now) if is_partner else None,
        accepted_at=None,
        opened_at=None,
        from_queue=None,
        rule="",
        pool="",
        by="",
        batch="",
        before=None,
    )


def _until(draft: Draft, now: datetime) -> datetime | None:
    within = draft.policy.partners.accept_within
    return None if within is None else now + within


def write_owner(draft: Draft, lead: PartnerLead) -> Tried:
    """Plans what the CRM is told. Where it knows no such owner, a property takes his address."""
    facts, policy = partnering(draft), draft.policy.partners
    owner = crm_owner(lead.holder, facts.side, policy, draft.facts.directory)
    # One that is still on its way would come after: then the owner is written again.
    is_settled = lead.written.state in (Written.NOT_ASKED, Written.CONFIRMED)
    is_new_owner = owner is not None and (owner != lead.crm_owner or not is_settled)
    if owner is not None and is_new_owner:
        effect = AssignRecord(
            kind=CrmKind.LEAD,
            record=lead.crm_id,
            owner=owner,
            to_queue=lead.holder.kind is HolderKind.QUEUE,
        )
        draft.plan(lead.account, effect, lead.id, urgent=True)
    if policy.owner_property:
        value = str(lead.holder) if lead.state is not LeadState.HELD else ""
        named = SetProperty(
            kind=CrmKind.LEAD, record=lead.crm_id, name=policy.owner_property, value=value
        )
        draft.plan(lead.account, named, lead.id, urgent=True)
    if is_new_owner or policy.owner_property:
        return Tried(state=Written.PENDING, owner=owner, before=_may_still_show(lead))
    return Tried(state=Written.NOT_ASKED if owner is None else Written.CONFIRMED)


def _may_still_show(lead: PartnerLead) -> tuple[str, ...]:
    earlier = lead.written
    if earlier.state in (Written.NOT_ASKED, Written.CONFIRMED):
        return (lead.crm_owner or "",)
    return tuple(dict.fromkeys((*earlier.before, lead.crm_owner or "", earlier.owner or "")))


def _tell(draft: Draft, before: PartnerLead, lead: PartnerLead) -> None:
    had, knows = before.holder, before.state is LeadState.RETURNED
    if had.kind is HolderKind.PARTNER and had != lead.holder and not knows:
        tell_partner(draft, EmployeeId(had.name), lead, ReasonCode.LEAD_LOST)
    if lead.holder.kind is HolderKind.PARTNER:
        tell_partner(draft, EmployeeId(lead.holder.name), lead, ReasonCode.LEAD_GIVEN)
    if lead.holder.kind is HolderKind.QUEUE:
        _tell_members(draft, lead)


def _tell_members(draft: Draft, lead: PartnerLead) -> None:
    facts, policy = partnering(draft), draft.policy.partners
    queue = policy.queues.get(QueueName(lead.holder.name))
    for user in queue.members if queue else ():
        if against_user(user, lead, facts, policy) is None:
            tell_partner(draft, user, lead, ReasonCode.LEAD_QUEUED)


def tell_partner(draft: Draft, user: EmployeeId, lead: PartnerLead, code: ReasonCode) -> None:
    """In his inbox; a mail is the house's wish and goes its own way."""
    notice = Notify(
        employee=user,
        conversation=None,
        message=None,
        code=code,
        about=lead.id,
        tenant=draft.policy.partners.tenant_of(user),
        subject=subject_of(lead.id, "").name,
    )
    draft.change(notice)


def tell_managers_of(
    draft: Draft, holder: Holder, lead: PartnerLead, code: ReasonCode, *, else_all: bool = False
) -> None:
    """The channel managers of who has it (PRM-07); `else_all`: where there is none, the house's
    managers."""
    facts, policy, people = partnering(draft), draft.policy.partners, draft.facts.directory
    told = managers_of(holder, facts.side, policy, people)
    if not told and else_all:
        told = frozenset(manager.id for manager in active_managers(people, draft.policy))
    for manager in sorted(told):
        notice = Notify(
            employee=manager,
            conversation=None,
            message=None,
            code=code,
            about=lead.id,
            subject=subject_of(lead.id, "").name,
        )
        announce(draft, notice)


def _mail(draft: Draft, lead: PartnerLead, giving: Giving) -> None:
    """Once, whatever runs twice: its key is made of the decision (PRM-21, PX-02)."""
    policy = draft.policy.partners.email
    ticked = policy.notify if giving.notify is None else giving.notify
    if not ticked or lead.holder.kind is not HolderKind.PARTNER:
        return
    if giving.batch and policy.bulk is BulkMail.PER_OWNER:
        return
    mail_of(draft, (lead,), EmployeeId(lead.holder.name))


def mail_of(draft: Draft, leads: tuple[PartnerLead, ...], to: EmployeeId) -> None:
    account = draft.policy.email
    if account is None:
        detail = "no mail: notifications.email names no account that sends them"
        draft.because(ReasonCode.LEAD_NO_MAIL, detail)
        return
    key = f"{draft.event.account}\x1f{draft.event.event_key}"
    letter = lead_mail(draft.policy.partners.email, leads, to, key, draft.facts.public_url)
    draft.plan(account, letter, f"mail:{to}")
    draft.because(ReasonCode.LEAD_MAILED, f"{to} is told by mail of {len(leads)} of his leads")
