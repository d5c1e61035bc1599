"""JSON of Flow and Apex, and what any record stands for, whoever tells of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.errors import PayloadInvalid
from bridge.domain.events import (
    ContactChanged,
    ContactsMerged,
    LeadChanged,
    OwnerChanged,
    RecordChange,
)
from bridge.domain.records import RecordKind
from connectors.salesforce.json_events import MAX_ITEMS
from tests.connectors.salesforce.telling import (
    ANA,
    BOT,
    JSON,
    LUIS,
    QUEUE,
    body_of,
    heard,
    inbound,
    item,
    kinds,
    lead,
    notification,
    parsed,
    record_id,
    request,
)

CONTACT, LEAD, DEAL = record_id("003"), record_id("00Q"), record_id("006")


def record(**fields: Any) -> dict[str, Any]:
    return {"Id": CONTACT, "OwnerId": ANA, **fields}


def owners(*items: Any) -> list[OwnerChanged]:
    return [event for event in parsed(*items).events if isinstance(event, OwnerChanged)]


def keys(*items: Any) -> list[str]:
    return [event.event_key for event in parsed(*items).events]


def test_a_lead_is_a_contact_and_a_lead_of_ours() -> None:
    told = parsed(item("Lead", record={"Id": LEAD, "OwnerId": LUIS}))
    assert kinds(told) == ["OwnerChanged", "OwnerChanged", "ContactChanged", "LeadChanged"]
    found = [event for event in told.events if isinstance(event, OwnerChanged)]
    assert [(e.kind, e.record, e.owner) for e in found] == [
        (RecordKind.CONTACT, LEAD, LUIS),
        (RecordKind.LEAD, LEAD, LUIS),
    ]


def test_a_converted_lead_lives_on_as_his_contact() -> None:
    told = heard(notification(1, "Lead", lead(IsConverted="true", ConvertedContactId=CONTACT)))
    merged, changed = told.events
    assert isinstance(merged, ContactsMerged)
    assert (merged.survivor, merged.absorbed) == (CONTACT, (LEAD,))
    assert isinstance(changed, LeadChanged)
    assert changed.lead == LEAD


def test_flags_are_read_as_soap_and_as_json_write_them() -> None:
    converted = {"Id": LEAD, "IsConverted": True, "ConvertedContactId": CONTACT}
    assert kinds(parsed(item("Lead", record=converted)))[0] == "ContactsMerged"
    not_yet = {**converted, "IsConverted": False}
    assert "ContactsMerged" not in kinds(parsed(item("Lead", record=not_yet)))
    wrong = {**converted, "IsConverted": "yes"}
    assert "ContactsMerged" not in kinds(parsed(item("Lead", record=wrong)))


def test_a_queue_is_an_owner() -> None:
    (event,) = owners(item(record=record(OwnerId=QUEUE)))
    assert event.owner == QUEUE


@pytest.mark.parametrize("owner", [None, ""])
def test_a_record_without_an_owner_is_nobodys(owner: str | None) -> None:
    (event,) = owners(item(record=record(OwnerId=owner)))
    assert event.owner is None


def test_where_no_owner_is_told_none_changed() -> None:
    assert owners(item(record={"Id": CONTACT})) == []


@pytest.mark.parametrize("owner", ["003000000000001AAA", "ana@acme.example", "0055g"])
def test_an_owner_that_is_no_user_and_no_queue_is_refused(owner: str) -> None:
    (refused,) = parsed(item(record=record(OwnerId=owner))).rejected
    assert refused.path == "$.record.OwnerId"


@pytest.mark.parametrize(
    ("old", "told"),
    [
        (None, True),
        ({}, True),
        ({"OwnerId": LUIS}, True),
        ({"OwnerId": ANA}, False),
        ({"OwnerId": ANA[:15]}, False),
        ({"Phone": "1"}, False),
    ],
)
def test_an_owner_that_stayed_is_not_told(old: dict[str, str] | None, told: bool) -> None:
    assert bool(owners(item(record=record(), old=old))) is told


def test_what_the_integration_user_wrote_is_ours() -> None:
    for changer in (BOT, BOT[:15]):
        (_, changed) = parsed(item(record=record(LastModifiedById=changer))).events
        assert isinstance(changed, ContactChanged)
        assert changed.by_us
    (_, changed) = parsed(item(record=record(LastModifiedById=ANA))).events
    assert isinstance(changed, ContactChanged)
    assert not changed.by_us


def test_an_owner_is_ours_only_where_the_sender_says_what_changed() -> None:
    """A message tells how a record is now: a person may have set its owner right before us."""
    (event,) = owners(item(record=record(LastModifiedById=BOT)))
    assert not event.by_us
    (event,) = owners(item(record=record(LastModifiedById=BOT), old={"OwnerId": LUIS}))
    assert event.by_us


def test_without_an_integration_user_nothing_is_ours() -> None:
    told = request(body_of(item(record=record(LastModifiedById=BOT))), JSON)
    events = inbound(integration_user="").parse(told).events
    assert not any(e.by_us for e in events if isinstance(e, OwnerChanged | ContactChanged))


def test_what_was_just_made_is_told_as_made() -> None:
    now = "2026-11-22T09:20:00.000Z"
    times = {"CreatedDate": now, "LastModifiedDate": now}
    *_, changed = heard(notification(1, "Lead", lead(**times))).events
    assert isinstance(changed, LeadChanged)
    assert changed.change is RecordChange.CREATED


def test_a_record_counts_from_its_own_time_on_else_from_when_it_was_told() -> None:
    times = {
        "SystemModstamp": "2026-11-22T09:00:00.000+0000",
        "LastModifiedDate": "2026-11-22T08:00:00.000+0000",
    }
    found = []
    for names in (times, {"LastModifiedDate": times["LastModifiedDate"]}, {}):
        (event,) = owners(item(record={**record(), **names}))
        found.append(event.occurred_at.isoformat())
    assert found == [
        "2026-11-22T09:00:00+00:00",
        "2026-11-22T08:00:00+00:00",
        "2026-11-22T09:30:00+00:00",
    ]


def test_ids_are_told_in_18_characters() -> None:
    short = {"Id": LEAD[:15], "OwnerId": ANA[:15]}
    assert parsed(item("Lead", record=short)).events[0].event_key.split(":")[2] == LEAD
    assert [e.owner for e in owners(item("Lead", record=short))] == [ANA, ANA]


def test_a_notification_sent_again_has_the_same_keys_in_whichever_length() -> None:
    told = notification(1, "Lead", lead())
    short = told.replace(record_id("04l", 1), record_id("04l", 1)[:15])
    assert [e.event_key for e in heard(told).events] == [e.event_key for e in heard(short).events]


def test_what_stands_twice_in_one_body_is_told_once() -> None:
    once, twice = notification(1, "Lead", lead()), notification(2, "Lead", lead())
    told = heard(once, once, twice)
    assert len(told.events) == 2 * len(heard(once).events)
    assert told.ignored == ("repeated",)


def test_another_event_or_another_record_is_another_fact() -> None:
    first = keys(item())
    assert keys(item(event_id="event-2")) != first
    assert keys(item(record=record(Id=record_id("003", 2)))) != first
    assert keys(item("Lead", record={"Id": LEAD})) != first


def test_a_list_is_told_in_its_order_and_a_broken_item_stands_alone() -> None:
    items = [item(event_id="a"), item(event_id=None), item(event_id="c")]
    told = parsed(*items)
    assert [e.event_key.split(":")[1] for e in told.events] == ["a", "a", "c", "c"]
    assert [r.path for r in told.rejected] == ["$[1].event_id"]


def test_more_items_than_a_list_may_have_are_refused_as_a_whole() -> None:
    items = [item(event_id=f"e{n}") for n in range(MAX_ITEMS + 1)]
    with pytest.raises(PayloadInvalid, match="more than 200"):
        parsed(*items)
    assert len(parsed(*items[1:]).events) == 2 * MAX_ITEMS


@pytest.mark.parametrize("name", ["Account", "Bridge__c", "Über", "x" * 200, " ", "a;b"])
def test_objects_that_mean_nothing_to_us_are_named_in_one_word(name: str) -> None:
    told = parsed(item(name, record={"Id": record_id("001")}))
    assert not told.events
    assert not told.rejected
    assert told.ignored in ((name,), ("unknown object",))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from([ANA, LEAD]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    (
        "Id OwnerId IsConverted IsDeleted ConvertedContactId MasterRecordId SystemModstamp "
        "LastModifiedById CreatedDate LastModifiedDate ContactId"
    ).split()
)


@given(
    st.sampled_from(["Contact", "Lead", "Opportunity", "OpportunityContactRole"]),
    st.sampled_from(["created", "updated", "deleted", "undeleted"]),
    st.dictionaries(FIELDS, VALUES),
    st.dictionaries(FIELDS, VALUES) | VALUES,
)
def test_whatever_a_record_holds_it_is_told_or_refused(
    name: str, change: str, fields: dict[str, Any], old: Any
) -> None:
    """Nothing is lost: each item comes to events, a refusal, or a word."""
    given_id = {"Id": {"Contact": CONTACT, "Lead": LEAD, "Opportunity": DEAL}.get(name, LEAD)}
    told = parsed(item(name, change, record={**given_id, **fields}, old=old))
    assert told.events or told.rejected
    assert len({event.event_key for event in told.events}) == len(told.events)
