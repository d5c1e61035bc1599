"""Twilio's list of messages reads as its webhooks would have, and gives the same event keys."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bridge.domain.errors import CredentialsInvalid, OutcomeUnknown
from bridge.domain.events import Event, MessageReceived, MessageStatusChanged
from bridge.ports import Account, RawRequest
from connectors.twilio import history
from connectors.twilio.history import TwilioHistory
from connectors.twilio.inbound import TwilioInbound
from tests.connectors.twilio.building import CLIENT, NUMBER, account
from tests.connectors.twilio.phone import Phone, Receiver

HOUR = timedelta(hours=1)


def recalled(
    at_sandbox: Account, since: timedelta = HOUR, until: timedelta = timedelta()
) -> list[Event]:
    now = datetime.now(UTC) + timedelta(minutes=1)
    listed = TwilioHistory(at_sandbox).recall(now - since, now - until)
    inbound = TwilioInbound(account())
    return [
        event
        for one in listed
        for event in inbound.parse(
            RawRequest(
                method="HISTORY", url="", headers=one.headers, body=one.body, received_at=one.at
            )
        ).events
    ]


def keys(events: Sequence[Event]) -> set[str]:
    return {event.event_key for event in events}


def told_by_webhook(phone: Phone, bridge: Receiver) -> Receiver:
    phone.steer("seed", channels=[{"address": "+14155550199", "hook": bridge.hook}])
    file = {"type": "image/png", "base64": base64.b64encode(b"png").decode()}
    ours = "+14155550199"
    phone.steer("incoming", **{"to": ours, "from": CLIENT, "text": "Hola"})
    phone.steer("incoming", **{"to": ours, "from": CLIENT, "file": file})
    phone.settle()
    return bridge


def test_a_clients_messages_read_as_their_webhooks(
    phone: Phone, bridge: Receiver, at_sandbox: Account
) -> None:
    came = told_by_webhook(phone, bridge).events()
    found = recalled(at_sandbox)
    assert keys(found) == keys(came)
    for one, other in zip(found, came, strict=True):
        assert isinstance(one, MessageReceived)
        assert isinstance(other, MessageReceived)
        assert (one.chat, one.text, one.media) == (other.chat, other.text, other.media)


def test_what_became_of_ours_has_the_key_of_its_webhook(
    phone: Phone, bridge: Receiver, at_sandbox: Account
) -> None:
    sent = phone.send(StatusCallback=bridge.hook).body["sid"]
    phone.settle()
    [status] = recalled(at_sandbox)
    assert isinstance(status, MessageStatusChanged)
    assert status.message_id == sent
    assert status.event_key in keys(bridge.events())


def test_a_failure_brings_its_code(phone: Phone, at_sandbox: Account) -> None:
    phone.send(To=f"whatsapp:{CLIENT}", From=f"whatsapp:{NUMBER}")
    phone.settle()
    [status] = recalled(at_sandbox)
    assert isinstance(status, MessageStatusChanged)
    assert status.error_code == "63016"


def test_only_what_was_asked_for(phone: Phone, bridge: Receiver, at_sandbox: Account) -> None:
    told_by_webhook(phone, bridge)
    assert recalled(at_sandbox, since=timedelta(seconds=10)) == []
    assert recalled(at_sandbox, until=timedelta(minutes=30)) == []


def test_all_pages_are_read_the_oldest_first(
    phone: Phone, at_sandbox: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PAGE", 2)
    for n in range(5):
        phone.steer("incoming", **{"to": NUMBER, "from": CLIENT, "text": f"text {n}"})
    found = recalled(at_sandbox)
    assert len(keys(found)) == 5
    assert [event.occurred_at for event in found] == sorted(event.occurred_at for event in found)


def test_more_than_can_be_read_is_no_whole_answer(
    phone: Phone, at_sandbox: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PAGE", 1)
    monkeypatch.setattr(history, "MAX_PAGES", 2)
    for _ in range(3):
        phone.steer("incoming", **{"to": NUMBER, "from": CLIENT, "text": "text"})
    with pytest.raises(OutcomeUnknown, match="more than 2 messages"):
        recalled(at_sandbox)


def test_a_refused_account_says_so(phone: Phone) -> None:
    with pytest.raises(CredentialsInvalid):
        recalled(account(phone.url, tokens=("0" * 32,)))


def test_an_answer_that_makes_no_sense(phone: Phone, at_sandbox: Account) -> None:
    phone.fail("html", match="GET .*/Messages.json")
    with pytest.raises(OutcomeUnknown):
        recalled(at_sandbox)
