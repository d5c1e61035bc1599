"""Sending against the stand-in for Wazzup, and what each way of failing becomes."""

import json
import socket
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import responses

from bridge.domain.effects import ChangeOwner, SendMessage
from bridge.domain.errors import ConfigError
from bridge.domain.messaging import ChatKind, Media, MediaKind, Messenger
from bridge.domain.names import CrmId, RecordId
from bridge.domain.records import RecordKind
from bridge.ports import Absent, Account, AccountDown, CannotTell, Done, Outcome, Rejected, Unknown
from connectors.wazzup.outbound import WazzupOutbound
from tests.connectors.wazzup.building import API_KEY, NOW, account, delivery, sending
from tests.connectors.wazzup.phone import Phone

FILE = Media(kind=MediaKind.DOCUMENT, url="https://files.example/plan.pdf", name="plan.pdf")


def deliver(outbound: WazzupOutbound, *effects: SendMessage) -> list[Outcome]:
    return list(outbound.deliver([delivery(effect) for effect in effects]))


def test_a_text_is_sent_once_with_our_key(outbound: WazzupOutbound, phone: Phone) -> None:
    (outcome,) = deliver(outbound, replace(sending(), reply_to=None))
    (sent,) = phone.sent
    assert outcome == Done(vendor_ids={"id": sent["message_id"], "chat_id": "79111111111"})
    assert (sent["text"], sent["crm_message_id"], sent["crm_user_id"]) == ("Buenas", "k-1", "7")


def test_ws_03_a_file_goes_without_a_text(outbound: WazzupOutbound, phone: Phone) -> None:
    deliver(outbound, sending("hello"), replace(sending("", key="k-2"), media=FILE))
    assert [(m["text"], m["content_uri"]) for m in phone.sent] == [("hello", ""), ("", FILE.url)]


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        (replace(sending("both"), media=FILE), "MESSAGE_ONLY_TEXT_OR_CONTENT"),
        (sending(""), "MESSAGE_ONLY_TEXT_OR_CONTENT"),
        (replace(sending(""), media=Media(kind=MediaKind.IMAGE)), "file_without_link"),
        (sending(messenger=Messenger.SMS), "messenger_unsupported"),
        (
            replace(sending(messenger=Messenger.VK), chat_kind=ChatKind.GROUP),
            "messenger_unsupported",
        ),
    ],
)
def test_ws_03_what_wazzup_cannot_take_is_refused_without_a_call(
    effect: SendMessage, reason: str
) -> None:
    (outcome,) = deliver(WazzupOutbound(account("http://127.0.0.1:1")), effect)
    assert isinstance(outcome, Rejected)
    assert outcome.reason == reason


def test_an_effect_that_is_not_a_message_is_refused(outbound: WazzupOutbound) -> None:
    owner = ChangeOwner(kind=RecordKind.CONTACT, record=RecordId("r"), owner=CrmId("7"))
    (outcome,) = outbound.deliver([replace(delivery(sending()), effect=owner)])
    assert outcome == Rejected(reason="effect_unsupported", detail="wazzup does not do ChangeOwner")


@pytest.mark.parametrize(
    ("channel_id", "messenger", "kind", "chat_id", "chat_type", "sent_to"),
    [
        ("wa", Messenger.WHATSAPP, ChatKind.DIRECT, "+7 911 111-11-11", "whatsapp", "79111111111"),
        ("wa", Messenger.WHATSAPP, ChatKind.GROUP, "7911-150", "whatsgroup", "7911-150"),
        ("vi", Messenger.VIBER, ChatKind.DIRECT, "+79111111111", "viber", "79111111111"),
        ("tg", Messenger.TELEGRAM, ChatKind.DIRECT, "guid", "telegram", "guid"),
        ("tg", Messenger.TELEGRAM, ChatKind.GROUP, "-100", "telegroup", "-100"),
        ("mx", Messenger.MAX, ChatKind.GROUP, "g", "maxgroup", "g"),
        ("vk", Messenger.VK, ChatKind.DIRECT, "5", "vk", "5"),
        ("av", Messenger.AVITO, ChatKind.DIRECT, "u2i", "avito", "u2i"),
    ],
)
def test_the_chat_is_named_in_the_vendors_words(
    outbound: WazzupOutbound,
    phone: Phone,
    channel_id: str,
    messenger: Messenger,
    kind: ChatKind,
    chat_id: str,
    chat_type: str,
    sent_to: str,
) -> None:
    effect = sending(channel_id=channel_id, messenger=messenger, chat_id=chat_id)
    (outcome,) = deliver(outbound, replace(effect, chat_kind=kind))
    (sent,) = phone.sent
    assert isinstance(outcome, Done)
    assert (sent["chat_type"], sent["chat_id"]) == (chat_type, sent_to)


