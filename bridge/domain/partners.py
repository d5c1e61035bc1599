"""The partner side of a CRM as last read: the organisation, partner accounts, their users, queues,
and the leads that are given out to them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bridge.domain.names import CrmId, EmployeeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Whose CRM it is. A sandbox or developer edition is where things may be tried out."""

    name: str
    is_sandbox: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerAccount:
    """A company in the CRM that is a partner, or could be one. `owner` is its channel manager."""

    crm_id: CrmId
    name: str
    is_partner: bool
    owner: CrmId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerUser:
    """A person of a partner. `crm_id` is what records name as owner; None: he is a contact only.

    Of the conditions under which he may be given leads, None means that this CRM has none such.
    """

    email: EmployeeId
    name: str
    crm_id: CrmId | None
    contact: CrmId | None
    account: CrmId | None
    active: bool
    has_signed_in: bool | None = None
    is_member: bool | None = None  # his profile or a permission of his, of a partner community
    is_published: bool | None = None  # that community: others can see it


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadQueue:
    """An owner of leads that is no person; `members` are the CRM ids of users."""

    crm_id: CrmId
    name: str
    members: tuple[CrmId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A sharing setting or folder that people outside the house can see: to be looked at once the
    programme is on. `kind` is one word of the CRM's."""

    kind: str
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerSide:
    """All of it, as of one reading. `unreadable` says what of the sharing settings the CRM shows
    nobody from outside, so that a person looks there."""

    organisation: Organisation
    accounts: tuple[PartnerAccount, ...] = ()
    users: tuple[PartnerUser, ...] = ()
    queues: tuple[LeadQueue, ...] = ()
    shared: tuple[Shared, ...] = ()
    unreadable: tuple[str, ...] = ()

    def account(self, crm_id: CrmId | None) -> PartnerAccount | None:
        return next((one for one in self.accounts if one.crm_id == crm_id), None)

    def user(self, email: EmployeeId) -> PartnerUser | None:
        """The active one where the CRM has several of one address."""
        found = [one for one in self.users if one.email == email]
        return next((one for one in found if one.active), found[0] if found else None)

    def user_of(self, crm_id: CrmId) -> PartnerUser | None:
        return next((one for one in self.users if one.crm_id == crm_id), None)

    def users_of(self, account: CrmId) -> Iterator[PartnerUser]:
        return (one for one in self.users if one.account == account)


class OwnerKind(StrEnum):
    USER = "user"
    QUEUE = "queue"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadReading:
    """A lead as just read, with what rules and mails ask for. `country` is of two letters (ISO
    3166) where the CRM holds one; `properties` are those that partners.yaml names."""

    crm_id: CrmId
    name: str
    is_open: bool
    owner: CrmId | None
    owner_kind: OwnerKind = OwnerKind.USER
    is_converted: bool = False
    company: str = ""
    country: str = ""
    state: str = ""
    source: str = ""
    rating: str = ""
    status: str = ""
    product: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    changed_at: datetime | None = None
