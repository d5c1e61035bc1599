"""Who may see and act on a subject of the channel side: the other half of the access function.

Closed and fail closed: whom no line lets in may nothing, and who may not read a thing is told that
there is none.
"""

from dataclasses import dataclass
from typing import assert_never

from bridge.domain.access import Access
from bridge.domain.names import ClientId, EmployeeId
from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import Reason, ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFacts:
    """Of a lead in the programme: whose it is, whom it is offered to, who may take it from the
    queue it waits in (e-mails of partner users), and who owns the accounts of all these."""

    id: str
    owner: str | None = None
    offered_to: str | None = None
    may_take: frozenset[str] = frozenset()
    channel_managers: frozenset[EmployeeId] = frozenset()
    is_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFacts:
    """Of a reseller's client; `tenant` is his reseller's."""

    id: ClientId
    tenant: str
    is_suspended: bool = False
    is_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalFacts:
    """Of a renewal: whose client it is about, and the employee or partner user to be notified."""

    id: str
    tenant: str = ""
    notify: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeFacts:
    """The partner programme as a whole: its switch, its accounts and users."""


SubjectFacts = LeadFacts | ClientFacts | RenewalFacts | ProgrammeFacts


def access_to(person: Person, subject: SubjectFacts, policy: Policy) -> Access:
    """What this person may see and do here, and why. To write is to act on it by its own rules."""
    match person.kind:
        case PersonKind.EMPLOYEE:
            return _employee(EmployeeId(person.id), subject, policy)
        case PersonKind.PARTNER_USER:
            return _partner_user(person, subject)
        case PersonKind.RESELLER_USER:
            return _reseller_user(person, subject)
        case PersonKind.CLIENT:
            return _client(person, subject)
        case PersonKind.SERVICE:
            return _reads(ReasonCode.ROLE_QUALITY_CONTROL, "services read all; to write they act")
    assert_never(person.kind)


def _employee(employee: EmployeeId, subject: SubjectFacts, policy: Policy) -> Access:
    role = policy.employee(employee).role
    match role:
        case Role.MANAGER:
            return _acts(ReasonCode.ROLE_MANAGER, "managers see and do all")
        case Role.QUALITY_CONTROL:
            detail = "quality control reads all and changes nothing"
            return _reads(ReasonCode.ROLE_QUALITY_CONTROL, detail)
        case Role.SALESPERSON:
            return _salesperson(employee, subject)
        case Role.NONE:
            return _nothing(ReasonCode.ROLE_NONE, "has no role, so sees and writes nothing")
    assert_never(role)


def _salesperson(employee: EmployeeId, subject: SubjectFacts) -> Access:
    match subject:
        case LeadFacts() if employee in subject.channel_managers:
            return _acts(ReasonCode.CHANNEL_MANAGER, "owns the partner account in the CRM")
        case RenewalFacts() if subject.notify == employee:
            return _acts(ReasonCode.RENEWAL_NOTIFIED, "is the one to be notified")
        case LeadFacts() | ClientFacts() | RenewalFacts() | ProgrammeFacts():
            return _not_his()
    assert_never(subject)


def _partner_user(person: Person, subject: SubjectFacts) -> Access:
    match subject:
        case LeadFacts():
            return _partners_lead(person.id, subject)
        case RenewalFacts() if _is_of(person, subject.tenant):
            return _acts(ReasonCode.OWN_RENEWAL, "a renewal of a client of his company")
        case ClientFacts() | RenewalFacts() | ProgrammeFacts():
            return _not_his()
    assert_never(subject)


def _partners_lead(user: str, lead: LeadFacts) -> Access:
    if lead.owner == user:
        code, detail = ReasonCode.OWN_LEAD, "the lead is his"
        return _acts(code, detail) if lead.is_open else _reads(code, detail)
    if not lead.is_open:
        return _not_his()
    if lead.offered_to == user:
        return _acts(ReasonCode.LEAD_OFFERED, "the lead is offered to him")
    if user in lead.may_take:
        return _acts(ReasonCode.LEAD_IN_QUEUE, "the lead waits in a queue of his")
    return _not_his()


def _reseller_user(person: Person, subject: SubjectFacts) -> Access:
    match subject:
        case ClientFacts() if _is_of(person, subject.tenant):
            return _acts(ReasonCode.OWN_CLIENT, "a client of his reseller")
        case RenewalFacts() if _is_of(person, subject.tenant):
            return _acts(ReasonCode.OWN_RENEWAL, "a renewal of a client of his company")
        case LeadFacts() | ClientFacts() | RenewalFacts() | ProgrammeFacts():
            return _not_his()
    assert_never(subject)


def _client(person: Person, subject: SubjectFacts) -> Access:
    match subject:
        case ClientFacts() if person.client == subject.id and _is_of(person, subject.tenant):
            return _own_plan(person, subject)
        case LeadFacts() | ClientFacts() | RenewalFacts() | ProgrammeFacts():
            return _not_his()
    assert_never(subject)


def _own_plan(person: Person, client: ClientFacts) -> Access:
    """Who is signed in as a suspended client may look, to help him; he himself may not."""
    if client.is_archived:
        return _nothing(ReasonCode.ACCESS_BLOCKED, "the client is archived")
    if client.is_suspended and not person.behind:
        return _nothing(ReasonCode.ACCESS_BLOCKED, "the client is suspended")
    return _reads(ReasonCode.OWN_PLAN, "sees his own plan and changes nothing")


def _is_of(person: Person, tenant: str) -> bool:
    return tenant != "" and person.tenant == tenant


def _not_his() -> Access:
    return _nothing(ReasonCode.NOT_HIS_BUSINESS, "is none of his business")


def _acts(code: ReasonCode, detail: str) -> Access:
    return Access(can_read=True, can_write=True, reason=Reason(code, detail))


def _reads(code: ReasonCode, detail: str) -> Access:
    return Access(can_read=True, can_write=False, reason=Reason(code, detail))


def _nothing(code: ReasonCode, detail: str) -> Access:
    return Access(can_read=False, can_write=False, reason=Reason(code, detail))
