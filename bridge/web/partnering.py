"""The partner programme for pages and API: whose eyes, what of a lead they see, how a refusal of
its rules is answered."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.names import AccountName, CrmId, EmployeeId, PartnerLeadId, QueueName
from bridge.domain.partner_leads import (
    HolderKind,
    How,
    LeadState,
    LeadSummary,
    PartnerLead,
    Passed,
    Written,
)
from bridge.domain.policy import Policy
from bridge.domain.principals import PersonKind
from bridge.domain.reasons import Reason
from bridge.pipeline.house import Outcome
from bridge.pipeline.partnering.acting import Order
from bridge.pipeline.partnering.looking import Looker, lead_seen, looker
from bridge.pipeline.partnering.refusing import refusal_of
from bridge.web.auth import Principal
from bridge.web.problems import Problem, not_found

_NEW = frozenset({LeadState.OFFERED, LeadState.ACCEPTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderShape:
    """Whose it is: `name` is an e-mail address, a queue's key, or a CRM id (`other`)."""

    kind: HolderKind
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenShape:
    """Whether the CRM knows the owner that was decided; `detail` is what it said when it failed."""

    state: Written
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadShape:
    """`version` is what an assignment names as `seen`. `is_new`: with a partner's user who has not
    looked at it yet. `may_act`: whether these eyes may do something about it.

    For a partner's user who gave it, the rule, the state of the write and those who passed are left
    out; of those who passed everybody sees the people alone who are his business.
    """

    id: PartnerLeadId
    account: AccountName
    crm_id: CrmId
    summary: LeadSummary
    holder: HolderShape
    how: How
    since: datetime
    state: LeadState
    version: int
    is_new: bool
    may_act: bool
    by: str
    rule: str
    from_queue: QueueName | None
    offered_until: datetime | None
    accepted_at: datetime | None
    passed: tuple[Passed, ...]
    written: WrittenShape | None
    batch: str


def eyes_of(db: Connection, policy: Policy, principal: Principal) -> Looker:
    return looker(db, policy, principal.person)


def lead_shape(eyes: Looker, lead: PartnerLead) -> LeadShape:
    is_outside = eyes.person.kind is PersonKind.PARTNER_USER
    own = {EmployeeId(eyes.person.id)} if is_outside else {*eyes.users}
    return LeadShape(
        id=lead.id,
        account=lead.account,
        crm_id=lead.crm_id,
        summary=lead.summary,
        holder=HolderShape(kind=lead.holder.kind, name=lead.holder.name),
        how=lead.how,
        since=lead.since,
        state=lead.state,
        version=lead.version,
        is_new=is_new(lead),
        may_act=eyes.access(lead).can_write,
        by="" if is_outside else lead.by,
        rule="" if is_outside else lead.rule,
        from_queue=lead.from_queue if lead.from_queue in eyes.queues else None,
        offered_until=lead.offered_until,
        accepted_at=lead.accepted_at,
        passed=tuple(one for one in lead.passed if eyes.reads_all or one.user in own),
        written=None
        if is_outside
        else WrittenShape(state=lead.written.state, detail=lead.written.detail),
        batch="" if is_outside else lead.batch,
    )


def is_new(lead: PartnerLead) -> bool:
    is_his = lead.holder.kind is HolderKind.PARTNER and lead.state in _NEW
    return is_his and lead.opened_at is None


def lead_named(db: Connection, eyes: Looker, name: str) -> PartnerLead:
    """Problem 404 for one that is not there, or not for these eyes."""
    found = lead_seen(db, eyes, name)
    if found is None:
        raise not_found("lead")
    return found


def check(outcome: Outcome) -> None:
    """Problem for what the rules refuse; what was decided before is answered as then."""
    if outcome.refused is not None:
        raise problem_of(outcome.refused)


def problem_of(reason: Reason) -> Problem:
    refusal = refusal_of(reason)
    return Problem(refusal.status, refusal.reason)


def checked(order: Order | Reason, field: str) -> Order:
    """Problem 422 for what can't be asked for."""
    if isinstance(order, Reason):
        raise Problem(422, order, field=field)
    return order