@pytest.mark.parametrize(
    ("channel_id", "messenger", "chat_id"),
    [
        ("tg", Messenger.TELEGRAM, "+79111111111"),
        ("tg", Messenger.TELEGRAM, "@eva"),
        ("mx", Messenger.MAX, "+79111111111"),
    ],
)
def test_a_first_message_by_phone_or_username_tells_the_new_chat(
    outbound: WazzupOutbound, phone: Phone, channel_id: str, messenger: Messenger, chat_id: str
) -> None:
    effect = sending(channel_id=channel_id, messenger=messenger, chat_id=chat_id)
    (outcome,) = deliver(outbound, effect)
    assert isinstance(outcome, Done)
    assert outcome.vendor_ids["chat_id"] == phone.sent[0]["chat_id"] != chat_id


def test_ws_01_a_repeat_within_a_minute_counts_as_sent(
    outbound: WazzupOutbound, phone: Phone
) -> None:
    first, again = deliver(outbound, sending(), sending())
    assert isinstance(first, Done)
    assert again == Done()
    assert len(phone.sent) == 1


def test_ws_01_after_a_minute_the_vendor_would_send_again(
    outbound: WazzupOutbound, phone: Phone
) -> None:
    deliver(outbound, sending())
    phone.steer("advance", seconds=61)
    deliver(outbound, sending())
    assert len(phone.sent) == 2


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, Absent), (15, Absent), (50, Absent), (51, CannotTell)]
)
def test_ws_01_an_uncertain_message_is_sent_again_only_while_the_key_holds(
    seconds: int, expected: type
) -> None:
    tried = delivery(sending(), now=NOW + timedelta(seconds=seconds), first_tried_at=NOW)
    (found,) = WazzupOutbound(account("http://127.0.0.1:1")).find([tried])
    assert isinstance(found, expected)


@pytest.mark.parametrize("fault", ["500_after", "reset_after", "html_after"])
def test_ws_01_a_message_sent_without_an_answer_is_not_doubled(
    outbound: WazzupOutbound, phone: Phone, fault: str
) -> None:
    phone.fail(fault)
    lost = delivery(sending(), first_tried_at=NOW)
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


def test_a_time_out_is_uncertain(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.wazzup.client.TIMEOUT_SECONDS", 0.2)
    phone.fail("timeout_after", seconds=1.0)
    (outcome,) = deliver(WazzupOutbound(account(phone.url)), sending())
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


def test_the_body_is_what_the_vendors_page_asks_for() -> None:
    assert _bodies(replace(sending(), reply_to="m-0")) == [
        {
            "channelId": "wa",
            "chatType": "whatsapp",
            "chatId": "79111111111",
            "text": "Buenas",
            "crmMessageId": "k-1",
            "crmUserId": "7",
            "refMessageId": "m-0",
        }
    ]


def test_ws_05_an_automatic_message_leaves_the_unanswered_mark() -> None:
    by_hand, automatic = _bodies(sending(), replace(sending(), automatic=True, author=None))
    assert "clearUnanswered" not in by_hand
    assert automatic["clearUnanswered"] is False
    assert "crmUserId" not in automatic


def test_ws_04_a_closed_window_is_refused_with_what_to_do(
    outbound: WazzupOutbound, phone: Phone
) -> None:
    (outcome,) = deliver(outbound, sending(channel_id="waba"))
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "24_HOURS_EXCEEDED"
    assert "template" in outcome.detail


@pytest.mark.parametrize("key", ["two words", "Bearer x", "line\nbreak", "ключ"])
def test_a_mistyped_api_key_is_refused_and_not_shown(key: str) -> None:
    wrong = Account(name="wz", connector="wazzup", secrets={"api_key": (key,)})
    with pytest.raises(ConfigError, match="api_key") as refused:
        WazzupOutbound(wrong)
    assert key not in str(refused.value)


def test_no_outcome_tells_secrets_or_content(outbound: WazzupOutbound, phone: Phone) -> None:
    for fault in ("401", "429", "500", "reset", "html"):
        phone.fail(fault)
        (outcome,) = deliver(outbound, sending("the text", key=fault, chat_id="79115556677"))
        assert not any(word in repr(outcome) for word in (API_KEY, "the text", "79115556677"))


def _bodies(*effects: SendMessage) -> list[dict[str, Any]]:
    """What is sent to the vendor's own host, key and address checked."""
    with responses.RequestsMock() as vendor:
        vendor.post(
            "https://api.wazzup24.com/v3/message",
            status=201,
            json={"messageId": "m-1", "chatId": "79111111111"},
        )
        outcomes = deliver(WazzupOutbound(account()), *effects)
        assert all(isinstance(outcome, Done) for outcome in outcomes)
        keys = {call.request.headers["Authorization"] for call in vendor.calls}
        assert keys == {f"Bearer {API_KEY}"}
        return [json.loads(call.request.body or "") for call in vendor.calls]
