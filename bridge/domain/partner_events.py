"""What people, the clock and our own readings of the CRM do in the partner programme.

Ours, not a vendor's; see `events` for what is common. `by` of None: the clock, or the CRM as read.
"""

from dataclasses import dataclass, field
from datetime import datetime

from bridge.domain.crm_partners import CrmPartnerAccount, CrmPartnerUser, ProgrammeLead
from bridge.domain.names import (
    HOUSE,
    AccountName,
    CrmId,
    EmployeeId,
    EventKey,
    PartnerLeadId,
    PartnerName,
)
from bridge.domain.partner_policy import LeadTarget
from bridge.domain.principals import Person
from bridge.domain.programme import Details, EnablingKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeSwitchedOn:
    """`confirmation` is what he typed to say that it can't be undone, `organisation` the name of
    the organisation that he typed where it is a production one."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    by: Person
    confirmation: str
    organisation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeSwitchedOff:
    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingReviewed:
    """The review list is done with; `changed`: something was corrected in the CRM. `seen` is the
    version of the programme that he looked at."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    by: Person
    changed: bool
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EnablingAsked:
    """A partner account, or the `user` of one, is to be enabled in the CRM. `confirmed`: the
    details were looked at and are right."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    by: Person
    kind: EnablingKind
    partner: PartnerName
    user: EmployeeId | None = None
    details: Details = field(default_factory=Details)
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerAccountRead:
    """The CRM says something new of a partner account."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    found: CrmPartnerAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerUserRead:
    """The CRM says something new of a partner's user or contact."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    found: CrmPartnerUser


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadRead:
    """A lead as the CRM has it now; `found` of None: it is gone. `read_at` is when the reading
    began. `is_new`: it has just come there, and not from us."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    crm: AccountName
    crm_id: CrmId
    found: ProgrammeLead | None
    read_at: datetime
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadDistributed:
    """A lead that is with nobody yet, or was returned, goes where the rules say."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    lead: PartnerLeadId


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadAssigned:
    """Somebody gives a lead to one of these, `by_rules` by the ordered rules.

    `notify` of None: as partners.yaml says. `seen` is the version that he looked at; None: whatever
    it is. `batch` names the bulk assignment that it is part of.
    """

    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    by: Person
    lead: PartnerLeadId
    to: LeadTarget = field(default_factory=LeadTarget)
    employee: EmployeeId | None = None
    by_rules: bool = False
    notify: bool | None = None
    seen: int | None = None
    batch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTaken:
    """A partner's user takes a lead out of a queue."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    by: Person
    lead: PartnerLeadId


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadAccepted:
    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    by: Person
    lead: PartnerLeadId


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadDeclined:
    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    by: Person
    lead: PartnerLeadId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadExpired:
    """Nobody accepted it in time; `seen` is the version whose time is over."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    lead: PartnerLeadId
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMailed:
    """A bulk assignment is over: one mail to each who got leads by it."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    by: Person
    batch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadRestored:
    """A bulk assignment is undone for one lead: it goes back to whose it was."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName = HOUSE
    raw: str = ""
    by: Person
    lead: PartnerLeadId
    batch: str


ProgrammeEvent = (
    ProgrammeSwitchedOn
    | ProgrammeSwitchedOff
    | SharingReviewed
    | EnablingAsked
    | PartnerAccountRead
    | PartnerUserRead
)
LeadEvent = (
    LeadRead
    | LeadDistributed
    | LeadAssigned
    | LeadTaken
    | LeadAccepted
    | LeadDeclined
    | LeadExpired
    | BatchMailed
    | LeadRestored
)
PartnerEvent = ProgrammeEvent | LeadEvent
