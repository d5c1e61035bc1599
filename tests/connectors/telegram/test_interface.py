"""Whatever connector and sandbox say to each other is held against Telegram's interface."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask, Response, request

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import ChatKind, Media, MediaKind
from connectors.telegram.doctor import TelegramDoctor
from connectors.telegram.media import TelegramMedia
from connectors.telegram.outbound import TelegramOutbound
from connectors.telegram.reader import TelegramReader
from connectors.telegram.sandbox import sandbox
from tests.connectors.telegram.bot_api import (
    NotInTheInterface,
    check_call,
    check_error,
    check_result,
    check_update,
)
from tests.connectors.telegram.building import PUBLIC, SECRETS, account, delivery, sending
from tests.connectors.telegram.phone import (
    BUSINESS,
    EVA,
    GROUP,
    LUIS,
    OLD_GROUP,
    Phone,
    receiving,
)
from tests.serving import served


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    parameters: Mapping[str, Any]
    body: Any


def check_answer(call: Call) -> None:
    if call.body["ok"] is True:
        check_result(call.method, call.body["result"])
    else:
        check_error(call.body)


@pytest.fixture
def calls() -> list[Call]:
    return []


@pytest.fixture
def recorded(calls: list[Call]) -> Iterator[Phone]:
    """The sandbox with an ear on the line."""
    app: Flask = sandbox(SECRETS)

    @app.after_request
    def hear(response: Response) -> Response:
        if request.path.startswith("/bot"):
            method = request.path.rpartition("/")[2]
            calls.append(Call(method, _parameters(), json.loads(response.get_data())))
        return response

    with served(app) as url:
        told = Phone(url)
        calls.clear()
        yield told


def _parameters() -> Mapping[str, Any]:
    if request.is_json:
        return dict(request.get_json())
    form = {key: _plain(text) for key, text in request.form.items()}
    return form | {key: b"file" for key in request.files}


def _plain(text: str) -> Any:
    """What a form says as text is JSON, but for plain words."""
    return json.loads(text) if text[:1] in "{[-0123456789" else text


def _sends(files: str) -> list[SendMessage]:
    """Each way to send, and some that are refused."""
    by_link = [
        Media(kind=kind, url=f"https://files.example/a{ending}")
        for kind, ending in (
            (MediaKind.IMAGE, ".jpg"),
            (MediaKind.AUDIO, ".mp3"),
            (MediaKind.VOICE, ".ogg"),
            (MediaKind.VIDEO, ".mp4"),
            (MediaKind.STICKER, ".webp"),
            (MediaKind.DOCUMENT, ".pdf"),
        )
    ]
    uploaded = Media(kind=MediaKind.DOCUMENT, url=f"{files}/offer.docx")
    place = Media(kind=MediaKind.LOCATION, url="geo:19.4,-99")
    return [
        sending(),
        sending(reply_to=f"{EVA}:1"),
        sending(channel_id=BUSINESS, reply_to=f"{BUSINESS}:{EVA}:2"),
        sending(chat_id=str(LUIS)),
        sending(chat_id=str(GROUP), chat_kind=ChatKind.GROUP),
        sending(chat_id=str(OLD_GROUP), chat_kind=ChatKind.GROUP),
        *(sending(media=media) for media in by_link),
        sending(media=uploaded),
        sending(media=uploaded, channel_id=BUSINESS, reply_to=f"{BUSINESS}:{EVA}:2"),
        sending(media=place),
    ]


def test_every_call_of_the_connector_and_every_answer_fits(
    recorded: Phone, calls: list[Call], files: str
) -> None:
    recorded.steer("move", chat=OLD_GROUP, to=-100777)
    given = account(
        recorded.url, business_connections=f"{BUSINESS},gone", file_hosts=urlsplit(files).netloc
    )
    TelegramDoctor(given).fix(PUBLIC, take_over=True)
    TelegramDoctor(given).examine(PUBLIC)
    TelegramReader(given).channels()
    TelegramOutbound(given).deliver([delivery(effect) for effect in _sends(files)])
    document = recorded.sent[-2]["message"]["document"]["file_id"]
    TelegramMedia(given).fetch(Media(kind=MediaKind.DOCUMENT, media_id=document), 1000)
    assert len({call.method for call in calls}) >= 13
    assert {call.body["ok"] for call in calls} == {True, False}
    for call in calls:
        check_call(call.method, call.parameters)
        check_answer(call)


def test_every_update_of_the_sandbox_fits_and_is_read(recorded: Phone, calls: list[Call]) -> None:
    with receiving(recorded) as receiver:
        _all_that_people_do(recorded)
        recorded.settle()
        kinds = {key for body in receiver.bodies for key in body if key != "update_id"}
        assert kinds == {
            "message",
            "edited_message",
            "business_connection",
            "business_message",
            "edited_business_message",
            "deleted_business_messages",
            "message_reaction",
            "callback_query",
            "my_chat_member",
        }
        for body in receiver.bodies:
            check_update(body)
        assert len(receiver.events()) == len(receiver.bodies)
    for call in calls:
        check_call(call.method, call.parameters)


def _all_that_people_do(phone: Phone) -> None:
    at_bot = phone.eva("Hola")["number"]
    at_ana = phone.eva("Hola Ana", connection=BUSINESS)["number"]
    for kind in ("photo", "document", "audio", "voice", "video", "sticker"):
        phone.eva(kind=kind, name="a.bin")
    phone.eva("a todos", chat=GROUP)
    phone.eva("cito", reply_to=at_bot)
    phone.eva("Hola Eva", connection=BUSINESS, by_rep=True)
    TelegramOutbound(account(phone.url)).deliver([delivery(sending(channel_id=BUSINESS))])
    phone.steer("edit", chat=EVA, number=at_bot, text="Hola!")
    phone.steer("edit", chat=EVA, connection=BUSINESS, number=at_ana, text="Hola!")
    phone.steer("delete", chat=EVA, connection=BUSINESS, numbers=[at_ana])
    phone.steer("react", chat=EVA, number=at_bot, emoji="👍")
    phone.steer("react", chat=EVA, number=at_bot, emoji="")
    phone.steer("press", chat=EVA, number=at_bot, label="Sí", data="yes")
    phone.steer("block", person=EVA, blocked=True)
    phone.steer("block", person=EVA, blocked=False)
    phone.steer("block", chat=GROUP, blocked=True)
    phone.steer("connect", id=BUSINESS, can_reply=False)
    phone.steer("connect", id="new", user={"id": 9002, "first_name": "Luis"}, is_enabled=False)


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("sendMessage", {"chat_id": 1}),
        ("sendMessage", {"chat_id": 1, "text": ""}),
        ("sendMessage", {"chat_id": 1, "text": "x" * 4097}),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_to_message_id": 1}),
        ("sendMessage", {"chat_id": True, "text": "x"}),
        ("sendPhoto", {"chat_id": 1, "photo": 5}),
        ("sendLocation", {"chat_id": 1, "latitude": "1", "longitude": 2.0}),
        ("setWebhook", {"url": "u", "allowed_updates": "message"}),
        ("sendHologram", {}),
    ],
)
def test_the_check_itself_refuses_what_is_wrong(method: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(NotInTheInterface):
        check_call(method, parameters)


def test_the_check_refuses_wrong_answers_and_updates() -> None:
    with pytest.raises(NotInTheInterface):
        check_result("sendMessage", {"message_id": 1})
    with pytest.raises(NotInTheInterface):
        check_update({"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": {"id": 1}}})
    with pytest.raises(NotInTheInterface):
        check_error({"ok": False, "error_code": "400", "description": "x"})
