"""The stand-in checks what Wazzup documents, and calls webhooks as Wazzup does."""

from collections.abc import Iterator
from typing import Any

import pytest

from bridge.domain.events import (
    ChannelChanged,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    MessageSent,
    MessageStatusChanged,
)
from bridge.domain.messaging import ChannelState, MessageStatus
from bridge.ports import Account
from connectors.wazzup.sandbox import sandbox
from connectors.wazzup.users import WazzupUser, WazzupUsers
from connectors.wazzup.webhooks import WazzupWebhooks
from tests.connectors.wazzup.building import SECRETS, WEBHOOK_KEY
from tests.connectors.wazzup.phone import Phone, Receiver, receiving

SEND = {"channelId": "wa", "chatType": "whatsapp", "chatId": "79111111111", "text": "Buenas"}
CONTACT = {
    "id": "c-1",
    "responsibleUserId": "7",
    "name": "Eva",
    "contactData": [{"chatType": "whatsapp", "chatId": "79111111111"}],
}
DEAL = {
    "id": "d-1",
    "responsibleUserId": "7",
    "name": "Eva",
    "uri": "https://crm.example/d/1",
    "contacts": ["c-1"],
    "closed": False,
}


GOOD: dict[str, dict[str, Any]] = {
    "contacts": CONTACT,
    "deals": DEAL,
    "users": {"id": "0", "name": "Ana"},
}


@pytest.fixture
def bridge(phone: Phone, at_sandbox: Account) -> Iterator[Receiver]:
    """Subscribed; what came with the subscription is forgotten."""
    with receiving() as receiver:
        WazzupWebhooks(at_sandbox).subscribe(receiver.url)
        receiver.bodies.clear()
        receiver.headers.clear()
        yield receiver


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
    body = SEND | {"channelId": "waba", "templateId": "t-1"}
    assert phone.call("POST", "/v3/message", body).status == 201


def test_ws_02_the_501st_call_within_five_seconds_is_refused() -> None:
    client = sandbox(SECRETS).test_client()
    headers = {"Authorization": f"Bearer {SECRETS['api_key']}"}
    answered = [client.get("/v3/channels", headers=headers).status_code for _ in range(501)]
    assert answered == [200] * 500 + [429]


def test_a_send_comes_back_as_echo_and_statuses(
    phone: Phone, at_sandbox: Account, bridge: Receiver
) -> None:
    WazzupUsers(at_sandbox).push([WazzupUser(id="7", name="Ana")])
    sent = phone.call("POST", "/v3/message", SEND | {"crmUserId": "7"}).body
    phone.settle()
    echo, *statuses = bridge.events()
    assert isinstance(echo, MessageSent)
    assert (echo.message_id, echo.author, echo.author_name) == (sent["messageId"], "7", "Ana")
    assert [s.status for s in statuses if isinstance(s, MessageStatusChanged)] == [
        MessageStatus.SENT,
        MessageStatus.DELIVERED,
        MessageStatus.READ,
    ]
    assert phone.sent[0]["status"] == "read"


def test_webhooks_carry_the_key_and_the_odd_charset(phone: Phone, bridge: Receiver) -> None:
    phone.steer("incoming", channelId="wa", chatId="79111111111", text="Hola")
    phone.settle()
    (headers,) = bridge.headers
    assert headers["Authorization"] == f"Bearer {WEBHOOK_KEY}"
    assert headers["Content-Type"] == "application/json; charset-utf-8"


def test_webhooks_are_repeated_until_they_are_taken_and_stay_in_order(
    phone: Phone, bridge: Receiver
) -> None:
    bridge.answers += [503, 500]
    for text in ("one", "two"):
        phone.steer("incoming", channelId="wa", chatId="79111111111", text=text)
    phone.settle()
    texts = [event.text for event in bridge.events() if isinstance(event, MessageReceived)]
    assert texts == ["one", "one", "one", "two"]
    assert len({event.event_key for event in bridge.events()}) == 2


