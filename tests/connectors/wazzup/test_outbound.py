"""Sending: what goes to Wazzup, and what comes back."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import responses

from bridge.domain.effects import ChangeOwner, SendMessage
from bridge.domain.errors import ConfigError
from bridge.domain.messaging import ChatKind, Media, MediaKind, Messenger, Template
from bridge.domain.names import CrmId, RecordId
from bridge.domain.records import RecordKind
from bridge.ports import Absent, Account, CannotTell, Done, Outcome, Rejected
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
    tried = delivery(sending(), now=NOW + timedelta(seconds=seconds), in_doubt_since=NOW)
    (found,) = WazzupOutbound(account("http://127.0.0.1:1")).find([tried])
    assert isinstance(found, expected)


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


def test_ws_04_a_template_is_named_by_its_id_and_given_its_values() -> None:
    template = Template(id="t-1", name="Cita", language="es", values=("Eva", "lunes"))
    [body] = _bodies(replace(sending("Hola Eva, el lunes"), template=template, reply_to=None))
    assert (body["templateId"], body["templateValues"]) == ("t-1", ["Eva", "lunes"])
    assert "text" not in body


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"template": Template(name="Cita", language="es")}, "template_without_id"),
        ({"template": Template(id="t", name="", language=""), "media": FILE}, "template_with_file"),
    ],
)
def test_a_template_that_wazzup_can_not_know_is_refused_without_a_call(
    changes: dict[str, Any], reason: str
) -> None:
    effect = replace(sending(""), **changes)
    (outcome,) = deliver(WazzupOutbound(account("http://127.0.0.1:1")), effect)
    assert isinstance(outcome, Rejected)
    assert outcome.reason == reason


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
