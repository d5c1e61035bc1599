"""Renewals read from an org: contracts, opportunities, other dates, each with its people."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bridge.domain.crm_partners import NamedValue
from bridge.domain.crm_renewals import (
    RenewalPerson,
    RenewalRole,
    RenewalSource,
    RoleAt,
)
from bridge.domain.errors import CredentialsInvalid
from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind
from connectors.salesforce.renewals import SalesforceRenewals
from tests.connectors.salesforce.building import ANA, account
from tests.connectors.salesforce.conftest import SalesforceSandbox

COMPANY, EVA, BEA, DANI = (
    CrmId(one)
    for one in (
        "0015g00000Acco1AAB",
        "0035g00000Eva11AAB",
        "0035g00000Bea11AAB",
        "0035g00000Dani1AAB",
    )
)
PLAN, OLD_PLAN, DEAL, WON = (
    CrmId(one)
    for one in (
        "8005g00000Plan1AAB",
        "8005g00000OldP1AAJ",
        "0065g00000Deal1AAB",
        "0065g00000Won11AAB",
    )
)
PRIMARY, BILLING, DECIDES = RenewalRole.PRIMARY, RenewalRole.BILLING, RenewalRole.DECISION_MAKER


def person(contact: str, name: str, email: str | None) -> dict[str, Any]:
    return {"Id": contact, "LastName": name, "Email": email, "AccountId": COMPANY}


@pytest.fixture
def org(salesforce: SalesforceSandbox) -> SalesforceSandbox:
    deal = {"AccountId": COMPANY, "CloseDate": "2027-01-15", "OwnerId": ANA}
    salesforce.seed(
        fields={
            "Account": ["Renewal__c date", "Billing_email__c", "Partner__c"],
            "Contact": ["Renewal__c date"],
            "Contract": ["Payer__c"],
        },
        Account=[
            {
                "Id": COMPANY,
                "Name": "Acme",
                "OwnerId": ANA,
                "Renewal__c": "2027-02-28",
                "Billing_email__c": "Bills@acme.example",
                "Partner__c": "0015g00000Part1AAB",
            }
        ],
        Contact=[
            person(EVA, "Eva", "Eva@acme.example"),
            person(BEA, "Bea", "bea@acme.example"),
            {**person(DANI, "Dani", None), "Renewal__c": "2027-03-01"},
        ],
        Contract=[
            {
                "Id": PLAN,
                "AccountId": COMPANY,
                "Name": "Plan 2026",
                "EndDate": "2026-12-31",
                "OwnerId": ANA,
                "Payer__c": BEA,
            },
            {"Id": OLD_PLAN, "AccountId": COMPANY, "Name": "Plan 2024", "EndDate": "2024-12-31"},
        ],
        ContractContactRole=[
            {"ContractId": PLAN, "ContactId": EVA, "Role": "Business User", "IsPrimary": True}
        ],
        AccountContactRole=[
            {"AccountId": COMPANY, "ContactId": DANI, "Role": "Decision Maker"},
            {"AccountId": COMPANY, "ContactId": BEA, "Role": "Billing", "IsPrimary": True},
        ],
        Opportunity=[
            {"Id": DEAL, "Name": "Renew Acme", "StageName": "Prospecting", **deal},
            {"Id": WON, "Name": "Acme 2026", "StageName": "Closed Won", **deal},
        ],
        OpportunityContactRole=[{"OpportunityId": DEAL, "ContactId": EVA, "IsPrimary": True}],
    )
    return salesforce


@pytest.fixture
def renewals(org: SalesforceSandbox) -> SalesforceRenewals:
    return SalesforceRenewals(account(org.url))


CONTRACTS = RenewalSource(kind=CrmKind.CONTRACT)
COMPANIES = RenewalSource(
    kind=CrmKind.COMPANY,
    date="Renewal__c",
    partner="Partner__c",
    people=(RoleAt(role=BILLING, place="Billing_email__c"),),
    more=("Name",),
)


def test_ren_04_a_contract_with_its_people(renewals: SalesforceRenewals) -> None:
    """REN-04, REN-16: the contract's own roles come before the account's; one has no address."""
    source = RenewalSource(
        kind=CrmKind.CONTRACT, people=(RoleAt(role=BILLING, place="role:billing"),)
    )
    (one,) = renewals.due(source, date(2026, 12, 1), date(2026, 12, 31))
    assert (one.crm_id, one.name, one.due) == (PLAN, "Plan 2026", date(2026, 12, 31))
    assert (one.state, one.owner, one.company) == ("Activated", ANA, COMPANY)
    assert set(one.people) == {
        RenewalPerson(role=PRIMARY, email="eva@acme.example", name="Eva", contact=EVA),
        RenewalPerson(role=DECIDES, email="", name="Dani", contact=DANI),
        RenewalPerson(role=BILLING, email="bea@acme.example", name="Bea", contact=BEA),
    }


def test_without_a_role_of_its_own_the_accounts_primary_contact_counts(
    renewals: SalesforceRenewals,
) -> None:
    one = renewals.read(CONTRACTS, [OLD_PLAN])[OLD_PLAN]
    assert [p.contact for p in one.people if p.role is PRIMARY] == [BEA]


def test_a_field_may_lead_to_a_contact(renewals: SalesforceRenewals) -> None:
    source = RenewalSource(kind=CrmKind.CONTRACT, people=(RoleAt(role=BILLING, place="Payer__c"),))
    one = renewals.read(source, [PLAN])[PLAN]
    assert [p.email for p in one.people if p.role is BILLING] == ["bea@acme.example"]


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        (date(2026, 12, 31), date(2026, 12, 31), [PLAN]),
        (date(2027, 1, 1), date(2027, 12, 31), []),
        (date(2024, 1, 1), date(2026, 12, 31), [PLAN, OLD_PLAN]),
    ],
)
def test_due_takes_both_ends(
    renewals: SalesforceRenewals, first: date, last: date, found: list[CrmId]
) -> None:
    assert [one.crm_id for one in renewals.due(CONTRACTS, first, last)] == found


def test_what_is_no_date_or_no_id_is_none(renewals: SalesforceRenewals) -> None:
    source = RenewalSource(kind=CrmKind.CONTRACT, date="Name")
    found = renewals.read(source, [PLAN, CrmId("no-id"), CrmId("")])
    assert {one: renewal.due for one, renewal in found.items()} == {PLAN: None}


def test_an_opportunity_says_whether_it_is_open_or_won(renewals: SalesforceRenewals) -> None:
    """PX-09: reminders stop after renewed."""
    found = renewals.read(RenewalSource(kind=CrmKind.DEAL), [DEAL, WON])
    deal, won = found[DEAL], found[WON]
    assert (deal.is_open, deal.is_won, deal.state) == (True, False, "Prospecting")
    assert (won.is_open, won.is_won, won.due) == (False, True, date(2027, 1, 15))
    assert [p.contact for p in deal.people if p.role is PRIMARY] == [EVA]


def test_a_company_with_a_date_of_its_own(renewals: SalesforceRenewals) -> None:
    (one,) = renewals.due(COMPANIES, date(2027, 2, 1), date(2027, 2, 28))
    assert (one.crm_id, one.company, one.partner) == (COMPANY, COMPANY, "0015g00000Part1AAB")
    assert one.more == (NamedValue(name="Name", value="Acme"),)
    assert RenewalPerson(role=BILLING, email="bills@acme.example") in one.people


def test_a_contact_is_his_own_primary_contact(renewals: SalesforceRenewals) -> None:
    source = RenewalSource(kind=CrmKind.CONTACT, date="Renewal__c")
    (one,) = renewals.due(source, date(2027, 3, 1), date(2027, 3, 1))
    assert [p for p in one.people if p.role is PRIMARY] == [
        RenewalPerson(role=PRIMARY, email="bea@acme.example", name="Bea", contact=BEA)
    ]
    free = renewals.read(source, [EVA])[EVA]
    assert free.due is None


def test_changed_since_a_moment_the_earliest_first(
    org: SalesforceSandbox, renewals: SalesforceRenewals
) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    found = renewals.changed(CONTRACTS, long_ago)
    assert {one.crm_id for one in found} == {PLAN, OLD_PLAN}
    assert renewals.changed(CONTRACTS, datetime(2990, 1, 1, tzinfo=UTC)) == []
    assert all(one.changed_at is not None for one in found)


@pytest.mark.parametrize(
    "source",
    [
        RenewalSource(kind=CrmKind.LEAD),
        RenewalSource(kind=CrmKind.COMPANY),
        RenewalSource(kind=CrmKind.CONTRACT, date="End Date"),
        RenewalSource(kind=CrmKind.CONTRACT, more=("Id FROM User",)),
        RenewalSource(kind=CrmKind.CONTRACT, state="Missing__c"),
    ],
)
def test_names_that_are_no_fields_are_told(
    renewals: SalesforceRenewals, source: RenewalSource
) -> None:
    with pytest.raises(CredentialsInvalid, match=r"field|kind"):
        renewals.due(source, date(2026, 1, 1), date(2026, 12, 31))


def test_an_org_without_such_roles_gives_the_renewal_without_people(
    org: SalesforceSandbox, renewals: SalesforceRenewals
) -> None:
    """REN-16: whom to tell is then nobody, which is told."""
    org.settings(hidden_objects=["AccountContactRole", "ContractContactRole"])
    assert renewals.read(CONTRACTS, [PLAN])[PLAN].people == ()
