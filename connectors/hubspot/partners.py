"""The partner side of a HubSpot account, as far as there is one: companies, their people, leads.

HubSpot has no portal for partners: a partner is a company, a partner user one of its contacts, who
owns leads if he is an owner in HubSpot too. Sources:
https://developers.hubspot.com/docs/api-reference/latest/account/account-information/guide (types of
accounts) and https://developers.hubspot.com/docs/api-reference/latest/crm/objects/leads/guide (a
lead's own properties are few: the rest is its primary contact's).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from bridge.domain.crm_partners import (
    CrmPartnerAccount,
    CrmPartnerUser,
    Organisation,
    PartnersRead,
    ProgrammeLead,
    SharingReview,
)
from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.payload import Payload
from bridge.ports import Account
from connectors.hubspot.answers import checked
from connectors.hubspot.associations import COMPANIES, CONTACTS
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.contacts import owner_of
from connectors.hubspot.programme import ProgrammeLeads
from connectors.hubspot.reader import HubSpotReader, told
from connectors.hubspot.reading import numbers, read_associations, read_records, value

_TO_TRY_THINGS = ("SANDBOX", "DEVELOPER_TEST", "APP_DEVELOPER")
_CONTACT = ("email", "firstname", "lastname", "associatedcompanyid")
_NO = ("", "false", "no", "0")
_UNREAD = "HubSpot opens no records to people from outside: partners see leads in the bridge alone"


class HubSpotPartners:
    """Raises what `bridge.ports.PartnerReader` says. Option `partner_property`: property of
    companies that says whether one is a partner. For leads see ProgrammeLeads."""

    def __init__(self, account: Account) -> None:
        self._client = HubSpotClient(account)
        self._reader = HubSpotReader(account)
        self._partner_property = account.options.get("partner_property", "")
        self._leads = ProgrammeLeads(account, self._client)

    def organisation(self) -> Organisation:
        return told(self._organisation)

    def partners(self, accounts: Sequence[CrmId], emails: Sequence[str]) -> PartnersRead:
        return told(lambda: self._partners(accounts, emails))

    def sharing(self) -> SharingReview:
        return SharingReview(unread=(_UNREAD,))

    def leads(
        self, ids: Sequence[CrmId], properties: Sequence[str]
    ) -> Mapping[CrmId, ProgrammeLead]:
        return told(lambda: self._leads.read(ids, properties))

    def _organisation(self) -> Organisation:
        answer = self._client.account_details()
        details = checked("hubspot: read account details", answer, datetime.now(UTC))
        portal, kind = details.at("portalId").identifier(), details.text_or("accountType")
        return Organisation(
            id=portal,
            name=details.text_or("portalName") or f"HubSpot account {portal}",
            is_sandbox=kind in _TO_TRY_THINGS,
            edition=kind,
        )

    def _partners(self, accounts: Sequence[CrmId], emails: Sequence[str]) -> PartnersRead:
        if not accounts and not emails:
            return PartnersRead(accounts=(), users=())
        properties = ["name", "hubspot_owner_id", *filter(None, [self._partner_property])]
        accounts = numbers(accounts)
        companies = read_records(self._client, COMPANIES, accounts, properties)
        owners = _by_email(self._reader.employees())
        wanted = {*emails, *owners}
        contacts = [one for one in self._contacts(accounts, emails) if _email(one) in wanted]
        found = {_email(one) for one in contacts}
        alone = [owners[one] for one in emails if one in owners and one not in found]
        return PartnersRead(
            accounts=tuple(map(self._account, companies)),
            users=(*(_user(one, owners) for one in contacts), *map(_only_owner, alone)),
        )

    def _contacts(self, accounts: Sequence[CrmId], emails: Sequence[str]) -> list[Payload]:
        linked = read_associations(self._client, COMPANIES, CONTACTS, accounts)
        ids = [one for some in linked.values() for one in some]
        found = [
            *read_records(self._client, CONTACTS, ids, _CONTACT),
            *read_records(self._client, CONTACTS, emails, _CONTACT, "email"),
        ]
        return list({one.at("id").identifier(): one for one in found}.values())

    def _account(self, record: Payload) -> CrmPartnerAccount:
        name = self._partner_property
        return CrmPartnerAccount(
            crm_id=CrmId(record.at("id").identifier()),
            name=value(record, "name"),
            is_partner=value(record, name).lower() not in _NO if name else None,
            owner=owner_of(record),
        )


def _by_email(owners: Iterable[CrmEmployee]) -> dict[str, CrmEmployee]:
    """Who works there comes before who left, of one address."""
    known = sorted(owners, key=lambda one: one.active)
    return {one.email: one for one in known if one.email}


def _email(record: Payload) -> str:
    return value(record, "email").strip().lower()


def _user(record: Payload, owners: Mapping[str, CrmEmployee]) -> CrmPartnerUser:
    """Somebody who is no owner in HubSpot has nothing there that could be switched off."""
    owner = owners.get(_email(record))
    names = (value(record, "firstname"), value(record, "lastname"))
    company = value(record, "associatedcompanyid")
    return CrmPartnerUser(
        email=_email(record),
        name=" ".join(name for name in names if name) or _email(record),
        account=CrmId(company) if company else None,
        crm_id=None if owner is None else owner.crm_id,
        contact=CrmId(record.at("id").identifier()),
        active=owner is None or owner.active,
    )


def _only_owner(owner: CrmEmployee) -> CrmPartnerUser:
    return CrmPartnerUser(
        email=owner.email, name=owner.name, account=None, crm_id=owner.crm_id, active=owner.active
    )
