"""Who is this? Contacts by key, phone and username, exactly and in few calls."""

from dataclasses import replace

import pytest

from bridge.domain.messaging import Messenger
from bridge.ports import IdentityQuery
from connectors.hubspot.outbound import HubSpotOutbound
from connectors.hubspot.reader import HubSpotReader
from tests.connectors.hubspot.building import delivery, new_contact
from tests.connectors.hubspot.conftest import CONTACTS, HubSpotSandbox


@pytest.fixture(autouse=True)
def seeded(hubspot: HubSpotSandbox) -> None:
    hubspot.post("seed", {"contacts": CONTACTS})


def who(reader: HubSpotReader, *queries: IdentityQuery) -> list[list[str]]:
    return [[one.crm_id for one in found] for found in reader.contacts_by_identity(queries)]


def phone(*phones: str) -> IdentityQuery:
    return IdentityQuery(phones=phones)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (phone("+525512345678"), ["1"]),  # typed with blanks
        (phone("+5215512345678", "+525512345678"), ["1"]),  # another spelling
        (phone("+5255123456789"), ["2"]),  # mobile; longer by one digit than the first
        (phone("+34600000001"), ["3", "4"]),  # two contacts with one number, one without a plus
        (phone("+600000001"), []),  # the end of a number is not the number
        (phone("+52551234567"), []),  # nor is its beginning
        (IdentityQuery(messenger=Messenger.TELEGRAM, username="luzvega"), ["1"]),
        (IdentityQuery(messenger=Messenger.TELEGRAM, username="@LUZVEGA"), ["1"]),
        (IdentityQuery(messenger=Messenger.TELEGRAM, username="luz"), []),
        (IdentityQuery(messenger=Messenger.INSTAGRAM, username="luzvega"), []),
        (IdentityQuery(), []),
    ],
)
def test_who_is_it(reader: HubSpotReader, query: IdentityQuery, found: list[str]) -> None:
    """NEW-03."""
    assert who(reader, query) == [found]


def test_our_own_contact_is_known_by_its_key_though_search_lags(
    hubspot: HubSpotSandbox, outbound: HubSpotOutbound, reader: HubSpotReader
) -> None:
    """NEW-08: the second message of the same second finds the contact of the first."""
    hubspot.post("settings", {"search_lag_seconds": 60})
    outbound.deliver([delivery(replace(new_contact(), key="telegram:1"))])
    (found,) = who(reader, IdentityQuery(key="telegram:1"))
    assert len(found) == 1


def test_many_people_are_asked_for_in_few_calls_and_answered_in_order(
    hubspot: HubSpotSandbox, reader: HubSpotReader
) -> None:
    numbers = [f"+3461000{n:04}" for n in range(100)]
    people = [{"id": f"7{n:03}", "properties": {"phone": one}} for n, one in enumerate(numbers)]
    hubspot.post("seed", {"contacts": people})
    queries = [replace(phone(one), key=one) for one in reversed(numbers)]
    assert who(reader, *queries) == [[f"7{n:03}"] for n in reversed(range(100))]
    assert hubspot.calls("contacts/search") <= 15
    assert hubspot.calls("contacts/batch/read") == 1


def test_searching_many_pages(hubspot: HubSpotSandbox, reader: HubSpotReader) -> None:
    same = [{"properties": {"phone": "+34699999999"}} for _ in range(450)]
    hubspot.post("seed", {"contacts": same})
    assert len(who(reader, phone("+34699999999"))[0]) == 450
