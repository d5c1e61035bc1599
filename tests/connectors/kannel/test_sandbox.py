"""The stand-in checks what Kannel checks, and calls as Kannel calls."""

import pytest

from bridge.domain.events import MessageReceived
from tests.connectors.kannel.building import CLIENT, NUMBER, PASSWORD, PATH_SECRET
from tests.connectors.kannel.phone import Phone, Receiver


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({"password": "wrong"}, 403, "Authorization failed for sendsms"),
        ({"password": ""}, 403, "Authorization failed for sendsms"),
        ({"username": ""}, 403, "Authorization failed for sendsms"),
        ({"to": ""}, 400, "Missing receiver(s) number(s), rejected"),
        ({"from": ""}, 400, "Sender missing and no global set, rejected"),
        ({"to": "a b"}, 400, "Garbage 'to' field, rejected."),
        ({}, 202, "0: Accepted for delivery"),
    ],
)
def test_it_answers_in_smsboxs_words(
    phone: Phone, headers: dict[str, str], status: int, words: str
) -> None:
    """As the real one does, see test_real_gateway."""
    answered = phone.send(**headers)
    assert (answered.status, answered.body) == (status, words)
    assert len(phone.sent) == (status == 202)


def test_it_takes_a_get_too(phone: Phone) -> None:
    path = f"/cgi-bin/sendsms?username=bridge&password={PASSWORD}&to=1&from={NUMBER}&text=a+b"
    assert phone.ask("GET", path).status == 202
    assert phone.sent[0]["text"] == "a b"


def test_only_the_reports_that_were_asked_for_are_called(phone: Phone, bridge: Receiver) -> None:
    url = f"{bridge.hook}/{PATH_SECRET}?key=1&dlr=%d&percent=100%%25"
    phone.send(dlr_url=url, dlr_mask="1")
    phone.settle()
    (told,) = bridge.requests
    assert told.url.endswith("key=1&dlr=1&percent=100%25")
    assert phone.sent[0]["status"] == "delivered"


def test_a_client_writes_and_is_called_again_until_it_is_taken(
    phone: Phone, bridge: Receiver
) -> None:
    bridge.answers += [503, 500]
    for text in ("uno ñ", "dos"):
        phone.steer("incoming", **{"from": CLIENT}, to=NUMBER, text=text)
    phone.settle()
    events = [event for event in bridge.events() if isinstance(event, MessageReceived)]
    assert [event.text for event in events] == ["uno ñ", "uno ñ", "uno ñ", "dos"]
    assert len({event.event_key for event in events}) == 2


def test_the_page_lets_people_write_as_a_client_and_escapes(phone: Phone, bridge: Receiver) -> None:
    assert phone.submit(to=NUMBER, **{"from": CLIENT}, text="<script>x").status == 303
    phone.send("Buenas")
    phone.settle()
    page = phone.ask("GET", "/").body
    assert "&lt;script&gt;x" in page
    assert "<script>x" not in page
    assert "Buenas" in page
    (event,) = (e for e in bridge.events() if isinstance(e, MessageReceived))
    assert event.text == "<script>x"


def test_a_body_that_the_steering_does_not_understand_is_refused(phone: Phone) -> None:
    assert phone.ask("POST", "/_sandbox/incoming", '{"to": 5}').status == 400


def test_reset_forgets_everything(phone: Phone) -> None:
    phone.send()
    phone.steer("reset")
    assert phone.sent == []
    assert phone.ask("GET", "/_sandbox/state").body["numbers"] == []
