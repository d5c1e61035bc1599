"""The stand-in checks what Twilio checks, calls webhooks as Twilio does, and plays the clients."""

from typing import Any

import pytest

from bridge.domain.events import ChatBlocked, MessageReceived, MessageStatusChanged
from bridge.domain.messaging import MessageStatus
from bridge.ports import Account
from connectors.twilio.doctor import TwilioDoctor
from tests.connectors.twilio.building import CLIENT, NUMBER, SENDER, SID
from tests.connectors.twilio.phone import MESSAGES, Phone, Receiver

WHATSAPP = {"To": f"whatsapp:{CLIENT}", "From": SENDER}


@pytest.fixture
def told(phone: Phone, at_sandbox: Account, bridge: Receiver) -> Receiver:
    """Where both channels post to."""
    assert len(TwilioDoctor(at_sandbox).fix(bridge.url, take_over=False)) == 2
    return bridge


def statuses(bridge: Receiver) -> list[tuple[MessageStatus, str]]:
    found = (event for event in bridge.events() if isinstance(event, MessageStatusChanged))
    return [(event.status, event.error_code) for event in found]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"To": ""}, 21604),
        ({"From": ""}, 21603),
        ({"To": "+34"}, 21211),
        ({"To": "Eva"}, 21211),
        ({"To": "whatsapp:eva", "From": SENDER}, 21211),
        ({"From": "+19995550100"}, 21606),
        ({**WHATSAPP, "From": "whatsapp:+19995550100"}, 63007),
        ({"From": SENDER}, 21910),
        ({"To": f"whatsapp:{CLIENT}"}, 21910),
        ({"To": NUMBER}, 21266),
        ({"Body": ""}, 21619),
        ({"Body": "x" * 1601}, 21617),
        ({"Body": "", "MediaUrl": "file:///etc/passwd"}, 21620),
        ({"ContentSid": "HX1"}, 21655),
        ({"StatusCallback": "ftp://x"}, 21609),
    ],
)
def test_a_wrong_message_is_refused_in_twilios_words(
    phone: Phone, form: dict[str, str], code: int
) -> None:
    answered = phone.send(**form)
    assert (answered.status, answered.body["code"], answered.body["status"]) == (400, code, 400)
    assert phone.sent == []


def test_the_longest_text_passes(phone: Phone) -> None:
    assert phone.send(Body="x" * 1600).status == 201


@pytest.mark.parametrize(
    ("path", "token", "status", "code"),
    [
        (MESSAGES, "wrong", 401, 20003),
        (MESSAGES.replace(SID, f"AC{'9' * 32}"), "", 404, 20404),
        ("/v2/Channels/Senders?Channel=whatsapp", "wrong", 401, 20003),
    ],
)
def test_who_does_not_sign_in_gets_nothing(
    phone: Phone, path: str, token: str, status: int, code: int
) -> None:
    answered = phone.call("GET", path, token=token) if token else phone.call("GET", path)
    assert (answered.status, answered.body["code"]) == (status, code)


def test_a_send_is_reported_step_by_step(phone: Phone, bridge: Receiver) -> None:
    phone.send(StatusCallback=bridge.hook)
    phone.settle()
    assert statuses(bridge) == [(MessageStatus.SENT, ""), (MessageStatus.DELIVERED, "")]
    assert phone.sent[0]["status"] == "delivered"


def test_the_window_opens_with_the_client_and_closes(phone: Phone, told: Receiver) -> None:
    """Twilio accepts the message all the same, and fails it afterwards."""
    form = WHATSAPP | {"StatusCallback": told.hook}
    assert phone.send(**form).status == 201
    phone.settle()
    assert statuses(told) == [(MessageStatus.FAILED, "63016")]
    phone.steer("incoming", to=SENDER, **{"from": f"whatsapp:{CLIENT}"}, text="Hola")
    phone.send(**form)
    phone.settle()
    assert statuses(told)[1:] == [
        (MessageStatus.SENT, ""),
        (MessageStatus.DELIVERED, ""),
        (MessageStatus.READ, ""),
    ]
    phone.steer("advance", seconds=24 * 3600 + 1)
    phone.send(**form)
    phone.settle()
    assert statuses(told)[-1] == (MessageStatus.FAILED, "63016")


