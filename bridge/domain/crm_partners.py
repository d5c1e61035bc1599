"""The partner side of a CRM as just read: its organisation, partner accounts, their users, leads.

`None` where a field is `bool | None` says that this CRM knows no such thing: it then stands in
nobody's way.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bridge.domain.names import CrmId


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """The CRM's own house. `is_sandbox`: a sandbox, a developer or a test account, where nothing
    real is at stake. `has_partners`: whether partners are switched on there."""

    id: str
    name: str
    is_sandbox: bool
    edition: str = ""  # the vendor's word for what kind of house it is
    has_partners: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmPartnerAccount:
    """A company as the CRM has it; its `owner` is the channel manager."""

    crm_id: CrmId
    name: str
    is_partner: bool | None
    owner: CrmId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmPartnerUser:
    """A contact of a partner account, and the user that was made of him, if one was.

    `crm_id` of None: nobody has enabled him as a user; `contact` of None: a user without contact.
    `is_member` and `is_published`: his profile or a permission set of his is member of a community,
    and one of these communities can be seen by others.
    """

    email: str  # in lower case
    name: str
    account: CrmId | None
    crm_id: CrmId | None = None
    contact: CrmId | None = None
    active: bool = False
    is_partner: bool | None = None  # a partner's user, not an employee or a customer
    has_signed_in: bool | None = None
    signed_in_at: datetime | None = None
    is_member: bool | None = None
    is_published: bool | None = None
    communities: tuple[str, ...] = ()  # those that he is a member of
    profile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnersRead:
    accounts: tuple[CrmPartnerAccount, ...]
    users: tuple[CrmPartnerUser, ...]


class Openness(StrEnum):
    """What lets people from outside see records or files."""

    DEFAULT = "default"  # what everybody from outside may see of an object
    RULE = "rule"
    FOLDER = "folder"
    GROUP = "group"  # a group of all partners, which rules and folders may be open to


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingSetting:
    """One item of the review list. `about` is the object or folder, `open_to` who sees it."""

    kind: Openness
    name: str
    about: str
    open_to: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingReview:
    """`unread` says in words what can't be read by an interface, so that a person looks there."""

    settings: tuple[SharingSetting, ...] = ()
    unread: tuple[str, ...] = ()


class OwnerKind(StrEnum):
    PERSON = "person"
    QUEUE = "queue"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedValue:
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeLead:
    """A lead with what rules and mails need; texts are empty where the CRM has none.

    `more` holds the properties that were asked for by their names in the CRM, in that order.
    `became` is the contact that it was converted into.
    """

    crm_id: CrmId
    name: str
    owner: CrmId | None
    owner_kind: OwnerKind = OwnerKind.PERSON
    is_open: bool = True
    is_converted: bool = False
    company: str = ""
    country: str = ""
    state: str = ""
    city: str = ""
    source: str = ""
    rating: str = ""
    status: str = ""
    industry: str = ""
    product: str = ""
    more: tuple[NamedValue, ...] = ()
    created_at: datetime | None = None
    changed_at: datetime | None = None
    became: CrmId | None = None
