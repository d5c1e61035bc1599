"""Who may act on a lead, as rules, pages and lists ask: the facts of the one access function."""

from bridge.domain.access import Access
from bridge.domain.names import EmployeeId, QueueName
from bridge.domain.partner_candidates import manager_of_account, managers_of
from bridge.domain.partner_facts import PartneringFacts
from bridge.domain.partner_leads import HolderKind, LeadState, PartnerLead
from bridge.domain.partner_policy import PartnersPolicy
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.domain.principals import Person
from bridge.domain.programme import PartnerSide
from bridge.domain.subject_access import LeadFacts, access_to


def may(
    person: Person, lead: PartnerLead, facts: PartneringFacts, policy: Policy, people: Directory
) -> Access:
    return access_to(person, lead_facts(lead, facts.side, policy.partners, people), policy)


def lead_facts(
    lead: PartnerLead, side: PartnerSide, policy: PartnersPolicy, people: Directory
) -> LeadFacts:
    owner = lead.holder.name if lead.holder.kind is HolderKind.PARTNER else None
    return LeadFacts(
        id=lead.id,
        owner=owner,
        offered_to=owner if lead.state is LeadState.OFFERED else None,
        may_take=_members(lead, policy),
        channel_managers=managers_of(lead.holder, side, policy, people)
        | _holding_manager(lead, side, policy, people),
        is_open=lead.is_open,
    )


def managed_accounts(
    employee: EmployeeId, side: PartnerSide, policy: PartnersPolicy, people: Directory
) -> frozenset[str]:
    """The partner accounts that he owns in the CRM, by their keys (PRM-06)."""
    return frozenset(
        name
        for name, account in policy.accounts.items()
        if manager_of_account(account.crm_id, side, people) == employee
    )


def _members(lead: PartnerLead, policy: PartnersPolicy) -> frozenset[str]:
    if lead.holder.kind is not HolderKind.QUEUE:
        return frozenset()
    queue = policy.queues.get(QueueName(lead.holder.name))
    return frozenset() if queue is None else frozenset(queue.members)


def _holding_manager(
    lead: PartnerLead, side: PartnerSide, policy: PartnersPolicy, people: Directory
) -> frozenset[EmployeeId]:
    """A channel manager works with the leads that are his own as well: he gives them out."""
    if lead.holder.kind is not HolderKind.EMPLOYEE:
        return frozenset()
    holder = EmployeeId(lead.holder.name)
    return frozenset({holder} if managed_accounts(holder, side, policy, people) else ())
