"""What the doctor sees and mends in HubSpot: the bridge's own properties."""

import pytest

from bridge.domain.errors import CredentialsInvalid
from bridge.ports import Account
from connectors.hubspot.doctor import HubSpotDoctor
from tests.connectors.hubspot.conftest import HubSpotSandbox

PUBLIC = "https://bridge.acme.example"


@pytest.fixture
def doctor(at_sandbox: Account) -> HubSpotDoctor:
    return HubSpotDoctor(at_sandbox)


def test_missing_properties_are_told_made_and_told_no_more(doctor: HubSpotDoctor) -> None:
    told = [found.detail.split()[2] for found in doctor.examine(PUBLIC)]
    assert {"contacts.bridge_contact_key", "deals.bridge_key"} <= set(told)
    made = doctor.fix(PUBLIC, take_over=False)
    assert [line.split()[-1] for line in made] == told
    assert doctor.examine(PUBLIC) == []
    assert doctor.fix(PUBLIC, take_over=False) == []


def test_looking_changes_nothing(doctor: HubSpotDoctor, hubspot: HubSpotSandbox) -> None:
    assert doctor.examine(PUBLIC) == doctor.examine(PUBLIC)
    calls = list(hubspot.state()["calls"])
    assert calls
    assert [line for line in calls if not line.startswith("GET ")] == []


def test_a_property_that_is_not_unique_is_a_persons_work(
    doctor: HubSpotDoctor, hubspot: HubSpotSandbox
) -> None:
    body = {
        "name": "bridge_contact_key",
        "label": "k",
        "groupName": "contactinformation",
        "type": "string",
        "fieldType": "text",
    }
    assert hubspot.call("POST", "/crm/v3/properties/contacts", body).ok
    (found,) = doctor.examine(PUBLIC)
    assert (found.code, found.fixable) == ("property_refused", False)


def test_a_refused_token_is_no_ailment_but_an_error(
    doctor: HubSpotDoctor, hubspot: HubSpotSandbox
) -> None:
    hubspot.told("401", ".*")
    with pytest.raises(CredentialsInvalid):
        doctor.examine(PUBLIC)
