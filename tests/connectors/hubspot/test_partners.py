"""The partner side of a HubSpot account: companies, their people, leads with their contact."""

from typing import Any

import pytest

from bridge.domain.crm_partners import (
    CrmPartnerAccount,
    CrmPartnerUser,
    NamedValue,
    OwnerKind,
)
from bridge.domain.errors import CredentialsInvalid, DeliveryTransient
from bridge.domain.names import CrmId
from connectors.hubspot.partners import HubSpotPartners
from tests.connectors.hubspot.building import ANA, LUIS, account
from tests.connectors.hubspot.conftest import HubSpotSandbox

NORTE, SUR = CrmId("31"), CrmId("32")
LEAD, BARE = CrmId("41"), CrmId("42")


def contact(number: str, name: str, works_at: str, **more: str) -> dict[str, Any]:
    email = f"{name.capitalize()}@norte.example"
    standing = {"firstname": name, "email": email, "associatedcompanyid": works_at}
    return {"id": number, "properties": {**standing, **more}}


@pytest.fixture
def crm(hubspot: HubSpotSandbox) -> HubSpotSandbox:
    """A partner with Pía, who is an owner, Nova, who is none, and Gone, who left; a plain company;
    a lead of a client."""
    hubspot.post(
        "seed",
        {
            "owners": [
                {"id": "15", "email": "pia@norte.example", "firstName": "Pía"},
                {"id": "16", "email": "gone@norte.example", "archived": True},
            ],
            "contacts": [
                contact("1", "pia", NORTE),
                contact("2", "nova", NORTE),
                contact("3", "gone", NORTE),
                contact(
                    "4",
                    "eva",
                    SUR,
                    **{"company": "Vega SA", "country": "MX", "state": "Jalisco", "city": "GDL"},
                    **{"industry": "RETAIL", "hs_analytics_source": "PAID_SEARCH", "tier": "gold"},
                ),
            ],
            "companies": [
                {
                    "id": NORTE,
                    "properties": {"name": "Norte", "hubspot_owner_id": ANA, "partner": "true"},
                    "contacts": ["1", "2", "3"],
                },
                {"id": SUR, "properties": {"name": "Sur", "hubspot_owner_id": LUIS}},
            ],
            "leads": [
                {
                    "id": LEAD,
                    "properties": {
                        "hs_lead_name": "Vega",
                        "hs_lead_label": "HOT",
                        "hubspot_owner_id": ANA,
                        "hs_pipeline": "lead-pipeline-id",
                        "hs_pipeline_stage": "attempting-stage-id",
                        "product": "GC1000",
                    },
                    "contacts": ["4"],
                },
                {
                    "id": BARE,
                    "properties": {
                        "hs_lead_name": "Nobody",
                        "hs_pipeline": "lead-pipeline-id",
                        "hs_pipeline_stage": "qualified-stage-id",
                    },
                },
            ],
        },
    )
    return hubspot


def partners(crm: HubSpotSandbox, **options: str) -> HubSpotPartners:
    return HubSpotPartners(account(crm.url, options))


@pytest.mark.parametrize(
    ("kind", "is_sandbox"),
    [("STANDARD", False), ("SANDBOX", True), ("DEVELOPER_TEST", True), ("APP_DEVELOPER", True)],
)
def test_prm_03_a_real_account_is_told_from_one_to_try_things_in(
    crm: HubSpotSandbox, kind: str, is_sandbox: bool
) -> None:
    crm.post("settings", {"account_type": kind})
    found = partners(crm).organisation()
    assert (found.id, found.name, found.edition) == ("1", "HubSpot account 1", kind)
    assert (found.is_sandbox, found.has_partners) == (is_sandbox, None)


def test_the_account_is_asked_under_v3_too(crm: HubSpotSandbox) -> None:
    assert partners(crm, api_version="v3").organisation().id == "1"


def test_prm_06_08_companies_with_their_channel_managers(crm: HubSpotSandbox) -> None:
    """PRM-06, PRM-08: whether one is a partner is known where a property says it."""
    named = partners(crm, partner_property="partner").partners([NORTE, SUR, CrmId("404")], [])
    assert named.accounts == (
        CrmPartnerAccount(crm_id=NORTE, name="Norte", is_partner=True, owner=ANA),
        CrmPartnerAccount(crm_id=SUR, name="Sur", is_partner=False, owner=LUIS),
    )
    assert [one.is_partner for one in partners(crm).partners([NORTE], []).accounts] == [None]


def test_prm_09_the_people_of_a_partner(crm: HubSpotSandbox) -> None:
    """PRM-09, PRM-20: who is an owner there has an id; what HubSpot does not know is None."""
    read = partners(crm).partners(
        [NORTE], ["nova@norte.example", "ana@acme.example", "x@y.example"]
    )
    found = {one.email: one for one in read.users}
    assert found["pia@norte.example"] == CrmPartnerUser(
        email="pia@norte.example",
        name="pia",
        account=NORTE,
        crm_id=CrmId("15"),
        contact=CrmId("1"),
        active=True,
    )
    nova, gone, ana = (
        found[one] for one in ("nova@norte.example", "gone@norte.example", "ana@acme.example")
    )
    assert (nova.crm_id, nova.contact, nova.active) == (None, CrmId("2"), True)
    assert (gone.crm_id, gone.active) == (CrmId("16"), False)
    assert (ana.crm_id, ana.contact, ana.account) == (ANA, None, None)
    assert {(one.is_partner, one.has_signed_in, one.is_member) for one in read.users} == {
        (None, None, None)
    }


def test_nothing_asked_is_nothing_called(crm: HubSpotSandbox) -> None:
    read = partners(crm).partners([], [])
    assert (read.accounts, read.users, crm.state()["calls"]) == ((), (), {})


def test_prm_04_there_is_nothing_to_review(crm: HubSpotSandbox) -> None:
    review = partners(crm).sharing()
    assert review.settings == ()
    assert "no records" in review.unread[0]


def test_prm_15_a_lead_with_all_that_rules_look_at(crm: HubSpotSandbox) -> None:
    reader = partners(crm, lead_product_property="product")
    found = reader.leads([LEAD, BARE, CrmId("404")], ["contact.tier", "missing"])
    one = found[LEAD]
    assert (one.name, one.owner, one.owner_kind, one.is_open) == (
        "Vega",
        ANA,
        OwnerKind.PERSON,
        True,
    )
    assert (one.company, one.country, one.state, one.city) == ("Vega SA", "MX", "Jalisco", "GDL")
    assert (one.source, one.rating, one.industry) == ("PAID_SEARCH", "HOT", "RETAIL")
    assert (one.status, one.product) == ("attempting-stage-id", "GC1000")
    assert one.more == (
        NamedValue(name="contact.tier", value="gold"),
        NamedValue(name="missing", value=""),
    )
    assert one.created_at is not None
    bare = found[BARE]
    assert (bare.company, bare.is_open, len(found)) == ("", False, 2)


def test_an_account_without_leads_and_a_busy_one_are_told_apart(crm: HubSpotSandbox) -> None:
    crm.post("settings", {"leads": False})
    with pytest.raises(CredentialsInvalid, match="scope"):
        partners(crm).leads([LEAD], [])
    crm.told("429", "companies")
    with pytest.raises(DeliveryTransient):
        partners(crm).partners([NORTE], [])
