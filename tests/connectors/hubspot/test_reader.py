"""What is read from HubSpot, and in how many calls."""

from dataclasses import replace

import pytest

from bridge.domain.errors import CredentialsInvalid, DeliveryTransient, OutcomeUnknown
from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import CrmDeal, CrmLead, RecordKind
from bridge.ports import Account
from connectors.hubspot.reader import HubSpotReader
from tests.connectors.hubspot.building import ANA, LUIS, account
from tests.connectors.hubspot.conftest import CONTACTS, HubSpotSandbox

DEALS = [
    {
        "id": "501",
        "contacts": ["1", "2"],
        "properties": {
            "dealname": "Roof",
            "pipeline": "default",
            "dealstage": "contractsent",
            "hubspot_owner_id": LUIS,
        },
    },
    {
        "id": "502",
        "contacts": ["1"],
        "properties": {"dealname": "Old", "pipeline": "default", "dealstage": "closedlost"},
    },
]
LEADS = [
    {
        "id": "901",
        "contacts": ["1"],
        "properties": {
            "hs_lead_name": "Luz",
            "hs_pipeline": "lead-pipeline-id",
            "hs_pipeline_stage": "new-stage-id",
            "hubspot_owner_id": ANA,
        },
    },
    {
        "id": "902",
        "contacts": ["2"],
        "properties": {
            "hs_lead_name": "Eva",
            "hs_pipeline": "lead-pipeline-id",
            "hs_pipeline_stage": "unqualified-stage-id",
        },
    },
]


@pytest.fixture(autouse=True)
def seeded(hubspot: HubSpotSandbox) -> None:
    hubspot.post("seed", {"contacts": CONTACTS, "deals": DEALS, "leads": LEADS})


def ids(*given: str) -> list[CrmId]:
    return [CrmId(one) for one in given]


def test_employees_are_owners_and_former_ones_but_no_queues(reader: HubSpotReader) -> None:
    """ROL-03: every CRM employee is offered."""
    assert reader.employees() == [
        CrmEmployee(crm_id=ANA, email="ana@acme.example", name="Ana Ruiz", active=True),  # type: ignore[arg-type]
        CrmEmployee(crm_id=LUIS, email="luis@acme.example", name="Luis Paz", active=True),  # type: ignore[arg-type]
        CrmEmployee(
            crm_id=CrmId("13"),
            email="old@acme.example",  # type: ignore[arg-type]
            name="old@acme.example",
            active=False,
        ),
    ]


def test_employees_of_many_pages_are_all_there(
    reader: HubSpotReader, hubspot: HubSpotSandbox
) -> None:
    many = [{"id": str(n), "email": f"a{n}@acme.example"} for n in range(1000, 1230)]
    hubspot.post("seed", {"owners": many})
    assert len(reader.employees()) == 233


def test_pipelines_tell_which_stages_are_open(reader: HubSpotReader) -> None:
    """ROL-04, NEW-06."""
    deals, leads = reader.pipelines()
    assert (deals.kind, leads.kind) == (RecordKind.DEAL, RecordKind.LEAD)
    assert [stage.id for stage in deals.stages if not stage.is_open] == ["closedwon", "closedlost"]
    closed = [stage.id for stage in leads.stages if not stage.is_open]
    assert closed == ["qualified-stage-id", "unqualified-stage-id"]


def test_contacts_come_with_owner_and_phones(reader: HubSpotReader) -> None:
    found = reader.contacts(ids("1", "2", "99"))
    luz = found[CrmId("1")]
    assert set(found) == {"1", "2"}
    assert (luz.name, luz.owner, luz.phones) == ("Luz Vega", ANA, ("+525512345678",))
    assert luz.usernames == ("LuzVega",)
    assert luz.created_at is not None
    assert found[CrmId("2")].owner is None


def test_a_merged_contact_answers_under_the_id_asked_for(
    reader: HubSpotReader, hubspot: HubSpotSandbox
) -> None:
    hubspot.post("merge", {"kind": "contacts", "primary": "1", "others": ["2"]})
    found = reader.contacts(ids("1", "2"))
    assert set(found) == {"1", "2"}
    assert found[CrmId("1")] == found[CrmId("2")]
    assert found[CrmId("1")].crm_id not in ("1", "2")


def test_deals_come_with_all_their_contacts(reader: HubSpotReader) -> None:
    """WS-09: the owner of a deal sees the chats of its contacts."""
    roof = CrmDeal(
        crm_id=CrmId("501"),
        name="Roof",
        pipeline="default",
        stage="contractsent",
        is_open=True,
        owner=LUIS,
        contacts=(CrmId("1"), CrmId("2")),
    )
    found = reader.deals(ids("501", "502"))
    assert replace(found[CrmId("501")], active_at=None) == roof
    assert found[CrmId("501")].active_at is not None
    assert not found[CrmId("502")].is_open


def test_deals_of_contacts_come_once_each(reader: HubSpotReader) -> None:
    assert [deal.crm_id for deal in reader.deals_of(ids("1", "2", "3"))] == ["501", "502"]


def test_leads_of_contacts(reader: HubSpotReader) -> None:
    luz = CrmLead(crm_id=CrmId("901"), name="Luz", is_open=True, owner=ANA, contacts=(CrmId("1"),))
    first, second = reader.leads_of(ids("1", "2"))
    assert first == luz
    assert (second.crm_id, second.is_open) == ("902", False)
    assert set(reader.leads(ids("901"))) == {"901"}


def test_an_account_without_leads_has_none(reader: HubSpotReader, hubspot: HubSpotSandbox) -> None:
    hubspot.post("settings", {"leads": False})
    assert reader.leads_of(ids("1")) == []
    assert [one.kind for one in reader.pipelines()] == [RecordKind.DEAL]


def test_deals_of_a_hundred_contacts_are_three_calls(
    reader: HubSpotReader, hubspot: HubSpotSandbox
) -> None:
    reader.pipelines()
    before = sum(hubspot.state()["calls"].values())
    reader.deals_of(ids(*map(str, range(1, 101))))
    assert sum(hubspot.state()["calls"].values()) - before == 3


def test_pipelines_are_read_once_for_many_deals(
    reader: HubSpotReader, hubspot: HubSpotSandbox
) -> None:
    for _ in range(3):
        reader.deals(ids("501"))
    assert hubspot.calls("pipelines/2026-09/deals") == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("429", DeliveryTransient),
        ("reset", DeliveryTransient),
        ("401", CredentialsInvalid),
        ("500", OutcomeUnknown),
        ("html", OutcomeUnknown),
    ],
)
def test_failures_are_told_as_promised(
    reader: HubSpotReader, hubspot: HubSpotSandbox, fault: str, error: type[Exception]
) -> None:
    hubspot.told(fault, "/crm/")
    with pytest.raises(error):
        reader.contacts(ids("1"))


def test_a_missing_scope_is_a_matter_for_the_admin(
    reader: HubSpotReader, hubspot: HubSpotSandbox
) -> None:
    hubspot.post("settings", {"leads": False})
    with pytest.raises(CredentialsInvalid, match="scope"):
        reader.leads(ids("901"))


def test_v3_paths_read_the_same(hubspot: HubSpotSandbox, at_sandbox: Account) -> None:
    old = HubSpotReader(account(hubspot.url, {"api_version": "v3"}))
    new = HubSpotReader(at_sandbox)
    assert old.employees() == new.employees()
    assert old.pipelines() == new.pipelines()
    assert old.deals_of(ids("1")) == new.deals_of(ids("1"))


def test_a_crm_has_no_channels(reader: HubSpotReader) -> None:
    assert reader.channels() == ()
