"""Renewals as a CRM knows them: where their dates and people stand, and what was read there."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bridge.domain.crm_partners import NamedValue
from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind


class RenewalRole(StrEnum):
    """Whom the vendor's notices go to."""

    PRIMARY = "primary"
    BILLING = "billing"
    DECISION_MAKER = "decision_maker"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAt:
    """Where the person of a role stands: `place` is the name of a property that holds his e-mail
    address or refers to a contact, or `role:Billing contact`: the contact who has this role, or is
    linked by an association of this label."""

    role: RenewalRole
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalSource:
    """Where a CRM keeps renewals, by the names of its own properties.

    `date` of `""`: the property that this CRM has for it (a contract's end, a deal's close date).
    `state` is a property whose words say how far a renewal is, `partner` one that names the partner
    account by its CRM id; `more` are properties that are handed on as they are.
    """

    kind: CrmKind
    date: str = ""
    state: str = ""
    partner: str = ""
    people: tuple[RoleAt, ...] = ()
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalPerson:
    """`email` in lower case; `""` where the CRM knows the person but not his address."""

    role: RenewalRole
    email: str
    name: str = ""
    contact: CrmId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmRenewal:
    """One renewal as just read. `due` of None: the CRM has no date for it.

    `state` is the CRM's own word; `is_open` and `is_won` what it says of deals: closed is either
    won or lost. `company` is the client's, `owner` who has it in the CRM.
    """

    kind: CrmKind
    crm_id: CrmId
    name: str
    due: date | None
    state: str = ""
    is_open: bool = True
    is_won: bool = False
    owner: CrmId | None = None
    company: CrmId | None = None
    partner: str = ""
    people: tuple[RenewalPerson, ...] = ()
    more: tuple[NamedValue, ...] = ()
    changed_at: datetime | None = None