def test_a_template_passes_when_the_window_is_closed(phone: Phone, bridge: Receiver) -> None:
    phone.steer("seed", contents=[{"sid": "HX1", "name": "n", "body": "Hola {{1}}"}])
    form = {"ContentSid": "HX1", "ContentVariables": '{"1": "Eva"}', "StatusCallback": bridge.hook}
    phone.send(**WHATSAPP, **form, Body="")
    phone.settle()
    assert statuses(bridge)[-1] == (MessageStatus.READ, "")
    assert phone.sent[0]["body"] == "Hola Eva"
    assert phone.send(**WHATSAPP, **form | {"ContentVariables": "x"}).body["code"] == 21656


def test_stop_blocks_and_start_lets_through_again(phone: Phone, told: Receiver) -> None:
    for text, status in (("STOP", 400), ("START", 201)):
        phone.steer("incoming", to=NUMBER, **{"from": CLIENT}, text=text)
        answered = phone.send()
        assert answered.status == status
    phone.settle()
    blocked = [event.blocked for event in told.events() if isinstance(event, ChatBlocked)]
    assert blocked == [True, False]


def test_a_client_writes_on_each_channel(phone: Phone, told: Receiver) -> None:
    phone.steer("incoming", to=NUMBER, **{"from": CLIENT}, text="a & b ¿ñ? 😀")
    user = {"from": f"whatsapp:{CLIENT}", "name": "Eva", "fields": {"ButtonPayload": "p"}}
    phone.steer("incoming", to=SENDER, text="Hola", **user)
    phone.settle()
    first, second = (e for e in told.events() if isinstance(e, MessageReceived))
    assert (first.text, first.chat.name) == ("a & b ¿ñ? 😀", None)
    assert (second.chat.channel_id, second.chat.name, second.pressed) == (SENDER, "Eva", "p")


def test_a_webhook_that_was_answered_is_not_repeated(phone: Phone, told: Receiver) -> None:
    """So that nobody counts on Twilio's patience: a 503 loses the message."""
    told.answers.append(503)
    phone.steer("incoming", to=NUMBER, **{"from": CLIENT}, text="lost")
    phone.settle()
    assert len(told.requests) == 1
    assert phone.state["webhooks"]["given_up"] == 1


def test_any_fields_can_be_posted(phone: Phone, bridge: Receiver) -> None:
    phone.steer("post", address=bridge.hook, fields={"MessageSid": "SM1", "MessageStatus": "x"})
    phone.settle()
    (posted,) = bridge.requests
    assert b"MessageStatus=x" in posted.body


def test_the_list_has_pages(phone: Phone) -> None:
    for n in range(3):
        phone.send(Body=str(n))
    first = phone.call("GET", f"{MESSAGES}?PageSize=2&To=%2B34600000001").body
    second = phone.call("GET", first["next_page_uri"]).body
    assert [m["body"] for m in (*first["messages"], *second["messages"])] == ["2", "1", "0"]
    assert phone.call("GET", f"{MESSAGES}?To=%2B1").body["messages"] == []


def page(phone: Phone) -> str:
    return str(phone.call("GET", "/").body.decode())


def test_the_page_shows_chats_and_escapes_them(phone: Phone) -> None:
    who: Any = {"from": f"whatsapp:{CLIENT}", "name": "<b>Eva", "text": "<script>x"}
    phone.steer("incoming", to=SENDER, **who)
    phone.send(**WHATSAPP)
    shown = page(phone)
    assert "&lt;b&gt;Eva" in shown
    assert "&lt;script&gt;x" in shown
    assert "Buenas" in shown
    assert "<script>x" not in shown


@pytest.mark.parametrize(("to", "chat_id"), [(NUMBER, CLIENT), (SENDER, CLIENT)])
def test_the_page_lets_people_write_as_a_client(
    phone: Phone, told: Receiver, to: str, chat_id: str
) -> None:
    answered = phone.submit(to=to, **{"from": CLIENT}, name="Eva", text="Hola desde la página")
    assert answered.status == 303
    phone.settle()
    (event,) = told.events()
    assert isinstance(event, MessageReceived)
    assert (event.chat.chat_id, event.text) == (chat_id, "Hola desde la página")


def test_a_body_that_the_steering_does_not_understand_is_refused(phone: Phone) -> None:
    assert phone.call("POST", "/_sandbox/incoming", {"x": "1"}).status == 400
    assert phone.submit(to="+1", **{"from": CLIENT}).status == 400


def test_reset_forgets_everything(phone: Phone) -> None:
    phone.send()
    phone.settle()
    phone.steer("reset")
    state = phone.state
    assert (state["channels"], state["sent"], state["received"]) == ([], [], [])
