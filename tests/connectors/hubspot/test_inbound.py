"""Webhook bodies: keys that survive redelivery, broken ones refused, nothing else ever raised."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.errors import PayloadInvalid
from bridge.domain.events import OwnerChanged
from bridge.ports import Answer, Parsed
from connectors.hubspot.inbound import HubSpotInbound
from tests.connectors.hubspot.building import account, request

ITEM: dict[str, Any] = {
    "eventId": 7,
    "subscriptionId": 1,
    "portalId": 62515,
    "appId": 54321,
    "occurredAt": 1765043528476,
    "subscriptionType": "contact.propertyChange",
    "attemptNumber": 0,
    "objectId": 123,
    "propertyName": "phone",
    "propertyValue": "+34600000001",
    "changeSource": "CRM_UI",
    "sourceId": "userId:1",
}


def parse(*items: Any) -> Parsed:
    return HubSpotInbound(account()).parse(request(json.dumps(items).encode()))


def key(**changed: Any) -> str:
    (event,) = parse({**ITEM, **changed}).events
    return event.event_key


def test_a_redelivered_item_keeps_its_key() -> None:
    assert key(attemptNumber=5, subscriptionId=2, sourceId="userId:2") == key()


@pytest.mark.parametrize(
    "changed",
    [
        {"eventId": 8},
        {"portalId": 62516},
        {"appId": 54322},
        {"occurredAt": 1765043528477},
        {"objectId": 124},
        {"propertyName": "mobilephone"},
        {"subscriptionType": "deal.propertyChange"},
    ],
)
def test_another_fact_has_another_key(changed: dict[str, Any]) -> None:
    assert key(**changed) != key()


def test_both_sides_of_an_association_are_facts_of_their_own() -> None:
    one = {
        **ITEM,
        "subscriptionType": "contact.associationChange",
        "associationType": "CONTACT_TO_DEAL",
        "fromObjectId": 1,
        "toObjectId": 2,
        "associationRemoved": False,
    }
    other = {
        **one,
        "subscriptionType": "deal.associationChange",
        "associationType": "DEAL_TO_CONTACT",
        "fromObjectId": 2,
        "toObjectId": 1,
    }
    parted = {**one, "associationRemoved": True}
    events = parse(one, other, parted).events
    assert len({event.event_key for event in events}) == 3


@pytest.mark.parametrize(
    ("source", "source_id", "by_us"),
    [
        ("INTEGRATION", "54321", True),
        ("INTEGRATION", "54322", False),
        ("INTEGRATION", None, False),
        ("CRM_UI", "54321", False),
        (None, "54321", False),
    ],
)
def test_our_own_writes_are_told_apart(
    source: str | None, source_id: str | None, by_us: bool
) -> None:
    changed = {"propertyName": "hubspot_owner_id", "propertyValue": "11"}
    item = {**ITEM, **changed, "changeSource": source, "sourceId": source_id}
    (event,) = parse(item).events
    assert isinstance(event, OwnerChanged)
    assert event.by_us is by_us


@pytest.mark.parametrize("value", ["", None])
def test_a_cleared_owner_is_nobody(value: str | None) -> None:
    """ROL-11: who loses a client loses him at once."""
    (event,) = parse({**ITEM, "propertyName": "hubspot_owner_id", "propertyValue": value}).events
    assert isinstance(event, OwnerChanged)
    assert event.owner is None


@pytest.mark.parametrize(
    "field", ["eventId", "portalId", "appId", "occurredAt", "objectId", "propertyName"]
)
@pytest.mark.parametrize("value", [None, True, [], {}, 1.5])
def test_an_item_with_a_wrong_field_is_rejected_by_its_path(field: str, value: Any) -> None:
    parsed = parse(ITEM, {**ITEM, field: value})
    assert len(parsed.events) == 1
    assert [(r.reason, r.path) for r in parsed.rejected] == [("payload_invalid", f"$[1].{field}")]


def test_no_value_of_the_client_is_in_a_rejection() -> None:
    (rejected,) = parse({**ITEM, "objectId": None}).rejected
    assert "600000001" not in rejected.detail


def test_an_unknown_subscription_is_rejected_without_repeating_odd_text() -> None:
    parsed = parse({**ITEM, "subscriptionType": "contact.<script>"})
    assert [r.reason for r in parsed.rejected] == ["event_unsupported"]
    assert "<script>" not in parsed.rejected[0].detail


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'"text"',
        b"null",
        b"{",
        b"\xff\xfe",
        b"[NaN]",
        b"\xef\xbb\xbf[]",
        b"[" * 5000,
        b"[" + b"9" * 5000 + b"]",
        "[]".encode("utf-16"),
    ],
)
def test_a_body_that_is_no_list_is_invalid_as_a_whole(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        HubSpotInbound(account()).parse(request(body))


def test_a_body_of_a_hundred_items_is_read_whole_and_in_order() -> None:
    parsed = parse(*({**ITEM, "objectId": number} for number in range(100)))
    assert [event.raw for event in parsed.events] == [
        json.dumps({**ITEM, "objectId": number}, separators=(",", ":")) for number in range(100)
    ]


def test_hubspot_wants_a_plain_200_and_tries_no_address() -> None:
    inbound = HubSpotInbound(account())
    assert inbound.accepted(request(b"[]")) == Answer(status=200)
    assert inbound.handshake(request(b"[]")) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_TYPES = st.sampled_from(
    ["contact.merge", "object.creation", "deal.associationChange", "contact.privacyDeletion", "x"]
)
_ITEMS = st.fixed_dictionaries(
    {},
    optional={name: _JSON for name in (*ITEM, "mergedObjectIds", "newObjectId", "objectTypeId")}
    | {"subscriptionType": _TYPES | _JSON},
)


@given(st.lists(_ITEMS, max_size=3) | _JSON)
def test_whatever_json_comes_it_is_told_what_became_of_each_item(body: Any) -> None:
    raw = json.dumps(body).encode()
    try:
        parsed = HubSpotInbound(account()).parse(request(raw))
    except PayloadInvalid:
        return
    told = len(parsed.rejected) + len(parsed.ignored) + len({e.raw for e in parsed.events})
    assert told >= len({json.dumps(item) for item in body})


@given(st.binary(max_size=200))
def test_whatever_bytes_come_only_payload_invalid_is_raised(body: bytes) -> None:
    try:
        parsed = HubSpotInbound(account()).parse(request(body))
    except PayloadInvalid:
        return
    assert isinstance(parsed, Parsed)


@given(st.lists(_ITEMS, max_size=3))
def test_the_same_bytes_give_the_same_events(body: Any) -> None:
    raw = json.dumps(body).encode()
    try:
        first = HubSpotInbound(account()).parse(request(raw))
    except PayloadInvalid:
        return
    assert first == HubSpotInbound(account()).parse(request(raw))
