"""The stand-in refuses what Telegram refuses, tells what it tells, and is played by hand."""

import pytest

from bridge.domain.events import (
    ChatBlocked,
    MessageDeleted,
    MessageEdited,
    MessageReacted,
    MessageReceived,
    MessageSent,
)
from connectors.telegram.outbound import TelegramOutbound
from tests.connectors.telegram.building import BOT_TOKEN, SECRET_TOKEN, account, delivery, sending
from tests.connectors.telegram.phone import BUSINESS, EVA, GROUP, LUIS, Phone, receiving


def refusal(phone: Phone, name: str, parameters: dict[str, object]) -> tuple[int, str]:
    answered = phone.method(name, BOT_TOKEN, **parameters)
    assert answered.body["ok"] is False
    assert answered.body["error_code"] == answered.status
    return answered.status, answered.body["description"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"text": "x"}, "Bad Request: chat_id is empty"),
        ({"chat_id": "@nobody", "text": "x"}, "Bad Request: chat not found"),
        ({"chat_id": LUIS, "text": "x"}, "Bad Request: chat not found"),
        ({"chat_id": EVA}, "Bad Request: message text is empty"),
        ({"chat_id": EVA, "text": " "}, "Bad Request: message text is empty"),
        ({"chat_id": EVA, "text": "x" * 4097}, "Bad Request: message is too long"),
        (
            {"chat_id": EVA, "text": "x", "reply_parameters": {"message_id": 404}},
            "Bad Request: message to be replied not found",
        ),
        (
            {"chat_id": EVA, "text": "x", "business_connection_id": "gone"},
            "Bad Request: business connection not found",
        ),
        (
            {"chat_id": LUIS, "text": "x", "business_connection_id": BUSINESS},
            "Bad Request: BUSINESS_PEER_INVALID",
        ),
    ],
)
def test_a_send_that_telegram_refuses(
    phone: Phone, parameters: dict[str, object], expected: str
) -> None:
    assert refusal(phone, "sendMessage", parameters) == (400, expected)
    assert phone.sent == []


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("sendPhoto", {"photo": "no-such-file"}),
        ("sendPhoto", {}),
        ("sendDocument", {"document": "https://files.example/a.docx"}),
        ("sendPhoto", {"photo": "https://files.example/a.jpg", "caption": "x" * 1025}),
        ("sendLocation", {"latitude": 1.0}),
    ],
)
def test_a_file_or_place_that_telegram_refuses(
    phone: Phone, method: str, parameters: dict[str, object]
) -> None:
    status, _ = refusal(phone, method, {"chat_id": EVA, **parameters})
    assert status == 400


@pytest.mark.parametrize(
    "parameters",
    [
        {"url": "http://bridge.example"},
        {"url": "https://bridge.example:9000"},
        {"url": "https://bridge.example", "secret_token": "a b"},
        {"url": "https://bridge.example", "secret_token": "a" * 257},
        {"url": "https://bridge.example", "max_connections": 101},
    ],
)
def test_a_webhook_that_telegram_refuses(phone: Phone, parameters: dict[str, object]) -> None:
    status, _ = refusal(phone, "setWebhook", parameters)
    assert status == 400


def test_a_wrong_token_and_an_unknown_method(phone: Phone) -> None:
    assert phone.method("getMe", token="1:wrong").status == 401
    assert phone.method("getHologram").status == 404
    assert phone.ask("POST", "/file/bot1:wrong/a").status == 405
    assert phone.ask("GET", "/file/bot1:wrong/a").status == 404


def test_parameters_that_are_no_json(phone: Phone) -> None:
    path = f"/bot{BOT_TOKEN}/getMe"
    assert phone.ask("POST", path, "{").status == 400
    assert phone.ask("GET", path, headers={}).status == 200


def test_a_client_plays_his_part(phone: Phone) -> None:
    with receiving(phone) as receiver:
        first = phone.eva("Hola")["number"]
        phone.steer("edit", chat=EVA, number=first, text="Hola!")
        phone.steer("react", chat=EVA, number=first, emoji="👍")
        phone.steer("block", person=EVA, blocked=True)
        phone.settle()
        events = receiver.events()
    assert [type(event) for event in events] == [
        MessageReceived,
        MessageEdited,
        MessageReacted,
        ChatBlocked,
    ]
    assert receiver.headers[0]["x-telegram-bot-api-secret-token"] == SECRET_TOKEN


def test_a_business_account_plays_its_part(phone: Phone) -> None:
    with receiving(phone) as receiver:
        number = phone.eva("Hola Ana", connection=BUSINESS)["number"]
        phone.eva("Hola Eva", connection=BUSINESS, by_rep=True)
        TelegramOutbound(account(phone.url)).deliver([delivery(sending(channel_id=BUSINESS))])
        phone.steer("delete", chat=EVA, connection=BUSINESS, numbers=[number])
        phone.settle()
        received, by_hand, ours, deleted = receiver.events()
    assert isinstance(received, MessageReceived)
    assert isinstance(by_hand, MessageSent)
    assert isinstance(ours, MessageSent)
    assert isinstance(deleted, MessageDeleted)
    assert (by_hand.sent_from, ours.sent_from) == ("phone", "api")
    assert deleted.message_id == received.message_id


