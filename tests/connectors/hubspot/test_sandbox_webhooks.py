"""What changes in the sandbox is told by webhooks, signed, and again when it is refused."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, request

from bridge.domain.events import (
    AssociationChanged,
    ContactChanged,
    ContactDeleted,
    ContactErased,
    ContactsMerged,
    DealChanged,
    Event,
    LeadChanged,
    OwnerChanged,
)
from bridge.ports import RawRequest
from connectors.hubspot.inbound import HubSpotInbound
from connectors.hubspot.outbound import HubSpotOutbound
from tests.connectors.hubspot.building import (
    ANA,
    LUIS,
    SECRET,
    account,
    delivery,
    new_contact,
    new_deal,
    new_lead,
)
from tests.connectors.hubspot.conftest import HubSpotSandbox
from tests.serving import served


@pytest.fixture
def one_contact(hubspot: HubSpotSandbox) -> None:
    known = {"id": "1", "properties": {"firstname": "Luz", "email": "luz@acme.example"}}
    hubspot.post("seed", {"contacts": [known]})


@dataclass
class Receiver:
    """Takes webhooks as the bridge does, and refuses as many as it is told."""

    url: str = ""
    refuse: int = 0
    events: list[Event] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)

    def wait(self, done: Callable[[list[Event]], bool]) -> list[Event]:
        deadline = time.monotonic() + 60
        while not done(self.events):
            assert time.monotonic() < deadline, f"only {self.events}"
            time.sleep(0.01)
        return self.events


@pytest.fixture
def receiver(hubspot: HubSpotSandbox) -> Iterator[Receiver]:
    told, app = Receiver(), Flask("receiver")
    inbound = HubSpotInbound(account())

    @app.post("/hooks/hubspot-main")
    def hook() -> tuple[str, int]:
        raw = RawRequest(
            method="POST",
            url=f"{told.url}/hooks/hubspot-main",
            headers={name.lower(): value for name, value in request.headers.items()},
            body=request.get_data(),
            received_at=datetime.now(UTC),
        )
        inbound.verify(raw)
        told.attempts.append(request.get_json()[0]["attemptNumber"])
        if told.refuse:
            told.refuse -= 1
            return "", 503
        parsed = inbound.parse(raw)
        assert not parsed.rejected
        told.events += parsed.events
        return "", 200

    with served(app) as told.url:
        target = {"url": f"{told.url}/hooks/hubspot-main", "client_secret": SECRET, "app_id": 7}
        hubspot.post("webhooks", target)
        yield told


def test_what_a_person_changes_is_told_signed(
    hubspot: HubSpotSandbox, receiver: Receiver, one_contact: None
) -> None:
    changed = {"kind": "contacts", "id": "1", "properties": {"hubspot_owner_id": LUIS}}
    hubspot.post("change", changed)
    (event,) = receiver.wait(lambda events: len(events) == 1)
    assert isinstance(event, OwnerChanged)
    assert (event.record, event.owner, event.by_us) == ("1", LUIS, False)


def test_what_was_accepted_is_counted_and_sent_again_when_told(
    hubspot: HubSpotSandbox, receiver: Receiver, one_contact: None
) -> None:
    target = {"url": f"{receiver.url}/hooks/hubspot-main", "client_secret": SECRET}
    hubspot.post("webhooks", {**target, "sent_twice": 1.0})
    changed = {"kind": "contacts", "id": "1", "properties": {"hubspot_owner_id": LUIS}}
    hubspot.post("change", changed)
    receiver.wait(lambda events: len(events) >= 2)
    assert len({event.event_key for event in receiver.events}) == 1
    told = hubspot.state()["webhooks"]
    assert (len(set(told["accepted"])), told["given_up"]) == (1, 0)


def test_what_the_app_writes_is_told_as_its_own(
    outbound: HubSpotOutbound, receiver: Receiver
) -> None:
    run = [delivery(new_contact()), delivery(new_deal(), "d"), delivery(new_lead(), "l")]
    outbound.deliver(run)
    events = receiver.wait(lambda events: len(events) == 10)
    kinds = [type(event) for event in events]
    made = (ContactChanged, DealChanged, LeadChanged)
    assert [kinds.count(kind) for kind in made] == [1, 1, 1]
    assert (kinds.count(OwnerChanged), kinds.count(AssociationChanged)) == (3, 4)
    assert all(getattr(event, "by_us", False) for event in events)
    assert len({event.event_key for event in events}) == 10


def test_deletion_privacy_and_merge_are_told(hubspot: HubSpotSandbox, receiver: Receiver) -> None:
    made: list[dict[str, Any]] = [{"id": one, "properties": {}} for one in ("1", "2", "3", "4")]
    hubspot.post("seed", {"contacts": made})
    hubspot.post("delete", {"kind": "contacts", "id": "1"})
    hubspot.post("delete", {"kind": "contacts", "id": "2", "privacy": True})
    hubspot.post("merge", {"kind": "contacts", "primary": "3", "others": ["4"]})
    events = receiver.wait(lambda events: any(isinstance(e, ContactsMerged) for e in events))
    gone = [event.contact for event in events if isinstance(event, ContactDeleted)]
    erased = [event.contact for event in events if isinstance(event, ContactErased)]
    merged = [event.absorbed for event in events if isinstance(event, ContactsMerged)]
    assert (gone, erased, merged) == (["1", "2"], ["2"], [("3", "4")])


def test_a_person_makes_a_contact(hubspot: HubSpotSandbox, receiver: Receiver) -> None:
    made = {"kind": "contacts", "properties": {"firstname": "Eva", "hubspot_owner_id": ANA}}
    hubspot.post("change", made)
    events = receiver.wait(lambda events: len(events) == 2)
    assert {type(event) for event in events} == {ContactChanged, OwnerChanged}


def test_a_refused_webhook_comes_again_with_its_attempts_counted(
    hubspot: HubSpotSandbox, receiver: Receiver, one_contact: None
) -> None:
    receiver.refuse = 2
    changed = {"kind": "contacts", "id": "1", "properties": {"phone": "+34600000002"}}
    hubspot.post("change", changed)
    receiver.wait(lambda events: len(events) == 1)
    assert receiver.attempts == [0, 1, 2]


def test_seeding_is_told_to_nobody_and_silence_can_be_ordered(
    hubspot: HubSpotSandbox, receiver: Receiver, one_contact: None
) -> None:
    hubspot.call("DELETE", "/_sandbox/webhooks")
    hubspot.post("change", {"kind": "contacts", "id": "1", "properties": {"phone": "1"}})
    time.sleep(0.15)
    assert receiver.events == []


def test_many_changes_travel_together(hubspot: HubSpotSandbox, receiver: Receiver) -> None:
    body = {"inputs": [{"properties": {"firstname": "Luz"}} for _ in range(100)]}
    hubspot.call("POST", "/crm/v3/objects/contacts/batch/create", body)
    receiver.wait(lambda events: len(events) == 100)
    assert len(receiver.attempts) <= 10
