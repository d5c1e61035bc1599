"""What the bridge asks of a CRM's partners and renewals: the wire form of these questions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bridge.domain.crm_partners import (
    CrmPartnerAccount,
    CrmPartnerUser,
    Organisation,
    ProgrammeLead,
    SharingSetting,
)
from bridge.domain.crm_renewals import CrmRenewal, RenewalSource
from bridge.domain.names import CrmId


@dataclass(frozen=True, slots=True, kw_only=True)
class AllQuestion:
    """Everything there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsQuestion:
    ids: tuple[CrmId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleQuestion:
    """The people of these accounts, and those who have one of these addresses."""

    accounts: tuple[CrmId, ...]
    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadsQuestion:
    """`properties` are names of yours, to be answered in `more` in this order."""

    ids: tuple[CrmId, ...]
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DueQuestion:
    """Both days are included."""

    source: RenewalSource
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedQuestion:
    source: RenewalSource
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalsQuestion:
    source: RenewalSource
    ids: tuple[CrmId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerPerson:
    """A partner's user on the wire, where an account is one of accounts.yaml: `company` is his."""

    email: str
    name: str
    company: CrmId | None
    crm_id: CrmId | None = None
    contact: CrmId | None = None
    active: bool = False
    is_partner: bool | None = None
    has_signed_in: bool | None = None
    signed_in_at: datetime | None = None
    is_member: bool | None = None
    is_published: bool | None = None
    communities: tuple[str, ...] = ()
    profile: str = ""

    def known(self) -> CrmPartnerUser:
        return CrmPartnerUser(
            email=self.email.lower(),
            name=self.name,
            account=self.company,
            crm_id=self.crm_id,
            contact=self.contact,
            active=self.active,
            is_partner=self.is_partner,
            has_signed_in=self.has_signed_in,
            signed_in_at=self.signed_in_at,
            is_member=self.is_member,
            is_published=self.is_published,
            communities=self.communities,
            profile=self.profile,
        )


ChannelQuestion = (
    AllQuestion
    | AccountsQuestion
    | PeopleQuestion
    | LeadsQuestion
    | DueQuestion
    | ChangedQuestion
    | RenewalsQuestion
)

CHANNEL_QUESTIONS: Mapping[str, tuple[type[ChannelQuestion], type]] = {
    "organisation": (AllQuestion, Organisation),
    "partner.accounts": (AccountsQuestion, CrmPartnerAccount),
    "partner.users": (PeopleQuestion, PartnerPerson),
    "partner.sharing": (AllQuestion, SharingSetting),
    "partner.leads": (LeadsQuestion, ProgrammeLead),
    "renewals.due": (DueQuestion, CrmRenewal),
    "renewals.changed": (ChangedQuestion, CrmRenewal),
    "renewals": (RenewalsQuestion, CrmRenewal),
}
BY_ID = frozenset({"partner.accounts", "partner.leads", "renewals"})
"""Answered with an object: id that was asked for → record."""
