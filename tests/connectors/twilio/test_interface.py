"""Whatever connector and sandbox say to each other is held against Twilio's own OpenAPI files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask, Response, request

from bridge.domain.messaging import Media, MediaKind, Messenger, Template
from connectors.twilio.doctor import TwilioDoctor
from connectors.twilio.outbound import TwilioOutbound
from connectors.twilio.reader import TwilioReader
from connectors.twilio.sandbox import sandbox
from connectors.twilio.templates import read_templates
from tests.connectors.twilio.building import (
    NOW,
    NUMBER,
    SECRETS,
    SENDER,
    SID,
    account,
    delivery,
    sending,
)
from tests.connectors.twilio.openapi import NotInTheInterface, check_answer, check_request
from tests.connectors.twilio.phone import MESSAGES, Phone
from tests.serving import served

FILE = Media(kind=MediaKind.IMAGE, url="https://files.example/a.png")
PLACE = Media(kind=MediaKind.LOCATION, url="geo:40.4,-3.7", name="Sol")
CONTENT = f"HX{'a' * 32}"


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    body: Any
    status: int
    answered: Any


@pytest.fixture
def calls() -> list[Call]:
    return []


@pytest.fixture
def recorded(calls: list[Call]) -> Iterator[Phone]:
    """The sandbox with an ear on the line."""
    app: Flask = sandbox(SECRETS)

    @app.after_request
    def hear(response: Response) -> Response:
        if request.path.startswith(("/2010-04-01/", "/v1/", "/v2/")):
            body = request.get_json(silent=True)
            form, query = dict(request.form), dict(request.args)
            answered = json.loads(response.get_data())
            calls.append(
                Call(
                    request.method, request.path, query, form, body, response.status_code, answered
                )
            )
        return response

    with served(app) as url:
        yield Phone(url)


def everything(phone: Phone) -> None:
    """Each call that the connector makes."""
    phone.steer(
        "seed", contents=[{"sid": CONTENT, "name": "cita", "language": "es", "body": "{{1}}"}]
    )
    phone.steer("seed", channels=[{"address": "whatsapp:+14155550111", "status": "OFFLINE"}])
    given = account(phone.url, hook_url="https://bridge.example/hooks/tw")
    outbound = TwilioOutbound(given)
    on_whatsapp = sending(channel_id=SENDER, messenger=Messenger.WHATSAPP)
    template = Template(name="cita", language="es", values=("Eva",))
    effects = [
        sending("ñ & 😀"),
        replace(sending(""), media=FILE),
        on_whatsapp,
        replace(on_whatsapp, text="", media=PLACE),
        replace(on_whatsapp, template=template),
        sending(channel_id=f"MG{'e' * 32}", text="from the pool"),
    ]
    outbound.deliver([delivery(effect) for effect in effects])
    outbound.find([delivery(effect, in_doubt_since=NOW) for effect in effects])
    TwilioReader(given).channels()
    read_templates(given)
    doctor = TwilioDoctor(given)
    doctor.examine("https://bridge.example")
    doctor.fix("https://bridge.example", take_over=True)
    phone.settle()
    outbound.find([delivery(sending(), in_doubt_since=NOW)])


def test_every_call_of_the_connector_and_every_answer_fits(
    recorded: Phone, calls: list[Call]
) -> None:
    everything(recorded)
    assert len(calls) >= 20
    assert {call.status for call in calls} == {200, 201, 202}
    for call in calls:
        check_request(call.method, call.path, call.query, call.form, call.body)
        check_answer(call.method, call.path, call.status, call.answered)


@pytest.mark.parametrize(
    ("method", "path", "query", "form", "body"),
    [
        ("POST", MESSAGES, {}, {"Body": "x"}, None),
        ("POST", MESSAGES, {}, {"To": "x", "Text": "x"}, None),
        ("POST", MESSAGES, {}, {"To": "x", "MessagingServiceSid": "MG1"}, None),
        ("POST", MESSAGES.replace(SID, "AC1"), {}, {"To": "x"}, None),
        ("GET", MESSAGES, {"PageSize": "1001"}, {}, None),
        ("GET", MESSAGES, {"Recipient": "x"}, {}, None),
        ("PUT", MESSAGES, {}, {}, None),
        ("GET", "/v2/Channels/Senders", {}, {}, None),
        ("POST", f"/v2/Channels/Senders/XE{'1' * 32}", {}, {}, {"webhook": {"url": "x"}}),
    ],
)
def test_the_check_itself_refuses_what_is_wrong(
    method: str, path: str, query: dict[str, str], form: dict[str, str], body: Any
) -> None:
    with pytest.raises(NotInTheInterface):
        check_request(method, path, query, form, body)


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("POST", MESSAGES, 200, {}),
        ("POST", MESSAGES, 201, {"sid": "1"}),
        ("POST", MESSAGES, 201, {"id": f"SM{'1' * 32}"}),
        ("POST", MESSAGES, 201, {"status": "seen"}),
        ("GET", MESSAGES, 200, {"messages": [{"num_media": 1}]}),
        ("GET", "/v2/Channels/Senders", 200, {"senders": [{"status": "UP"}]}),
    ],
)
def test_the_check_refuses_wrong_answers(method: str, path: str, status: int, body: Any) -> None:
    with pytest.raises(NotInTheInterface):
        check_answer(method, path, status, body)


def test_the_sandbox_shows_a_number_that_the_interface_knows(recorded: Phone) -> None:
    found = recorded.call("GET", MESSAGES.replace("Messages", "IncomingPhoneNumbers")).body
    assert [one["phone_number"] for one in found["incoming_phone_numbers"]] == [NUMBER]
