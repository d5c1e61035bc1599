"""What partners.yaml says: partners, their users and queues, and who gets which leads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from bridge.domain.names import CrmId, EmployeeId, PartnerName, QueueName
from bridge.domain.principals import tenant_of_partner


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerAccountPolicy:
    """`crm_id` is the partner's company in the CRM."""

    crm_id: CrmId
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerUserPolicy:
    """`crm_user` is what leads name as owner, `crm_contact` the contact that he is; None: they are
    found by his address."""

    account: PartnerName
    crm_user: CrmId | None = None
    crm_contact: CrmId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePolicy:
    """`crm_queue` of None: the queue is the bridge's alone, so the CRM's owner stays meanwhile."""

    label: str
    members: tuple[EmployeeId, ...]
    crm_queue: CrmId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadWhen:
    """The conditions of a rule, all of which must hold; an empty one always does. The case of
    letters does not count."""

    countries: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    ratings: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    industries: frozenset[str] = frozenset()
    properties: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTarget:
    """One of the three. `round_robin` names queues by their keys and users by their addresses."""

    user: EmployeeId | None = None
    queue: QueueName | None = None
    round_robin: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadRule:
    id: str
    label: str
    when: LeadWhen
    to: tuple[LeadTarget, ...]  # tried left to right


class NewLeads(StrEnum):
    """What happens to a lead that comes."""

    RULES = "rules"
    NONE = "none"


class OnReturn(StrEnum):
    """Where a lead goes that was declined, or not accepted in time."""

    NEXT = "next"
    QUEUE = "queue"
    DEFAULT = "default"


class BulkMail(StrEnum):
    PER_LEAD = "per_lead"
    PER_OWNER = "per_owner"


SUBJECT = "A lead for you: {name}"
TEXT = "{name}, {company}, is yours to work on.\nPlease accept or decline it here: {link}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadMail:
    """`notify` is how the tick stands when nobody sets it."""

    notify: bool = False
    subject: str = SUBJECT
    text: str = TEXT
    bulk: BulkMail = BulkMail.PER_LEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnersPolicy:
    accounts: Mapping[PartnerName, PartnerAccountPolicy] = field(default_factory=dict)
    users: Mapping[EmployeeId, PartnerUserPolicy] = field(default_factory=dict)
    queues: Mapping[QueueName, QueuePolicy] = field(default_factory=dict)
    rules: tuple[LeadRule, ...] = ()
    default_owner: EmployeeId | None = None
    assign: NewLeads = NewLeads.RULES
    accept_within: timedelta | None = None
    on_return: OnReturn = OnReturn.NEXT
    owner_property: str = ""  # of a lead in the CRM, takes the partner user's address
    email: LeadMail = LeadMail()

    @property
    def is_set(self) -> bool:
        return bool(self.accounts)

    def account_of(self, user: EmployeeId) -> PartnerName | None:
        entry = self.users.get(user)
        return None if entry is None else entry.account

    def tenant_of(self, user: EmployeeId) -> str:
        """Whose business a lead of his is; empty of who is no partner's user."""
        account = self.account_of(user)
        return "" if account is None else tenant_of_partner(account)

    def account_by_crm_id(self, crm_id: CrmId | None) -> PartnerName | None:
        return next((name for name, x in self.accounts.items() if x.crm_id == crm_id), None)

    def queue_by_crm_id(self, crm_id: CrmId) -> QueueName | None:
        return next((name for name, x in self.queues.items() if x.crm_queue == crm_id), None)

    def queues_of(self, user: EmployeeId) -> tuple[QueueName, ...]:
        return tuple(name for name, queue in self.queues.items() if user in queue.members)

    @property
    def properties(self) -> tuple[str, ...]:
        """Those of a lead that the rules and the mail ask for, by their names in the CRM."""
        asked = {name for rule in self.rules for name in rule.when.properties}
        return tuple(sorted(asked))
