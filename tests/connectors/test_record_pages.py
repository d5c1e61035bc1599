"""Where a CRM shows its records to people: an address, or nothing at all."""

import pytest

from bridge.domain.names import CrmId
from bridge.domain.records import RecordKind
from bridge.ports import Account
from connectors import hubspot, salesforce

CONTACT, DEAL, LEAD = RecordKind.CONTACT, RecordKind.DEAL, RecordKind.LEAD


@pytest.mark.parametrize(
    ("options", "kind", "record", "address"),
    [
        ({"portal_id": "42"}, CONTACT, "7", "https://app.hubspot.com/contacts/42/record/0-1/7"),
        ({"portal_id": "42"}, DEAL, "7", "https://app.hubspot.com/contacts/42/record/0-3/7"),
        ({"portal_id": "42"}, LEAD, "7", "https://app.hubspot.com/contacts/42/record/0-136/7"),
        (
            {"portal_id": "4/2?"},
            CONTACT,
            "../7",
            "https://app.hubspot.com/contacts/4%2F2%3F/record/0-1/..%2F7",
        ),
        (
            {"portal_id": "42", "ui_domain": " App-EU1.hubspot.com "},
            CONTACT,
            "7",
            "https://app-eu1.hubspot.com/contacts/42/record/0-1/7",
        ),
        (
            {"portal_id": "42", "ui_domain": "app-na2.hubspot.com"},
            LEAD,
            "7",
            "https://app-na2.hubspot.com/contacts/42/record/0-136/7",
        ),
        ({"portal_id": "42", "ui_domain": "app.hubspot.com.evil.example"}, CONTACT, "7", ""),
        ({"portal_id": "42", "ui_domain": "https://app-eu1.hubspot.com"}, CONTACT, "7", ""),
        ({"portal_id": "42", "ui_domain": "evil.example/app.hubspot.com"}, CONTACT, "7", ""),
        ({"portal_id": " "}, CONTACT, "7", ""),
        ({}, CONTACT, "7", ""),
    ],
)
def test_hubspot(options: dict[str, str], kind: RecordKind, record: str, address: str) -> None:
    account = Account(name="hubspot-main", connector="hubspot", options=options)
    shown = hubspot.CONNECTOR.record_page
    assert shown is not None
    assert shown(account, kind, CrmId(record)) == address


@pytest.mark.parametrize(
    ("login_url", "record", "address"),
    [
        ("https://acme.my.salesforce.com", "003A", "https://acme.my.salesforce.com/003A"),
        ("https://acme.my.salesforce.com/x", "a/b", "https://acme.my.salesforce.com/a%2Fb"),
        ("https://login.salesforce.com", "003A", ""),
        ("http://acme.my.salesforce.com", "003A", ""),
        ("https://evil.example/.my.salesforce.com", "003A", ""),
        ("", "003A", ""),
    ],
)
def test_salesforce(login_url: str, record: str, address: str) -> None:
    options = {"login_url": login_url}
    account = Account(name="salesforce-main", connector="salesforce", options=options)
    shown = salesforce.CONNECTOR.record_page
    assert shown is not None
    assert shown(account, CONTACT, CrmId(record)) == address
