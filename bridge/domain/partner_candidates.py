"""Who may be given a lead: the conditions, in the order in which a person would check them."""

from collections.abc import Iterator

from bridge.domain.names import CrmId, EmployeeId, PartnerName, QueueName
from bridge.domain.partner_facts import PartneringFacts
from bridge.domain.partner_leads import Holder, HolderKind, PartnerLead
from bridge.domain.partner_policy import PartnersPolicy
from bridge.domain.people import Directory
from bridge.domain.programme import PartnerSide, Programme
from bridge.domain.reasons import Reason, ReasonCode


def against_programme(programme: Programme) -> Reason | None:
    if programme.is_on:
        return None
    detail = "the partner programme is off: switch it on first"
    return Reason(ReasonCode.PROGRAMME_OFF, detail)


def against_user(
    user: EmployeeId, lead: PartnerLead | None, facts: PartneringFacts, policy: PartnersPolicy
) -> Reason | None:
    """What keeps this partner's user from being given the lead; None when nothing does."""
    return (
        against_programme(facts.programme)
        or _against_company(user, facts.side, policy)
        or _against_person(user, facts.side, policy)
        or _against_history(user, lead)
    )


def against_queue(
    queue: QueueName, lead: PartnerLead | None, facts: PartneringFacts, policy: PartnersPolicy
) -> Reason | None:
    off = against_programme(facts.programme)
    if off is not None:
        return off
    entry = policy.queues.get(queue)
    if entry is None:
        return Reason(ReasonCode.QUEUE_UNKNOWN, f"there is no queue {queue} in partners.yaml")
    if any(against_user(user, lead, facts, policy) is None for user in entry.members):
        return None
    return Reason(ReasonCode.QUEUE_NOBODY, f"nobody of queue {queue} could take the lead")


def against_name(
    name: str, lead: PartnerLead | None, facts: PartneringFacts, policy: PartnersPolicy
) -> Reason | None:
    """Of a member of a round robin: a user's address, or a queue's key."""
    if "@" in name:
        return against_user(EmployeeId(name), lead, facts, policy)
    return against_queue(QueueName(name), lead, facts, policy)


def holder_named(name: str) -> Holder:
    kind = HolderKind.PARTNER if "@" in name else HolderKind.QUEUE
    return Holder(kind=kind, name=name)


def candidates(
    facts: PartneringFacts, policy: PartnersPolicy, lead: PartnerLead | None = None
) -> Iterator[tuple[EmployeeId, Reason | None]]:
    """The owner picker's kind "partner user": all of partners.yaml, each with what keeps him from
    it, None of who may be chosen (PRM-17)."""
    return ((user, against_user(user, lead, facts, policy)) for user in policy.users)


def channel_manager(
    user: EmployeeId, side: PartnerSide, policy: PartnersPolicy, directory: Directory
) -> EmployeeId | None:
    """The owner of his partner's account in the CRM (PRM-06)."""
    name = policy.account_of(user)
    if name is None:
        return None
    return manager_of_account(policy.accounts[name].crm_id, side, directory)


def manager_of_account(crm_id: CrmId, side: PartnerSide, directory: Directory) -> EmployeeId | None:
    account = side.account(crm_id)
    if account is None or account.owner is None:
        return None
    owner = directory.by_crm_id(account.owner)
    return owner.email if owner is not None and owner.active else None


def managers_of(
    holder: Holder, side: PartnerSide, policy: PartnersPolicy, directory: Directory
) -> frozenset[EmployeeId]:
    """The channel managers whom a lead concerns: of its partner, or of those who may take it."""
    people: tuple[EmployeeId, ...] = ()
    if holder.kind is HolderKind.PARTNER:
        people = (EmployeeId(holder.name),)
    elif holder.kind is HolderKind.QUEUE and holder.name in policy.queues:
        people = policy.queues[QueueName(holder.name)].members
    found = (channel_manager(user, side, policy, directory) for user in people)
    return frozenset(manager for manager in found if manager is not None)


