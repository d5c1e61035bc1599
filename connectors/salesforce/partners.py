"""An org's partner side: itself, partner accounts, and people with what makes them candidates.

An org without partners has none of these fields, and one without digital experiences no networks:
both are asked for and done without. Sources: the objects Organization (IsSandbox,
OrganizationType), User (UserType, LastLoginDate, ContactId) and Account of
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/.
`Account.IsPartner` and `User.IsPortalEnabled` are seen in many orgs' code and in
https://arkusinc.com/archive/2022/determining-contacts-who-are-partner-portal-users.
"""

from collections.abc import Iterable, Mapping, Sequence

from bridge.domain.crm_partners import (
    CrmPartnerAccount,
    CrmPartnerUser,
    Organisation,
    PartnersRead,
    ProgrammeLead,
    SharingReview,
)
from bridge.domain.errors import OutcomeUnknown
from bridge.domain.names import CrmId
from bridge.payload import Payload
from bridge.ports import Account
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.communities import Communities, Membership, Memberships
from connectors.salesforce.ids import ACCOUNT, is_of, long_id
from connectors.salesforce.persons import id_of, owner_of
from connectors.salesforce.programme import ProgrammeLeads
from connectors.salesforce.reading import (
    Table,
    flag,
    is_field_missing,
    rows,
    rows_where,
    text,
    told,
)
from connectors.salesforce.sharing import Sharing
from connectors.salesforce.soql import seen
from connectors.salesforce.stages import Stages

_ORGANISATION = Table(name="Organization", fields=("Id", "Name", "IsSandbox", "OrganizationType"))
_DEVELOPER = "Developer Edition"
_PLAIN_ACCOUNTS = Table(name="Account", fields=("Id", "Name", "OwnerId"))
_ACCOUNTS = Table(name="Account", fields=(*_PLAIN_ACCOUNTS.fields, "IsPartner"))
_PLAIN_USERS = Table(
    name="User",
    fields=(
        *("Id", "Name", "Email", "IsActive", "UserType", "LastLoginDate"),
        *("ProfileId", "Profile.Name"),
    ),
)
_USERS = Table(
    name="User",
    fields=(*_PLAIN_USERS.fields, "ContactId", "Contact.AccountId", "IsPortalEnabled"),
)
_CONTACTS = Table(name="Contact", fields=("Id", "Name", "Email", "AccountId"))
_PARTNERS = ("PowerPartner", "Partner")
_REFRESHED = ".invalid"  # what Salesforce adds to addresses in the copy of an org


