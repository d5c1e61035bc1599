"""Whatever connector and stand-in say to each other is held against Meta's interface."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, request

from bridge.domain.messaging import Media, MediaKind, Template
from bridge.ports import Account, Done
from connectors.whatsapp.doctor import WhatsAppDoctor
from connectors.whatsapp.media import WhatsAppMedia
from connectors.whatsapp.outbound import WhatsAppOutbound
from connectors.whatsapp.reader import WhatsAppReader
from connectors.whatsapp.sandbox import sandbox
from connectors.whatsapp.templates import templates
from tests.connectors.whatsapp.building import APP, SECRETS, account, delivery, sending
from tests.connectors.whatsapp.meta import Meta, Post, listening
from tests.connectors.whatsapp.openapi import (
    NotInTheInterface,
    check_answer,
    check_request,
    check_upload,
)
from tests.serving import served

Call = tuple[str, str, Any, int, Any]
OUT_OF_IT = ("/subscriptions", "/media/")  # of the app's own Graph API, and a file's own link


@pytest.fixture
def calls() -> list[Call]:
    return []


@pytest.fixture
def heard(calls: list[Call]) -> Iterator[Meta]:
    """The stand-in with an ear on the line."""
    app: Flask = sandbox(SECRETS)

    @app.after_request
    def hear(response: Response) -> Response:
        path = request.path
        if path.startswith("/v") and not any(out in path for out in OUT_OF_IT):
            given = request.get_json(silent=True)
            if path.endswith("/media"):
                given = dict(request.form)
                file = request.files["file"]
                file.stream.seek(0)
                check_upload(path, dict(request.form), file.read())
            answered = json.loads(response.get_data() or b"null")
            calls.append((request.method, path, given, response.status_code, answered))
        return response

    with served(app) as url:
        yield Meta(url)


def everything(meta: Meta, post: Post) -> Account:
    """Each call that the connector makes, those that are refused among them."""
    own = meta.url.removeprefix("http://")
    given = account(meta.url, app_id=APP, file_hosts=own)
    quoted = meta.writes()
    place = Media(kind=MediaKind.LOCATION, url="geo:37.44,-122.16", name="Cafe")
    page = Media(kind=MediaKind.DOCUMENT, url=f"{meta.url}/", name="page.html")
    picture = Media(kind=MediaKind.IMAGE, url=f"{meta.url}/", content_type="image/png")
    filled = Template(name="promo", language="en_US", values=("Eva", "FALL25"))
    messages = [
        sending(),
        sending(reply_to=quoted),
        sending("", media=place),
        sending("", media=page),
        sending("look", media=page),
        sending("", media=picture),
        sending("Hi", template=filled),
        sending("Hi", template=Template(name="gone", language="en_US")),
        sending(channel_id="404"),
    ]
    outcomes = WhatsAppOutbound(given).deliver([delivery(one) for one in messages])
    assert sum(isinstance(one, Done) for one in outcomes) == 7
    doctor = WhatsAppDoctor(given)
    doctor.fix(post.url.removesuffix("/hooks/wa"), take_over=False)
    WhatsAppReader(given).channels()
    templates(given)
    media_id = next(iter(meta.state()["files"]))
    WhatsAppMedia(given).fetch(Media(kind=MediaKind.DOCUMENT, media_id=media_id), 100_000)
    return given


def test_requests_and_answers_are_as_meta_publishes_them(heard: Meta, calls: list[Call]) -> None:
    with listening() as post:
        everything(heard, post)
    assert len({(method, path.rpartition("/")[2]) for method, path, *_ in calls}) >= 7
    for method, path, given, status, answered in calls:
        if method == "POST" and path.endswith("/messages"):
            check_request(method, path, given)
        check_answer(method, path, status, answered)


GOOD = {
    "messaging_product": "whatsapp",
    "recipient_type": "individual",
    "to": "16505551234",
    "type": "text",
    "text": {"body": "Hola"},
}


@pytest.mark.parametrize(
    "changed",
    [
        {"to": 5},
        {"recipient_type": "everybody"},
        {"text": {"body": "Hola", "size": 5}},
        {"text": 5},
        {"surprise": 1},
        {"type": "template", "template": {"name": "t"}},
        {"type": "image", "image": {"caption": "x"}},
    ],
)
def test_a_wrong_request_would_be_seen(changed: dict[str, Any]) -> None:
    check_request("POST", "/v23.0/1/messages", GOOD)
    with pytest.raises(NotInTheInterface):
        check_request("POST", "/v23.0/1/messages", {**GOOD, **changed})


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/v23.0/1/phone_numbers", 200, {"data": [{"id": "1"}]}),
        ("/v23.0/1/phone_numbers", 200, {}),
        ("/v23.0/1/phone_numbers", 204, {"data": []}),
        ("/v23.0/1/phone_numbers", 400, {"error": {"message": "m"}}),
        ("/v23.0/1/subscribed_apps", 200, {"data": 5}),
        ("/v23.0/1/nothing", 200, {}),
    ],
)
def test_a_wrong_answer_would_be_seen(path: str, status: int, body: Any) -> None:
    with pytest.raises(NotInTheInterface):
        check_answer("GET", path, status, body)