def test_our_own_send_comes_back_under_its_id(phone: Phone) -> None:
    """R9: else the echo would be a second message."""
    with receiving(phone) as receiver:
        outbound = TelegramOutbound(account(phone.url))
        (done,) = outbound.deliver([delivery(sending(channel_id=BUSINESS))])
        phone.settle()
        (echo,) = receiver.events()
    assert isinstance(echo, MessageSent)
    assert done.vendor_ids["id"] == echo.message_id  # type: ignore[union-attr]


def test_what_was_not_asked_for_is_not_posted(phone: Phone) -> None:
    with receiving(phone) as receiver:
        phone.method("setWebhook", url=f"{receiver.url}/hooks/tg", allowed_updates=["message"])
        number = phone.eva("Hola")["number"]
        phone.steer("react", chat=EVA, number=number, emoji="👍")
        phone.settle()
        assert [set(body) - {"update_id"} for body in receiver.bodies] == [{"message"}]


def test_an_update_is_repeated_until_it_is_taken(phone: Phone) -> None:
    with receiving(phone) as receiver:
        receiver.answers = [503, 500]
        phone.eva("uno")
        phone.eva("dos")
        phone.settle()
        texts = [body["message"]["text"] for body in receiver.bodies]
        ids = [body["update_id"] for body in receiver.bodies]
    assert texts == ["uno", "uno", "uno", "dos"]
    assert ids[0] == ids[1] == ids[2] < ids[3]


def test_without_a_webhook_updates_wait(phone: Phone) -> None:
    phone.eva("uno")
    assert phone.method("getWebhookInfo").body["result"]["pending_update_count"] == 3
    with receiving(phone) as receiver:
        phone.eva("dos")
        phone.settle()
        assert [body["message"]["text"] for body in receiver.bodies] == ["dos"]


def test_nobody_outside_this_machine_is_called(phone: Phone) -> None:
    phone.method("setWebhook", url="https://bridge.example/hooks/tg")
    phone.eva("uno")
    info = phone.method("getWebhookInfo").body["result"]
    assert info["pending_update_count"] == 3
    assert "last_error_message" not in info


def test_a_pressed_button_is_answered_by_the_webhook(phone: Phone) -> None:
    with receiving(phone):
        pressed = phone.steer("press", chat=EVA, number=1, label="Sí", data="yes")
        phone.settle()
        assert phone.state["answered"] == [pressed["id"]]


def test_the_group_limit_is_over_after_a_minute(phone: Phone) -> None:
    for _ in range(20):
        assert phone.method("sendMessage", chat_id=GROUP, text="x").status == 200
    answered = phone.method("sendMessage", chat_id=GROUP, text="x")
    assert answered.status == 429
    phone.steer("advance", seconds=answered.body["parameters"]["retry_after"])
    assert phone.method("sendMessage", chat_id=GROUP, text="x").status == 200


def test_a_reset_forgets_all(phone: Phone) -> None:
    phone.method("setWebhook", url="https://bridge.example")
    phone.steer("reset")
    state = phone.state
    assert (state["people"], state["received"], state["webhook"]["url"]) == ([], [], "")
    assert state["webhooks"]["waiting"] == 0


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("verb=incoming&connection=&person=77&first_name=Pia&text=Hola", MessageReceived),
        (f"verb=incoming&connection={BUSINESS}&person={EVA}&choice=rep&text=Hola", MessageSent),
        (f"verb=edit&connection=&person={EVA}&number=1&text=Hola!", MessageEdited),
        (f"verb=react&connection=&person={EVA}&number=1&text=👍", MessageReacted),
        (f"verb=delete&connection={BUSINESS}&person={EVA}&number=2&text=", MessageDeleted),
        (f"verb=block&connection=&person={EVA}&choice=yes", ChatBlocked),
    ],
)
def test_the_page_plays_the_client_too(phone: Phone, form: str, kind: type) -> None:
    with receiving(phone) as receiver:
        assert phone.submit(form).status == 303
        phone.settle()
        (event,) = receiver.events()
    assert isinstance(event, kind)


def test_the_page_shows_every_chat_and_what_came(phone: Phone) -> None:
    phone.method("sendMessage", chat_id=EVA, text="<b>Buenas</b>")
    page = phone.ask("GET", "/").body.decode()
    assert "&lt;b&gt;Buenas&lt;/b&gt;" in page
    assert page.count('class="phone"') == 2
    assert "Write as the rep" in page


@pytest.mark.parametrize(
    "form",
    [
        "verb=nothing",
        "",
        "verb=incoming&person=x&text=a",
        f"verb=edit&person={EVA}&number=404&text=a",
        "verb=incoming&person=5&connection=gone&text=a",
    ],
)
def test_the_page_says_what_cannot_be_done(phone: Phone, form: str) -> None:
    assert phone.submit(form).status == 400
