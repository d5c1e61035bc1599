"""The partner programme as the house holds it: its switch, its review, and what the CRM said of
the partner side when it was last read."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bridge.domain.crm_partners import (
    CrmPartnerAccount,
    CrmPartnerUser,
    Organisation,
    SharingReview,
)
from bridge.domain.names import CrmId, EmployeeId, PartnerName


class ReviewState(StrEnum):
    NONE = "none"  # the programme is not on
    OPEN = "open"
    FINISHED = "finished"
    CANCELLED = "cancelled"  # nothing needs changing


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What people outside can see, to be looked through once the programme is on."""

    state: ReviewState = ReviewState.NONE
    sharing: SharingReview = field(default_factory=SharingReview)
    ended_at: datetime | None = None
    ended_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """`since` of None: it is off. Once on it stays on."""

    since: datetime | None = None
    by: str = ""
    organisation: str = ""
    review: Review = Review()
    version: int = 0

    @property
    def is_on(self) -> bool:
        return self.since is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerSide:
    """The CRM's partner side as last read; `read_at` of None: never."""

    organisation: Organisation | None = None
    accounts: tuple[CrmPartnerAccount, ...] = ()
    users: tuple[CrmPartnerUser, ...] = ()
    sharing: SharingReview = field(default_factory=SharingReview)
    read_at: datetime | None = None

    def account(self, crm_id: CrmId | None) -> CrmPartnerAccount | None:
        return next((x for x in self.accounts if x.crm_id == crm_id), None)

    def user(self, email: EmployeeId) -> CrmPartnerUser | None:
        """The active one where the CRM has several of one address, a user before a contact."""
        found = [x for x in self.users if x.email == email]
        found.sort(key=lambda x: (not x.active, x.crm_id is None))
        return found[0] if found else None

    def user_by_crm_id(self, crm_id: CrmId) -> CrmPartnerUser | None:
        return next((x for x in self.users if x.crm_id == crm_id), None)


class EnablingKind(StrEnum):
    ACCOUNT = "account"
    USER = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Of a user who is to be enabled, as confirmed by whoever asks; no password is among them."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enabling:
    """A partner account or user is to be enabled: asked for here, done in the CRM, observed."""

    id: str
    kind: EnablingKind
    account: PartnerName
    user: EmployeeId | None
    asked_by: str
    asked_at: datetime
    details: Details = field(default_factory=Details)
    done_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.done_at is None