class SalesforcePartners:
    """Raises what `bridge.ports.PartnerReader` says. Options: `closed_lead_statuses` (see Stages)
    and `lead_product_field`, the field of leads that says what they are interested in."""

    def __init__(self, account: Account) -> None:
        client = SalesforceClient(account)
        self._client = client
        self._communities = Communities(client)
        self._sharing = Sharing(client)
        self._leads = ProgrammeLeads(account, client, Stages(account, client))

    def organisation(self) -> Organisation:
        return told(self._organisation)

    def partners(self, accounts: Sequence[CrmId], emails: Sequence[str]) -> PartnersRead:
        return told(lambda: self._partners(accounts, emails))

    def sharing(self) -> SharingReview:
        return told(self._sharing.review)

    def leads(
        self, ids: Sequence[CrmId], properties: Sequence[str]
    ) -> Mapping[CrmId, ProgrammeLead]:
        return told(lambda: self._leads.read(ids, properties))

    def _organisation(self) -> Organisation:
        found = rows(self._client, _ORGANISATION.of(""))
        if not found:
            raise OutcomeUnknown("salesforce: query Organization: the org does not show itself")
        edition = text(found[0], "OrganizationType")
        return Organisation(
            id=id_of(found[0]),
            name=seen(text(found[0], "Name")),
            is_sandbox=flag(found[0], "IsSandbox") or edition == _DEVELOPER,
            edition=edition,
            has_partners=self._has_partners(),
        )

    def _has_partners(self) -> bool:
        try:
            self._client.query(f"{_ACCOUNTS.of('IsPartner = true')} LIMIT 1")
        except SalesforceRefused as error:
            if is_field_missing(error):
                return False
            raise
        return True

    def _partners(self, accounts: Sequence[CrmId], emails: Sequence[str]) -> PartnersRead:
        named = [one for one in accounts if is_of(ACCOUNT, one)]
        found = self._either(_ACCOUNTS, _PLAIN_ACCOUNTS, ["Id"], named)
        users = self._users(named, emails)
        profiles = {_user_id(one): text(one, "ProfileId") for one in users}
        members = self._communities.of_users(profiles)
        enabled = [_user(one, members) for one in users]
        return PartnersRead(
            accounts=tuple(map(_account, found)),
            users=(*enabled, *self._others(emails, enabled)),
        )

    def _users(self, accounts: Sequence[CrmId], emails: Sequence[str]) -> list[Payload]:
        asked = [*emails, *(f"{one}{_REFRESHED}" for one in emails)]
        found = self._either(_USERS, _PLAIN_USERS, ["Email"], asked)
        if accounts:
            found += self._either(_USERS, None, ["Contact.AccountId"], accounts)
        return list({_user_id(one): one for one in found}.values())

    def _others(
        self, emails: Sequence[str], enabled: Iterable[CrmPartnerUser]
    ) -> list[CrmPartnerUser]:
        """Contacts with these addresses of whom nobody has made a user."""
        users = {one.contact for one in enabled}
        asked = [*emails, *(f"{one}{_REFRESHED}" for one in emails)]
        found = rows_where(self._client, _CONTACTS, ["Email"], asked)
        return [_contact(one) for one in found if id_of(one) not in users]

    def _either(
        self, whole: Table, plain: Table | None, fields: Sequence[str], values: Sequence[str]
    ) -> list[Payload]:
        """From the table with partners' fields, or without them where the org has none."""
        try:
            return list(rows_where(self._client, whole, fields, values))
        except SalesforceRefused as error:
            if not is_field_missing(error):
                raise
        return [] if plain is None else list(rows_where(self._client, plain, fields, values))


def _account(record: Payload) -> CrmPartnerAccount:
    return CrmPartnerAccount(
        crm_id=id_of(record),
        name=seen(text(record, "Name")),
        is_partner=flag(record, "IsPartner"),
        owner=owner_of(record),
    )


def _user(record: Payload, members: Memberships) -> CrmPartnerUser:
    signed_in = record.get("LastLoginDate")
    contact = record.get("Contact")
    of = members.get(_user_id(record), Membership())
    profile = record.get("Profile")
    return CrmPartnerUser(
        email=_email(record),
        name=seen(text(record, "Name")),
        account=None if contact is None else _reference(contact, "AccountId"),
        crm_id=id_of(record),
        contact=_reference(record, "ContactId"),
        active=flag(record, "IsActive"),
        is_partner=text(record, "UserType") in _PARTNERS and flag(record, "IsPortalEnabled"),
        has_signed_in=signed_in is not None,
        signed_in_at=None if signed_in is None else signed_in.iso_time(),
        is_member=bool(of.communities),
        is_published=of.is_live,
        communities=of.communities,
        profile="" if profile is None else seen(text(profile, "Name")),
    )


def _contact(record: Payload) -> CrmPartnerUser:
    return CrmPartnerUser(
        email=_email(record),
        name=seen(text(record, "Name")),
        account=_reference(record, "AccountId"),
        contact=id_of(record),
        is_partner=False,
        has_signed_in=False,
        is_member=False,
        is_published=False,
    )


def _email(record: Payload) -> str:
    return text(record, "Email").strip().lower().removesuffix(_REFRESHED)


def _user_id(record: Payload) -> str:
    return long_id(record.at("Id").text())


def _reference(record: Payload, name: str) -> CrmId | None:
    found = text(record, name)
    return CrmId(long_id(found)) if found else None
