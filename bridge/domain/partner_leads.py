"""A lead in the partner programme: whose it is, since when, how it got there, what is to come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bridge.domain.names import (
    AccountName,
    CrmId,
    EmployeeId,
    PartnerLeadId,
    QueueName,
    digest_id,
)


class HolderKind(StrEnum):
    EMPLOYEE = "employee"
    PARTNER = "partner"  # a partner's user
    QUEUE = "queue"
    OTHER = "other"  # somebody in the CRM whom the configuration does not name, by his CRM id
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose a lead is: `name` is an e-mail address, a queue's key, or a CRM id."""

    kind: HolderKind
    name: str = ""

    def is_user(self, email: str) -> bool:
        return self.kind is HolderKind.PARTNER and self.name == email

    def is_queue(self, queue: str) -> bool:
        return self.kind is HolderKind.QUEUE and self.name == queue

    def __str__(self) -> str:
        return f"queue {self.name}" if self.kind is HolderKind.QUEUE else self.name or "nobody"


NOBODY = Holder(kind=HolderKind.NOBODY)


class How(StrEnum):
    """How a lead got to whom it is with."""

    MANUAL = "manual"
    QUEUE = "queue"  # taken from one
    ROUND_ROBIN = "round_robin"
    RULE = "rule"
    DEFAULT = "default"
    CRM = "crm"  # moved there by somebody
    UNDO = "undo"


class LeadState(StrEnum):
    RETURNED = "returned"  # declined or not accepted in time: to be given to the next
    HELD = "held"  # with an employee, or with somebody outside the programme
    QUEUED = "queued"
    OFFERED = "offered"  # to a partner's user, who has not said yet
    ACCEPTED = "accepted"
    CLOSED = "closed"
    CONVERTED = "converted"
    GONE = "gone"  # deleted in the CRM


OPEN = frozenset(
    {
        LeadState.RETURNED,
        LeadState.HELD,
        LeadState.QUEUED,
        LeadState.OFFERED,
        LeadState.ACCEPTED,
    }
)


class Written(StrEnum):
    """Whether the CRM knows the owner that we decided."""

    PENDING = "pending"
    DONE = "done"  # it took it; not read back yet
    CONFIRMED = "confirmed"
    FAILED = "failed"
    NOT_ASKED = "not_asked"  # nothing was to be written


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Who did not want a lead or let it lie, and when. Who declined is never offered it again."""

    user: EmployeeId
    at: datetime
    declined: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadSummary:
    """What rules and mails ask for; wiped when the lead is gone from the CRM."""

    name: str = ""
    company: str = ""
    country: str = ""
    state: str = ""
    city: str = ""
    source: str = ""
    rating: str = ""
    status: str = ""
    industry: str = ""
    product: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A write of the owner into the CRM. `before` are those whom it may still show meanwhile: the
    owner when we decided, and those of writes of ours that were not confirmed yet; "" is nobody."""

    state: Written = Written.NOT_ASKED
    owner: CrmId | None = None  # what we ask it to become
    before: tuple[str, ...] = ()
    at: datetime | None = None  # when the CRM took it
    detail: str = ""
    told: bool = False  # whoever has to know it that it failed


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerLead:
    """`tenant` is whose business it is while a partner's user has it. `version` rises with every
    change of whose it is; `batch` names the bulk assignment that made the last one, `before` whose
    it was then. `crm_owner` is the owner as last read."""

    id: PartnerLeadId
    account: AccountName
    crm_id: CrmId
    summary: LeadSummary
    holder: Holder
    how: How
    since: datetime
    state: LeadState
    version: int = 1
    tenant: str = ""
    by: str = ""
    rule: str = ""
    pool: str = ""  # of a round robin
    from_queue: QueueName | None = None  # that it was last taken from
    offered_until: datetime | None = None
    accepted_at: datetime | None = None
    opened_at: datetime | None = None  # by whom it is with: until then it is new in his inbox
    passed: tuple[Passed, ...] = ()
    written: Tried = Tried()
    crm_owner: CrmId | None = None
    read_at: datetime | None = None
    batch: str = ""
    before: Holder | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def declined_by(self, user: EmployeeId) -> bool:
        return any(one.user == user and one.declined for one in self.passed)

    def passed_by(self, user: EmployeeId) -> bool:
        return any(one.user == user for one in self.passed)


def lead_id(account: AccountName, crm_id: CrmId) -> PartnerLeadId:
    return PartnerLeadId(digest_id("pl", account, crm_id))
