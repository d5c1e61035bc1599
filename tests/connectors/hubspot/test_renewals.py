"""Renewals read from HubSpot: partner clients, deals, dates of one's own, each with its people."""

from datetime import UTC, date, datetime

import pytest

from bridge.domain.crm_partners import NamedValue
from bridge.domain.crm_renewals import RenewalPerson, RenewalRole, RenewalSource, RoleAt
from bridge.domain.errors import CredentialsInvalid
from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind
from connectors.hubspot.renewals import HubSpotRenewals
from tests.connectors.hubspot.building import ANA, account
from tests.connectors.hubspot.conftest import HubSpotSandbox

EVA, BEA, DANI = CrmId("1"), CrmId("2"), CrmId("3")
ACME = CrmId("31")
CLIENT, LATER, NO_DATE = CrmId("51"), CrmId("52"), CrmId("53")
DEAL, WON = CrmId("61"), CrmId("62")
PRIMARY, BILLING, DECIDES = RenewalRole.PRIMARY, RenewalRole.BILLING, RenewalRole.DECISION_MAKER

CLIENTS = RenewalSource(kind=CrmKind.PARTNER_CLIENT, more=("hs_cancellation_products",))
DEALS = RenewalSource(kind=CrmKind.DEAL)
COMPANIES = RenewalSource(
    kind=CrmKind.COMPANY,
    date="renewal_day",
    state="renewal_state",
    partner="partner_company",
    people=(RoleAt(role=BILLING, place="billing_email"), RoleAt(role=DECIDES, place="boss")),
)


@pytest.fixture
def crm(hubspot: HubSpotSandbox) -> HubSpotSandbox:
    people = [
        {"id": EVA, "labels": ["Primary"]},
        {"id": BEA, "labels": ["Billing contact", "Decision maker"]},
        DANI,
    ]
    deal = {"dealname": "Renew Acme", "closedate": "2027-01-15T22:30:00Z", "hubspot_owner_id": ANA}
    hubspot.post(
        "seed",
        {
            "contacts": [
                {"id": EVA, "properties": {"firstname": "Eva", "email": "Eva@acme.example"}},
                {"id": BEA, "properties": {"firstname": "Bea", "email": "bea@acme.example"}},
                {
                    "id": DANI,
                    "properties": {"firstname": "Dani", "renewal_day": "2027-03-01"},
                },
            ],
            "companies": [
                {
                    "id": ACME,
                    "properties": {
                        "name": "Acme",
                        "renewal_day": "2027-02-28",
                        "renewal_state": "pending",
                        "partner_company": "77",
                        "billing_email": "Bills@acme.example",
                        "boss": BEA,
                    },
                    "contacts": [EVA],
                }
            ],
            "partner_clients": [
                {
                    "id": CLIENT,
                    "properties": {
                        "hs_client_name": "Acme",
                        "hs_next_renewal_date": "2026-12-31",
                        "hs_cancellation_products": "sales",
                    },
                    "contacts": people,
                    "companies": [ACME],
                },
                {
                    "id": LATER,
                    "properties": {
                        "hs_client_domain_name": "later.example",
                        "hs_next_renewal_date": "1798761600000",  # 1 January 2027
                    },
                },
                {"id": NO_DATE, "properties": {"hs_client_name": "None"}},
            ],
            "deals": [
                {
                    "id": DEAL,
                    "properties": {**deal, "dealstage": "contractsent"},
                    "contacts": [EVA],
                    "companies": [ACME],
                },
                {"id": WON, "properties": {**deal, "dealstage": "closedwon"}},
            ],
        },
    )
    return hubspot


@pytest.fixture
def renewals(crm: HubSpotSandbox) -> HubSpotRenewals:
    return HubSpotRenewals(account(crm.url))


def test_px_07_a_partner_client_with_its_people(renewals: HubSpotRenewals) -> None:
    """PX-07, REN-04: whoever has several roles stands there for each."""
    (one,) = renewals.due(CLIENTS, date(2026, 12, 1), date(2026, 12, 31))
    assert (one.crm_id, one.name, one.due) == (CLIENT, "Acme", date(2026, 12, 31))
    assert (one.company, one.more) == (
        ACME,
        (NamedValue(name="hs_cancellation_products", value="sales"),),
    )
    assert set(one.people) == {
        RenewalPerson(role=PRIMARY, email="eva@acme.example", name="Eva", contact=EVA),
        RenewalPerson(role=BILLING, email="bea@acme.example", name="Bea", contact=BEA),
        RenewalPerson(role=DECIDES, email="bea@acme.example", name="Bea", contact=BEA),
    }


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        (date(2026, 12, 31), date(2026, 12, 31), [CLIENT]),
        (date(2027, 1, 1), date(2027, 1, 1), [LATER]),
        (date(2026, 12, 1), date(2027, 1, 31), [CLIENT, LATER]),
        (date(2027, 1, 2), date(2027, 1, 31), []),
    ],
)
def test_due_takes_both_ends(
    renewals: HubSpotRenewals, first: date, last: date, found: list[CrmId]
) -> None:
    assert [one.crm_id for one in renewals.due(CLIENTS, first, last)] == found


