"""The partner side of an org: itself, accounts, people with their preconditions, what is open."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.domain.crm_partners import (
    CrmPartnerAccount,
    CrmPartnerUser,
    NamedValue,
    Openness,
    OwnerKind,
    SharingSetting,
)
from bridge.domain.errors import ConfigError, CredentialsInvalid, DeliveryTransient
from bridge.domain.names import CrmId
from connectors.salesforce.partners import SalesforcePartners
from connectors.salesforce.sandbox_org import ORGANIZATION
from tests.connectors.salesforce.building import ANA, LUIS, QUEUE, account
from tests.connectors.salesforce.conftest import SalesforceSandbox

PARTNER, PLAIN = CrmId("0015g00000Part1AAB"), CrmId("0015g00000Plai1AAB")
PIA, NOVA, CONTACT, OTHER = (
    CrmId(one)
    for one in (
        "0055g00000Pia11AAB",
        "0055g00000Nova1AAB",
        "0035g00000Pia11AAB",
        "0035g00000Othe1AAB",
    )
)
NOVAS = CrmId("0035g00000Nova1AAB")
PROFILE, SET, LIVE, BUILT = (
    "00e5g00000Prof1AAB",
    "0PS5g00000PSet1GAD",
    "0DB5g00000Live1GAB",
    "0DB5g00000Bui11GAB",
)
LEAD = CrmId("00Q5g00000Lead1EAB")


@pytest.fixture
def org(salesforce: SalesforceSandbox) -> SalesforceSandbox:
    """A partner account with Pía, a member of a published community who has signed in, and Nova,
    who is none; a contact of the partner's of whom nobody has made a user; a plain account."""
    salesforce.seed(
        Account=[
            {"Id": PARTNER, "Name": "Norte", "OwnerId": ANA, "IsPartner": True},
            {"Id": PLAIN, "Name": "Sur", "OwnerId": LUIS},
        ],
        Contact=[
            {"Id": CONTACT, "LastName": "Pía", "Email": "Pia@norte.example", "AccountId": PARTNER},
            {"Id": NOVAS, "LastName": "Nova", "Email": "nova@norte.example", "AccountId": PARTNER},
            {"Id": OTHER, "LastName": "Otto", "Email": "otto@sur.example", "AccountId": PLAIN},
        ],
        Profile=[{"Id": PROFILE, "Name": "Partner Community User"}],
        PermissionSet=[{"Id": SET, "Name": "Portal"}],
        Network=[
            {"Id": LIVE, "Name": "Partner Central"},
            {"Id": BUILT, "Name": "Next", "Status": "UnderConstruction"},
        ],
        NetworkMemberGroup=[
            {"NetworkId": LIVE, "ParentId": PROFILE},
            {"NetworkId": BUILT, "ParentId": SET},
        ],
        User=[
            user(PIA, "Pia", CONTACT, ProfileId=PROFILE, LastLoginDate="2026-11-01T10:00:00Z"),
            user(NOVA, "Nova", NOVAS, IsActive=False),
        ],
    )
    return salesforce


def user(user_id: str, name: str, contact: str, **more: Any) -> dict[str, Any]:
    standing = {"UserType": "PowerPartner", "IsPortalEnabled": True, "ContactId": contact}
    email = f"{name.lower()}@norte.example"
    return {"Id": user_id, "LastName": name, "Email": email, **standing, **more}


@pytest.fixture
def partners(org: SalesforceSandbox) -> SalesforcePartners:
    return SalesforcePartners(account(org.url))


def people(found: SalesforcePartners, *emails: str) -> dict[str, CrmPartnerUser]:
    return {one.email: one for one in found.partners([PARTNER, PLAIN], emails).users}


@pytest.mark.parametrize(
    ("itself", "is_sandbox"),
    [
        ({"OrganizationType": "Enterprise Edition"}, False),
        ({"OrganizationType": "Enterprise Edition", "IsSandbox": True}, True),
        ({"OrganizationType": "Developer Edition"}, True),
    ],
)
def test_prm_03_a_production_org_is_told_from_one_to_try_things_in(
    org: SalesforceSandbox, itself: dict[str, Any], is_sandbox: bool
) -> None:
    org.seed(
        without=["Organization"], Organization=[{"Id": ORGANIZATION, "Name": "Acme", **itself}]
    )
    found = SalesforcePartners(account(org.url)).organisation()
    assert (found.id, found.name, found.is_sandbox) == (ORGANIZATION, "Acme", is_sandbox)
    assert (found.edition, found.has_partners) == (itself["OrganizationType"], True)


def test_prm_01_an_org_without_partners_says_so(org: SalesforceSandbox) -> None:
    org.settings(partners=False)
    found = SalesforcePartners(account(org.url))
    assert found.organisation().has_partners is False
    read = found.partners([PARTNER], ["pia@norte.example", "ana@acme.example"])
    assert read.accounts == (
        CrmPartnerAccount(crm_id=PARTNER, name="Norte", is_partner=False, owner=ANA),
    )
    told = [(one.email, one.is_partner, one.is_member) for one in read.users]
    assert sorted(told)[0] == ("ana@acme.example", False, False)


