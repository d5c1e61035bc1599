"""The stand-in refuses what Wazzup documents to refuse on a send."""

from typing import Any

import pytest

from connectors.wazzup.sandbox import sandbox
from tests.connectors.wazzup.building import SECRETS
from tests.connectors.wazzup.phone import Phone

TEMPLATE = {
    "templateGuid": "t-1",
    "status": "approved",
    "components": [{"type": "BODY", "text": "Hola {{1}}"}],
}
PAUSED = {"templateGuid": "paused", "status": "paused"}
SEND = {"channelId": "wa", "chatType": "whatsapp", "chatId": "79111111111", "text": "Buenas"}


@pytest.mark.parametrize("path", ["/v3/channels", "/v3/webhooks", "/v3/users", "/v3/pipelines"])
def test_every_route_wants_the_key(phone: Phone, path: str) -> None:
    assert phone.call("GET", path, api_key="wrong").status == 401
    assert phone.call("GET", path).status == 200


@pytest.mark.parametrize(
    ("changes", "code", "data"),
    [
        ({"channelId": None}, "INVALID_MESSAGE_DATA", {"fields": ["channelId"]}),
        ({"channelId": 5}, "INVALID_MESSAGE_DATA", {"fields": ["channelId"]}),
        ({"chatType": "wapi"}, "INVALID_MESSAGE_DATA", {"fields": ["chatType"]}),
        ({"chatId": ""}, "INVALID_MESSAGE_DATA", {"fields": ["chatId"]}),
        ({"chatId": "+79111111111"}, "INVALID_MESSAGE_DATA", {"fields": ["chatId"]}),
        (
            {"channelId": "ig", "chatType": "instagram", "chatId": "@eva"},
            "INVALID_MESSAGE_DATA",
            {"fields": ["chatId"]},
        ),
        ({"channelId": "gone"}, "CHANNEL_NOT_FOUND", {}),
        ({"chatType": "vk"}, "WRONG_TRANSPORT", {"transport": "whatsapp", "chatType": "vk"}),
        ({"contentUri": "https://f.example/x"}, "MESSAGE_ONLY_TEXT_OR_CONTENT", {}),
        ({"text": ""}, "MESSAGE_NOTHING_TO_SEND", {}),
        ({"text": None, "contentUri": "file:///x"}, "MESSAGE_DOWNLOAD_CONTENT_ERROR", {}),
        ({"text": "x" * 10_001}, "MESSAGE_TEXT_TOO_LONG", {}),
        ({"refMessageId": "m-0"}, "REFERENCE_MESSAGE_NOT_FOUND", {}),
        ({"text": ["x"]}, "VALIDATION_ERROR", {"path": "$.text"}),
    ],
)
def test_a_wrong_message_is_refused_in_the_vendors_words(
    phone: Phone, changes: dict[str, Any], code: str, data: dict[str, Any]
) -> None:
    answered = phone.call("POST", "/v3/message", SEND | changes)
    assert (answered.status, answered.body["error"]) == (400, code)
    assert answered.body["data"] == data
    assert phone.sent == []


@pytest.mark.parametrize(
    ("channel_id", "chat_type", "longest"),
    [
        ("wa", "whatsapp", 10_000),
        ("tg", "telegram", 4_096),
        ("mx", "max", 4_096),
        ("vi", "viber", 6_999),
        ("vk", "vk", 1_000),
        ("av", "avito", 1_000),
    ],
)
def test_the_longest_text_passes_and_one_more_letter_does_not(
    phone: Phone, channel_id: str, chat_type: str, longest: int
) -> None:
    body = SEND | {"channelId": channel_id, "chatType": chat_type}
    assert phone.call("POST", "/v3/message", body | {"text": "x" * longest}).status == 201
    assert phone.call("POST", "/v3/message", body | {"text": "x" * (longest + 1)}).status == 400


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("disabled", "CHANNEL_BLOCKED"),
        ("notEnoughMoney", "CHANNEL_NO_MONEY"),
        ("rejected", "CHANNEL_WAPI_REJECTED"),
        ("phoneUnavailable", "MESSAGE_CHANNEL_UNAVAILABLE"),
    ],
)
def test_a_channel_that_is_not_active_sends_nothing(phone: Phone, state: str, code: str) -> None:
    phone.steer("channel", channelId="wa", state=state)
    assert phone.call("POST", "/v3/message", SEND).body["error"] == code


@pytest.mark.parametrize(
    ("channel_id", "chat_type", "chat_id", "hours", "code"),
    [
        ("waba", "whatsapp", "79111111111", 24, "24_HOURS_EXCEEDED"),
        ("ig", "instagram", "eva", 7 * 24, "7_DAYS_EXCEEDED"),
    ],
)
def test_ws_04_the_window_opens_with_the_client_and_closes(
    phone: Phone, channel_id: str, chat_type: str, chat_id: str, hours: int, code: str
) -> None:
    body = SEND | {"channelId": channel_id, "chatType": chat_type, "chatId": chat_id}
    assert phone.call("POST", "/v3/message", body).body["error"] == code
    phone.steer("incoming", channelId=channel_id, chatId=chat_id, text="Hola")
    assert phone.call("POST", "/v3/message", body).status == 201
    phone.steer("advance", seconds=hours * 3600 + 1)
    assert phone.call("POST", "/v3/message", body).body["error"] == code


def test_ws_04_a_template_passes_when_the_window_is_closed(phone: Phone) -> None:
    phone.steer("seed", templates=[TEMPLATE])
    body = {**SEND, "channelId": "waba", "templateId": "t-1", "templateValues": ["Ana"]}
    assert phone.call("POST", "/v3/message", body).status == 201
    assert phone.sent[-1]["text"] == "Hola Ana"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"templateId": "t-2"}, "INVALID_MESSAGE_DATA"),
        ({"templateValues": []}, "INVALID_MESSAGE_DATA"),
        ({"templateId": "paused", "templateValues": ["x"]}, "TEMPLATE_REJECTED"),
    ],
)
def test_a_template_is_known_approved_and_complete(
    phone: Phone, changed: dict[str, object], code: str
) -> None:
    phone.steer("seed", templates=[TEMPLATE, {**TEMPLATE, **PAUSED}])
    body = {**SEND, "channelId": "waba", "templateId": "t-1", "templateValues": ["Ana"]}
    assert phone.call("POST", "/v3/message", body | changed).body["error"] == code


def test_ws_02_the_501st_call_within_five_seconds_is_refused() -> None:
    client = sandbox(SECRETS).test_client()
    headers = {"Authorization": f"Bearer {SECRETS['api_key']}"}
    answered = [client.get("/v3/channels", headers=headers).status_code for _ in range(501)]
    assert answered == [200] * 500 + [429]