def test_a_client_writes_changes_and_deletes(phone: Phone, bridge: Receiver) -> None:
    about = {"channelId": "tg", "chatId": "guid", "name": "Eva", "phone": "79111111111"}
    written = phone.steer("incoming", **about, text="a las 4", username="eva")["messageId"]
    phone.steer("incoming", messageId=written, isEdited=True, text="a las 5")
    phone.steer("incoming", messageId=written, isDeleted=True)
    phone.settle()
    first, edited, deleted = bridge.events()
    assert isinstance(first, MessageReceived)
    assert isinstance(edited, MessageEdited)
    assert isinstance(deleted, MessageDeleted)
    assert (first.chat.name, first.chat.phone, first.chat.username) == (
        "Eva",
        "+79111111111",
        "eva",
    )
    assert (edited.text, edited.old_text, deleted.old_text) == ("a las 5", "a las 4", "a las 5")


def test_a_seller_types_on_the_phone(phone: Phone, bridge: Receiver) -> None:
    phone.steer("incoming", channelId="wa", chatId="79111111111", text="Si", isEcho=True)
    phone.settle()
    (event,) = bridge.events()
    assert isinstance(event, MessageSent)
    assert event.author is None


def test_a_sent_message_can_be_edited_and_deleted_but_not_on_waba(
    phone: Phone, bridge: Receiver
) -> None:
    sent = phone.call("POST", "/v3/message", SEND).body["messageId"]
    assert phone.call("PATCH", f"/v3/message/{sent}", {"text": "Hola"}).status == 200
    assert phone.call("DELETE", f"/v3/message/{sent}").status == 200
    waba = phone.call("POST", "/v3/message", SEND | {"channelId": "waba", "templateId": "t"}).body
    refused = phone.call("PATCH", f"/v3/message/{waba['messageId']}", {"text": "x"}).body["error"]
    assert refused == "CHANNEL_INVALID_TRANSPORT_FOR_EDITING"
    phone.settle()
    kinds = [type(event) for event in bridge.events()]
    assert kinds.count(MessageEdited) == kinds.count(MessageDeleted) == 1


def test_a_channel_tells_its_state(phone: Phone, bridge: Receiver) -> None:
    phone.steer("channel", channelId="wa", state="notEnoughMoney")
    phone.settle()
    (event,) = bridge.events()
    assert isinstance(event, ChannelChanged)
    assert (event.channel_id, event.state) == ("wa", ChannelState.UNPAID)


def test_any_body_can_be_posted(phone: Phone, bridge: Receiver) -> None:
    phone.steer("post", event="message.add", data=[])
    phone.settle()
    assert bridge.bodies == [{"event": "message.add", "data": []}]


@pytest.mark.parametrize("body", [{"webhooksUri": "ftp://x.example"}, {"webhooksUri": "x" * 201}])
def test_an_address_that_is_none_is_refused(phone: Phone, body: object) -> None:
    answered = phone.call("PATCH", "/v3/webhooks", body)
    assert (answered.status, answered.body["error"]) == (400, "uriNotValid")


@pytest.mark.parametrize(("kind", "record"), [("contacts", CONTACT), ("deals", DEAL)])
def test_records_are_upserted_listed_and_deleted(
    phone: Phone, kind: str, record: dict[str, Any]
) -> None:
    many = [record | {"id": f"x{n:03}"} for n in range(100)]
    for given in (many, [record], [record | {"name": "Eva Luz"}]):
        assert phone.call("POST", f"/v3/{kind}", given).status == 200
    page = phone.call("GET", f"/v3/{kind}?offset=100").body
    assert (page["count"], len(page["data"])) == (101, 1)
    assert phone.call("GET", f"/v3/{kind}/{record['id']}").body["name"] == "Eva Luz"
    gone = phone.call("PATCH", f"/v3/{kind}/bulk_delete", [record["id"], "nobody"])
    assert gone.body == ["nobody"]
    assert phone.call("DELETE", f"/v3/{kind}/{record['id']}").status == 404