def _against_company(user: EmployeeId, side: PartnerSide, policy: PartnersPolicy) -> Reason | None:
    name = policy.account_of(user)
    if name is None or name not in policy.accounts:
        return Reason(ReasonCode.PARTNER_UNKNOWN, f"{user} is no user in partners.yaml")
    return against_account(name, side, policy)


def against_account(name: PartnerName, side: PartnerSide, policy: PartnersPolicy) -> Reason | None:
    """What keeps all people of this partner from being given leads (PRM-05, PRM-08)."""
    entry = policy.accounts[name]
    account = side.account(entry.crm_id)
    if account is None:
        detail = f"partner account missing: the CRM has no account {entry.crm_id} of {entry.label}"
        return Reason(ReasonCode.PARTNER_ACCOUNT_MISSING, detail)
    if account.is_partner is False:
        detail = f"the account of {entry.label} is not enabled as a partner in the CRM"
        return Reason(ReasonCode.PARTNER_NOT_ENABLED, detail)
    return None


def _against_person(user: EmployeeId, side: PartnerSide, policy: PartnersPolicy) -> Reason | None:
    known, entry = side.user(user), policy.users[user]
    if known is None:
        return Reason(ReasonCode.PARTNER_USER_UNKNOWN, f"the CRM knows nobody called {user}")
    # A CRM without partner users may not say whose he is: then partners.yaml does.
    is_said = known.account is not None or known.is_partner is not None
    if is_said and known.account != policy.accounts[entry.account].crm_id:
        detail = f"{user} belongs to another account in the CRM"
        return Reason(ReasonCode.PARTNER_USER_ELSEWHERE, detail)
    can_own = crm_owner_of(user, side, policy) is not None or policy.owner_property
    if known.is_partner is False or not can_own:
        detail = f"{user} is no partner user in the CRM: enable him there"
        return Reason(ReasonCode.PARTNER_USER_NOT_ENABLED, detail)
    checks = (
        (known.is_member, ReasonCode.PARTNER_NOT_MEMBER, "his profile is no member of a community"),
        (known.is_published, ReasonCode.PARTNER_NOT_PUBLISHED, "his community is not published"),
        (known.active, ReasonCode.PARTNER_INACTIVE, "is not active in the CRM"),
        (known.has_signed_in, ReasonCode.PARTNER_NEVER_SIGNED_IN, "has never signed in"),
    )
    return next((Reason(code, says) for holds, code, says in checks if holds is False), None)


def _against_history(user: EmployeeId, lead: PartnerLead | None) -> Reason | None:
    if lead is not None and lead.declined_by(user):
        return Reason(ReasonCode.PARTNER_DECLINED, f"{user} has declined this lead")
    return None


def crm_owner_of(user: EmployeeId, side: PartnerSide, policy: PartnersPolicy) -> CrmId | None:
    """What a lead of his names as its owner; None where he can own nothing in the CRM."""
    entry, known = policy.users.get(user), side.user(user)
    named = None if entry is None else entry.crm_user
    return named or (None if known is None else known.crm_id)


def crm_owner(
    holder: Holder, side: PartnerSide, policy: PartnersPolicy, directory: Directory
) -> CrmId | None:
    """The CRM's owner of a lead that is with this holder; None where it has none for him."""
    match holder.kind:
        case HolderKind.PARTNER:
            return crm_owner_of(EmployeeId(holder.name), side, policy)
        case HolderKind.QUEUE:
            queue = policy.queues.get(QueueName(holder.name))
            return None if queue is None else queue.crm_queue
        case HolderKind.EMPLOYEE:
            person = directory.by_email(EmployeeId(holder.name))
            return None if person is None else person.crm_id
        case HolderKind.OTHER:
            return CrmId(holder.name)
        case HolderKind.NOBODY:
            return None