def test_prm_05_06_08_accounts_with_their_channel_managers(partners: SalesforcePartners) -> None:
    """PRM-05, PRM-06, PRM-08: one that is not there is left out."""
    gone = CrmId("0015g00000Gone1AAB")
    assert partners.partners([PARTNER, PLAIN, gone], []).accounts == (
        CrmPartnerAccount(crm_id=PARTNER, name="Norte", is_partner=True, owner=ANA),
        CrmPartnerAccount(crm_id=PLAIN, name="Sur", is_partner=False, owner=LUIS),
    )


def test_prm_18_to_20_who_fulfils_all_preconditions(partners: SalesforcePartners) -> None:
    """PRM-18 to PRM-20."""
    pia = people(partners)["pia@norte.example"]
    assert (pia.crm_id, pia.contact, pia.account) == (PIA, CONTACT, PARTNER)
    assert (pia.active, pia.is_partner, pia.has_signed_in) == (True, True, True)
    assert (pia.is_member, pia.is_published) == (True, True)
    assert (pia.communities, pia.profile) == (("Partner Central",), "Partner Community User")


def test_prm_18_to_20_who_fulfils_none(partners: SalesforcePartners) -> None:
    """PRM-18 to PRM-20."""
    nova = people(partners)["nova@norte.example"]
    assert (nova.active, nova.has_signed_in, nova.signed_in_at) == (False, False, None)
    assert (nova.is_member, nova.is_published) == (False, False)


def test_prm_18_19_a_permission_set_makes_a_member_too(org: SalesforceSandbox) -> None:
    """PRM-18, PRM-19: of a community that nobody sees yet."""
    org.seed(PermissionSetAssignment=[{"AssigneeId": NOVA, "PermissionSetId": SET}])
    nova = people(SalesforcePartners(account(org.url)))["nova@norte.example"]
    assert (nova.is_member, nova.is_published, nova.communities) == (True, False, ("Next",))


def test_prm_18_a_profile_that_is_being_added_counts_once_it_is(org: SalesforceSandbox) -> None:
    waiting = {"NetworkId": LIVE, "ParentId": PROFILE, "AssignmentStatus": "Waiting for Add"}
    org.seed(without=["NetworkMemberGroup"], NetworkMemberGroup=[waiting])
    assert people(SalesforcePartners(account(org.url)))["pia@norte.example"].is_member is False


def test_prm_09_a_contact_nobody_has_made_a_user_of(partners: SalesforcePartners) -> None:
    otto = people(partners, "otto@sur.example", "nobody@sur.example")["otto@sur.example"]
    assert (otto.crm_id, otto.contact, otto.account) == (None, OTHER, PLAIN)
    assert (otto.active, otto.is_partner) == (False, False)
    assert len(people(partners, "otto@sur.example", "pia@norte.example")) == 3


def test_prm_17_an_employee_is_no_partner_user(partners: SalesforcePartners) -> None:
    ana = people(partners, "ana@acme.example")["ana@acme.example"]
    assert (ana.crm_id, ana.is_partner, ana.account) == (ANA, False, None)


def test_addresses_of_the_copy_of_an_org_are_the_peoples_own(org: SalesforceSandbox) -> None:
    refreshed = user(PIA, "Pia", CONTACT, Email="pia@norte.example.invalid")
    org.seed(without=["User"], User=[refreshed])
    found = SalesforcePartners(account(org.url)).partners([], ["pia@norte.example"])
    assert [one.crm_id for one in found.users if one.crm_id] == [PIA]


def test_nothing_asked_is_nothing_called(org: SalesforceSandbox) -> None:
    read = SalesforcePartners(account(org.url)).partners([], [])
    assert (read.accounts, read.users) == ((), ())
    assert org.calls("/query/") == 0