@pytest.mark.parametrize(
    ("kind", "record", "fields"),
    [
        ("contacts", CONTACT | {"contactData": []}, ["contactData"]),
        ("contacts", CONTACT | {"name": "x" * 201}, ["name"]),
        ("contacts", CONTACT | {"id": "x" * 101}, ["id"]),
        ("deals", DEAL | {"closed": "no"}, ["closed"]),
        ("deals", DEAL | {"uri": None}, ["uri"]),
        ("users", {"id": "1"}, ["name"]),
    ],
)
def test_ws_12_one_bad_record_refuses_the_call_and_is_pointed_at(
    phone: Phone, kind: str, record: dict[str, Any], fields: list[str]
) -> None:
    good = GOOD[kind]
    answered = phone.call("POST", f"/v3/{kind}", [good, record])
    assert answered.body["error"] == f"INVALID_{kind.upper()}_DATA"
    assert answered.body["data"] == [{"index": 1, "fields": fields}]
    assert phone.call("GET", f"/v3/{kind}/{good['id']}").status == 404


def test_ws_12_limits_of_one_call(phone: Phone) -> None:
    users = [{"id": f"u{n}", "name": "Ana"} for n in range(101)]
    assert phone.call("POST", "/v3/users", users).body["error"] == "TOO_MANY_ENTITIES"
    assert phone.call("POST", "/v3/users", [users[0], users[0]]).status == 500
    same = [user | {"phone": "79111111111"} for user in users[:2]]
    assert phone.call("POST", "/v3/users", same).body["error"] == "DUPLICATE_PHONE_NUMBER"


@pytest.mark.parametrize(
    ("pipelines", "status"),
    [
        ([{"id": "1", "name": "Sales"}], 200),
        ([{"id": "1", "name": "Sales", "stages": [{"id": "2", "name": "New"}]}], 200),
        ([{"id": "1", "name": "Sales", "stages": []}], 400),
        ([{"id": "1", "name": "x" * 101}], 400),
        ([{"id": "1"}], 400),
        ({}, 400),
    ],
)
def test_pipelines_are_replaced_if_they_are_right(
    phone: Phone, pipelines: object, status: int
) -> None:
    assert phone.call("POST", "/v3/pipelines", pipelines).status == status
    assert phone.call("GET", "/v3/pipelines").body == (pipelines if status == 200 else [])


def test_the_page_shows_chats_and_escapes_them(phone: Phone) -> None:
    phone.steer("incoming", channelId="wa", chatId="79111111111", name="<b>Eva", text="<script>x")
    phone.call("POST", "/v3/message", SEND)
    page = phone.call("GET", "/").body.decode()
    assert "&lt;b&gt;Eva" in page
    assert "&lt;script&gt;x" in page
    assert "Buenas" in page
    assert "<script>x" not in page


def test_the_page_lets_people_write_as_a_client(phone: Phone, bridge: Receiver) -> None:
    form = "channelId=wa&chatId=79111111111&name=Eva&text=Hola+desde+la+p%C3%A1gina"
    assert phone.submit(form).status == 303
    phone.settle()
    (event,) = bridge.events()
    assert isinstance(event, MessageReceived)
    assert (event.chat.name, event.text) == ("Eva", "Hola desde la página")


def test_reset_forgets_everything(phone: Phone, bridge: Receiver) -> None:
    phone.call("POST", "/v3/message", SEND)
    phone.settle()
    phone.steer("reset")
    state = phone.call("GET", "/_sandbox/state").body
    assert (state["channels"], state["sent"], state["webhook"]["webhooksUri"]) == ([], [], "")


def test_a_body_that_the_steering_does_not_understand_is_refused(phone: Phone) -> None:
    assert phone.call("POST", "/_sandbox/incoming", {"channelId": "gone"}).status == 400
