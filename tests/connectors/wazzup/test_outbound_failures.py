"""Each way in which Wazzup can fail a send, and what becomes of it."""

import socket
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.effects import SendMessage
from bridge.ports import Absent, AccountDown, Done, Outcome, Unknown
from connectors.wazzup.outbound import WazzupOutbound
from tests.connectors.wazzup.building import API_KEY, NOW, account, delivery, sending
from tests.connectors.wazzup.phone import Phone


def deliver(outbound: WazzupOutbound, *effects: SendMessage) -> list[Outcome]:
    return list(outbound.deliver([delivery(effect) for effect in effects]))


@pytest.mark.parametrize("fault", ["500_after", "reset_after", "html_after"])
def test_ws_01_a_message_sent_without_an_answer_is_not_doubled(
    outbound: WazzupOutbound, phone: Phone, fault: str
) -> None:
    phone.fail(fault)
    lost = delivery(sending(), in_doubt_since=NOW)
    (outcome,) = outbound.deliver([lost])
    assert isinstance(outcome, Unknown)
    assert list(outbound.find([lost])) == [Absent()]
    assert list(outbound.deliver([lost])) == [Done()]
    assert len(phone.sent) == 1


@pytest.mark.parametrize("fault", ["500", "reset", "html"])
def test_ws_01_a_message_lost_on_the_way_is_sent_by_the_second_try(
    outbound: WazzupOutbound, phone: Phone, fault: str
) -> None:
    phone.fail(fault)
    first, second = deliver(outbound, sending())[0], deliver(outbound, sending())[0]
    assert isinstance(first, Unknown)
    assert isinstance(second, Done)
    assert len(phone.sent) == 1


def test_a_silent_vendor_is_not_asked_for_the_rest_of_the_run(
    outbound: WazzupOutbound, phone: Phone
) -> None:
    phone.fail("500", times=5)
    lost, *rest = deliver(outbound, sending(), sending(key="k-2"), sending(key="k-3"))
    assert isinstance(lost, Unknown)
    assert [type(outcome) for outcome in rest] == [AccountDown, AccountDown]
    assert phone.call("GET", "/_sandbox/faults").body["counts"] == {"500": 1}


def test_a_time_out_is_uncertain(phone: Phone) -> None:
    phone.fail("timeout_after", seconds=1.0)
    hasty = replace(account(phone.url), options={"call_timeout_seconds": "0.2"})
    (outcome,) = deliver(WazzupOutbound(hasty), sending())
    assert isinstance(outcome, Unknown)
    assert len(phone.sent) == 1


def test_a_slow_answer_is_an_answer(outbound: WazzupOutbound, phone: Phone) -> None:
    phone.fail("delay", seconds=0.2)
    assert isinstance(deliver(outbound, sending())[0], Done)


def test_ws_02_too_many_calls_hold_the_account_for_five_seconds(
    outbound: WazzupOutbound, phone: Phone
) -> None:
    phone.fail("429")
    limited, behind = deliver(outbound, sending(), sending(key="k-2"))
    assert isinstance(limited, AccountDown)
    assert limited.until == NOW + timedelta(seconds=5)
    assert behind == limited
    assert phone.sent == []


def test_ws_02_a_longer_wait_that_the_vendor_asks_for_is_kept(
    outbound: WazzupOutbound, phone: Phone
) -> None:
    phone.fail("429", retry_after="60")
    (limited,) = deliver(outbound, sending())
    assert isinstance(limited, AccountDown)
    assert limited.until == NOW + timedelta(seconds=60)


@pytest.mark.parametrize("fault", ["401", "403_quota"])
def test_a_refused_key_holds_the_account_until_somebody_mends_it(
    outbound: WazzupOutbound, phone: Phone, fault: str
) -> None:
    phone.fail(fault)
    (outcome,) = deliver(outbound, sending())
    assert isinstance(outcome, AccountDown)
    assert outcome.until is None
    assert "API key" in outcome.cause


def test_no_connection_holds_the_account_for_a_moment() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    (outcome,) = deliver(WazzupOutbound(account(f"http://127.0.0.1:{port}")), sending())
    assert isinstance(outcome, AccountDown)
    assert outcome.until == NOW + timedelta(seconds=15)


def test_no_outcome_tells_secrets_or_content(outbound: WazzupOutbound, phone: Phone) -> None:
    for fault in ("401", "429", "500", "reset", "html"):
        phone.fail(fault)
        (outcome,) = deliver(outbound, sending("the text", key=fault, chat_id="79115556677"))
        assert not any(word in repr(outcome) for word in (API_KEY, "the text", "79115556677"))