def test_prm_04_what_is_open_to_people_from_outside(org: SalesforceSandbox) -> None:
    roles, everybody, regular = (
        "00G5g00000Role1EAB",
        "00G5g00000PrmO1EAJ",
        "00G5g00000Regu1EAB",
    )
    org.seed(
        EntityDefinition=[
            {"QualifiedApiName": "Lead", "ExternalSharingModel": "ReadWriteTransfer"},
            {"QualifiedApiName": "Account", "ExternalSharingModel": "Private"},
            {"QualifiedApiName": "Contact", "ExternalSharingModel": "ControlledByParent"},
        ],
        Group=[
            {"Id": roles, "Name": "", "DeveloperName": "Sales_WW", "Type": "RoleAndSubordinates"},
            {"Id": everybody, "Name": "AllPartnerUsers", "Type": "PRMOrganization"},
            {"Id": regular, "Name": "Inside", "Type": "Regular"},
        ],
        AccountShare=[
            {"AccountId": PARTNER, "UserOrGroupId": roles, "RowCause": "Rule"},
            {"AccountId": PLAIN, "UserOrGroupId": roles, "RowCause": "Rule"},
            {"AccountId": PLAIN, "UserOrGroupId": regular, "RowCause": "Rule"},
            {"AccountId": PLAIN, "UserOrGroupId": everybody, "RowCause": "Manual"},
        ],
        Folder=[
            {"Name": "Prices", "Type": "Document", "AccessType": "Public"},
            {"Name": "Inside", "AccessType": "PublicInternal"},
        ],
    )
    review = SalesforcePartners(account(org.url)).sharing()
    assert review.settings == (
        SharingSetting(
            kind=Openness.DEFAULT,
            name="Lead",
            about="Lead",
            open_to="everybody from outside",
            detail="ReadWriteTransfer",
        ),
        SharingSetting(
            kind=Openness.RULE,
            name="Sales_WW",
            about="Account",
            open_to="a role with its subordinates, also those from outside",
        ),
        SharingSetting(
            kind=Openness.GROUP, name="AllPartnerUsers", about="", open_to="all partner users"
        ),
        SharingSetting(
            kind=Openness.FOLDER,
            name="Prices",
            about="document folder",
            open_to="all users, also those from outside",
        ),
    )
    assert any("sharing rules" in one for one in review.unread)


def test_prm_04_nothing_open_is_an_empty_list_that_says_where_else_to_look(
    partners: SalesforcePartners,
) -> None:
    review = partners.sharing()
    assert review.settings == ()
    assert len(review.unread) == 3


def test_prm_04_what_our_user_may_not_read_is_said(org: SalesforceSandbox) -> None:
    org.settings(hidden_objects=["Folder"])
    review = SalesforcePartners(account(org.url)).sharing()
    assert any(one.startswith("folders: our user may not") for one in review.unread)


@pytest.fixture
def lead(org: SalesforceSandbox) -> CrmId:
    more = {"Country": "MX", "State": "Jalisco", "City": "GDL", "LeadSource": "Web"}
    said = {"Rating": "Hot", "Industry": "Retail", "Tier__c": "gold", "Product__c": "GC1000"}
    org.seed(
        fields={"Lead": ["Tier__c", "Product__c"]},
        Lead=[{"Id": LEAD, "LastName": "Vega", "Company": "Vega SA", **more, **said}],
    )
    org.post("change", {"id": LEAD, "fields": {"OwnerId": QUEUE}})
    return LEAD


def test_prm_15_a_lead_with_all_that_rules_look_at(org: SalesforceSandbox, lead: CrmId) -> None:
    reader = SalesforcePartners(account(org.url, {"lead_product_field": "Product__c"}))
    found = reader.leads([lead, CrmId("00Q5g00000Gone1EAB")], ["tier__c", "Missing__c", "x y"])
    (one,) = found.values()
    assert (one.name, one.company, one.owner, one.owner_kind) == (
        "Vega",
        "Vega SA",
        QUEUE,
        OwnerKind.QUEUE,
    )
    assert (one.country, one.state, one.city, one.source) == ("MX", "Jalisco", "GDL", "Web")
    assert (one.rating, one.industry, one.product) == ("Hot", "Retail", "GC1000")
    assert (one.status, one.is_open, one.is_converted) == ("Open - Not Contacted", True, False)
    assert one.more == (
        NamedValue(name="tier__c", value="gold"),
        NamedValue(name="Missing__c", value=""),
        NamedValue(name="x y", value=""),
    )


def test_a_converted_lead_says_who_it_became(org: SalesforceSandbox, lead: CrmId) -> None:
    became = org.post("convert", {"lead": lead})["Contact"]
    (one,) = SalesforcePartners(account(org.url)).leads([lead], []).values()
    assert (one.is_open, one.is_converted, one.became) == (False, True, became)


def test_an_org_without_leads_has_none(org: SalesforceSandbox) -> None:
    org.settings(hidden_objects=["Lead"])
    assert SalesforcePartners(account(org.url)).leads([LEAD], []) == {}


def test_a_wrong_option_is_told_at_once(org: SalesforceSandbox) -> None:
    with pytest.raises(ConfigError, match="lead_product_field"):
        SalesforcePartners(account(org.url, {"lead_product_field": "a b"}))


def test_a_missing_right_and_a_busy_org_are_told_apart(org: SalesforceSandbox) -> None:
    org.settings(hidden_objects=["Organization"])
    with pytest.raises(CredentialsInvalid, match="permission set"):
        SalesforcePartners(account(org.url)).organisation()
    org.told("429", "/query")
    with pytest.raises(DeliveryTransient):
        SalesforcePartners(account(org.url)).organisation()


def test_users_of_an_account_are_read_without_their_addresses(org: SalesforceSandbox) -> None:
    found = SalesforcePartners(account(org.url)).partners([PARTNER], [])
    assert sorted(one.email for one in found.users) == ["nova@norte.example", "pia@norte.example"]
    assert replace(found.users[0], email="") != found.users[1]
