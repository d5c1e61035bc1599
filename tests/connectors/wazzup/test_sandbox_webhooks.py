"""The stand-in calls webhooks as Wazzup does, and plays the clients."""

from collections.abc import Iterator

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
from connectors.wazzup.users import WazzupUser, WazzupUsers
from connectors.wazzup.webhooks import WazzupWebhooks
from tests.connectors.wazzup.building import WEBHOOK_KEY
from tests.connectors.wazzup.phone import Phone, Receiver, receiving

SEND = {"channelId": "wa", "chatType": "whatsapp", "chatId": "79111111111", "text": "Buenas"}


@pytest.fixture
def bridge(phone: Phone, at_sandbox: Account) -> Iterator[Receiver]:
    """Subscribed; what came with the subscription is forgotten."""
    with receiving() as receiver:
        WazzupWebhooks(at_sandbox).subscribe(receiver.url)
        receiver.bodies.clear()
        receiver.headers.clear()
        yield receiver


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
    part = {"type": "BODY", "text": "Hola"}
    template = {"templateGuid": "t", "status": "approved", "components": [part]}
    phone.steer("seed", templates=[template])
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


def test_the_page_shows_chats_and_escapes_them(phone: Phone) -> None:
    phone.steer("incoming", channelId="wa", chatId="79111111111", name="<b>Eva", text="<script>x")
    phone.call("POST", "/v3/message", SEND)
    page = phone.call("GET", "/").body.decode()
    assert "&lt;b&gt;Eva" in page
    assert "&lt;script&gt;x" in page
    assert "Buenas" in page
    assert "<script>x" not in page


def test_the_page_shows_the_latest_twelve_chats(phone: Phone) -> None:
    for n in range(14):
        phone.steer("incoming", channelId="wa", chatId=f"7911111{n:04}", name=f"Client {n:02}")
    page = phone.call("GET", "/").body.decode()
    assert [n for n in range(14) if f"<header>Client {n:02}<" in page] == list(range(2, 14))


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