def test_those_without_a_date_or_people_are_read_all_the_same(renewals: HubSpotRenewals) -> None:
    """REN-16."""
    found = renewals.read(CLIENTS, [NO_DATE, LATER, CrmId("404")])
    assert set(found) == {NO_DATE, LATER}
    assert (found[NO_DATE].due, found[NO_DATE].people) == (None, ())
    assert (found[LATER].due, found[LATER].name) == (date(2027, 1, 1), "later.example")


@pytest.mark.parametrize("written", ["soon", "31.12.2026", "9" * 30, "-", "2026-13-01"])
def test_what_is_no_date_is_none(
    crm: HubSpotSandbox, renewals: HubSpotRenewals, written: str
) -> None:
    client = {"id": "54", "properties": {"hs_next_renewal_date": written}}
    crm.post("seed", {"partner_clients": [client]})
    assert renewals.read(CLIENTS, [CrmId("54"), CrmId("no-id")])[CrmId("54")].due is None


def test_a_deal_says_whether_it_is_open_or_won(renewals: HubSpotRenewals) -> None:
    """PX-09: the only contact linked is the primary one."""
    found = renewals.read(DEALS, [DEAL, WON])
    deal, won = found[DEAL], found[WON]
    assert (deal.is_open, deal.is_won, deal.state) == (True, False, "contractsent")
    assert (won.is_open, won.is_won, won.due) == (False, True, date(2027, 1, 15))
    assert (deal.owner, deal.company) == (ANA, ACME)
    assert [(p.role, p.contact) for p in deal.people] == [(PRIMARY, EVA)]
    (due, _) = renewals.due(DEALS, date(2027, 1, 15), date(2027, 1, 15))
    assert due.crm_id == DEAL


def test_a_company_with_a_date_of_its_own(renewals: HubSpotRenewals) -> None:
    (one,) = renewals.due(COMPANIES, date(2027, 2, 1), date(2027, 2, 28))
    assert (one.crm_id, one.company, one.state, one.partner) == (ACME, ACME, "pending", "77")
    assert set(one.people) == {
        RenewalPerson(role=PRIMARY, email="eva@acme.example", name="Eva", contact=EVA),
        RenewalPerson(role=BILLING, email="bills@acme.example"),
        RenewalPerson(role=DECIDES, email="bea@acme.example", name="Bea", contact=BEA),
    }


def test_a_contact_is_his_own_primary_contact(renewals: HubSpotRenewals) -> None:
    source = RenewalSource(kind=CrmKind.CONTACT, date="renewal_day")
    (one,) = renewals.due(source, date(2027, 3, 1), date(2027, 3, 1))
    assert one.people == (RenewalPerson(role=PRIMARY, email="", name="Dani", contact=DANI),)
    assert one.name == "Dani"


def test_changed_since_a_moment(crm: HubSpotSandbox, renewals: HubSpotRenewals) -> None:
    assert len(renewals.changed(CLIENTS, datetime(2020, 1, 1, tzinfo=UTC))) == 2
    assert renewals.changed(CLIENTS, datetime(2990, 1, 1, tzinfo=UTC)) == []


def test_more_than_one_page_is_read(crm: HubSpotSandbox, renewals: HubSpotRenewals) -> None:
    many = [
        {"properties": {"hs_client_name": f"n{n}", "hs_next_renewal_date": "2028-01-01"}}
        for n in range(205)
    ]
    crm.post("seed", {"partner_clients": many})
    found = renewals.due(CLIENTS, date(2028, 1, 1), date(2028, 1, 1))
    assert len({one.crm_id for one in found}) == 205


@pytest.mark.parametrize(
    "source",
    [
        RenewalSource(kind=CrmKind.CONTRACT),
        RenewalSource(kind=CrmKind.COMPANY),
        RenewalSource(kind=CrmKind.DEAL, date="Close Date"),
        RenewalSource(kind=CrmKind.COMPANY, date="no_such_day"),
    ],
)
def test_names_that_are_no_properties_are_told(
    renewals: HubSpotRenewals, source: RenewalSource
) -> None:
    with pytest.raises(CredentialsInvalid, match=r"propert|kind"):
        renewals.due(source, date(2026, 1, 1), date(2026, 12, 31))


def test_an_account_that_is_no_partners_lacks_the_scope(crm: HubSpotSandbox) -> None:
    """REN-01."""
    crm.post("settings", {"partner_clients": False})
    with pytest.raises(CredentialsInvalid, match="scope"):
        HubSpotRenewals(account(crm.url)).read(CLIENTS, [CLIENT])
