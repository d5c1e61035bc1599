"""What the doctor sees in an org: which it is, who we are, fields, rights, and calls left."""

from collections.abc import Mapping
from typing import Any

import pytest

from bridge.domain.errors import CredentialsInvalid, DeliveryRejected
from bridge.payload import Payload
from bridge.ports import Ailment
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.doctor import SalesforceDoctor
from connectors.salesforce.sandbox_org import INTEGRATION_USER, ORGANIZATION
from tests.connectors.salesforce.building import ANA, account
from tests.connectors.salesforce.conftest import SalesforceSandbox

PUBLIC = "https://bridge.acme.example"


@pytest.fixture(autouse=True)
def org(salesforce: SalesforceSandbox) -> SalesforceSandbox:
    salesforce.seed(without=["Organization"], Organization=[{"Id": ORGANIZATION, "Name": "Acme"}])
    return salesforce


def examined(org: SalesforceSandbox, options: Mapping[str, str] | None = None) -> list[Ailment]:
    return list(SalesforceDoctor(account(org.url, options)).examine(PUBLIC))


def codes(org: SalesforceSandbox, options: Mapping[str, str] | None = None) -> list[str]:
    return [one.code for one in examined(org, options)]


def test_an_org_that_is_set_up_has_no_ailment_and_is_not_changed(org: SalesforceSandbox) -> None:
    assert examined(org) == []
    assert SalesforceDoctor(account(org.url)).fix(PUBLIC, take_over=True) == ()
    assert [line for line in org.state()["calls"] if not line.startswith("GET ")] == []


@pytest.mark.parametrize(
    ("options", "code", "wanted"),
    [
        ({"organization_id": ""}, "organization_unset", ORGANIZATION),
        ({"organization_id": "00D000000000001AAA"}, "organization_other", ORGANIZATION),
        ({"integration_user": ""}, "integration_user_unset", INTEGRATION_USER),
        ({"integration_user": ANA}, "integration_user_other", INTEGRATION_USER),
    ],
)
def test_an_option_that_does_not_fit_is_told_with_what_fits(
    org: SalesforceSandbox, options: Mapping[str, str], code: str, wanted: str
) -> None:
    (found,) = examined(org, options)
    assert (found.code, wanted in found.todo) == (code, True)


def test_ids_of_fifteen_characters_are_the_same_ids(org: SalesforceSandbox) -> None:
    options = {"organization_id": ORGANIZATION[:15], "integration_user": INTEGRATION_USER[:15]}
    assert examined(org, options) == []


def test_where_the_app_may_not_say_who_it_is_the_option_has_to_be_there(
    org: SalesforceSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(client: SalesforceClient) -> Payload:
        raise DeliveryRejected("no scope", status=403)

    monkeypatch.setattr(SalesforceClient, "user_info", refused)
    assert examined(org) == []
    assert codes(org, {"integration_user": ""}) == ["integration_user_unset"]


@pytest.mark.parametrize(
    ("settings", "code", "names"),
    [
        (
            {"missing_fields": ["Lead.Bridge_Key__c", "Task.Bridge_Message_Key__c"]},
            "field_missing",
            ["Lead.Bridge_Key__c", "Task.Bridge_Message_Key__c"],
        ),
        (
            {"not_unique": ["Contact.Bridge_Key__c"]},
            "field_not_unique",
            ["Contact.Bridge_Key__c"],
        ),
        (
            {"read_only": ["Opportunity"]},
            "permission_missing",
            ["Opportunity", "Opportunity.Bridge_Key__c"],
        ),
    ],
)
def test_fields_and_rights_that_are_missing_are_told(
    org: SalesforceSandbox, settings: Mapping[str, Any], code: str, names: list[str]
) -> None:
    org.settings(**settings)
    found = examined(org)
    assert [one.code for one in found] == [code] * len(names)
    assert [name in one.detail for one, name in zip(found, names, strict=True)] == [True] * len(
        names
    )
    assert all(one.todo and not one.fixable for one in found)


def test_a_field_for_usernames_that_is_not_there_is_told(org: SalesforceSandbox) -> None:
    org.seed(fields={"Contact": ["Telegram__c"]})
    (found,) = examined(org, {"telegram_username_field": "Telegram__c"})
    assert (found.code, "Lead.Telegram__c" in found.detail) == ("field_missing", True)


def test_few_calls_left_are_told(org: SalesforceSandbox) -> None:
    org.settings(daily_limit=6)
    (found,) = examined(org)
    assert (found.code, found.detail) == (
        "few_calls_left",
        "5 of 6 API calls of the last 24 hours are used",
    )


def test_refused_credentials_are_no_ailment_but_an_error(org: SalesforceSandbox) -> None:
    org.settings(refuse_tokens=True)
    with pytest.raises(CredentialsInvalid):
        examined(org)
