"""Files of messages: from an id to bytes, the token shown to nobody but Meta."""

import base64
import hashlib
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request

from bridge.domain.errors import (
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
)
from bridge.domain.events import MessageReceived
from bridge.domain.messaging import Media, MediaKind
from bridge.ports import Account
from connectors.whatsapp.media import WhatsAppMedia
from tests.connectors.whatsapp.building import TOKEN, account
from tests.connectors.whatsapp.meta import Meta, Post
from tests.serving import served

PNG = b"\x89PNG\r\n\x1a\n and so on"
MOST = 1000


@pytest.fixture
def received(meta: Meta, post: Post) -> Media:
    """A picture that a client sent, as its webhook tells of it."""
    meta.writes("look", kind="image", file=base64.b64encode(PNG).decode(), mime_type="image/png")
    meta.settle()
    (event,) = post.events()
    assert isinstance(event, MessageReceived)
    (media,) = event.media
    return media


def test_a_file_comes_as_it_was_sent(received: Media, at_meta: Account) -> None:
    file = WhatsAppMedia(at_meta).fetch(received, MOST)
    assert (file.content, file.content_type) == (PNG, "image/png")
    assert received.sha256 == hashlib.sha256(PNG).hexdigest()


def test_the_links_five_minutes_begin_anew_each_time(
    received: Media, at_meta: Account, meta: Meta
) -> None:
    WhatsAppMedia(at_meta).fetch(received, MOST)
    meta.steer("advance", seconds=3600)
    assert WhatsAppMedia(at_meta).fetch(received, MOST).content == PNG


def test_an_id_that_died_is_a_dead_letter(received: Media, at_meta: Account, meta: Meta) -> None:
    meta.steer("advance", seconds=31 * 86_400)
    with pytest.raises(DeliveryRejected, match="is gone") as refused:
        WhatsAppMedia(at_meta).fetch(received, MOST)
    assert refused.value.code == "file_gone"


def test_a_file_larger_than_allowed_is_not_fetched(received: Media, at_meta: Account) -> None:
    with pytest.raises(DeliveryRejected, match="larger than 5 bytes") as refused:
        WhatsAppMedia(at_meta).fetch(received, 5)
    assert refused.value.code == "file_too_large"


@pytest.mark.parametrize("media_id", ["", "../me", "1/2", "1?fields=x", "//evil", "x" * 65])
def test_what_is_no_id_is_asked_of_nobody(media_id: str) -> None:
    with pytest.raises(DeliveryRejected) as refused:
        WhatsAppMedia(account("http://127.0.0.1:9")).fetch(
            Media(kind=MediaKind.IMAGE, media_id=media_id), MOST
        )
    assert refused.value.code == "file_gone"


def graph(**told: Any) -> Flask:
    """A Graph API that tells whatever it is told of a file."""
    app = Flask(__name__)
    app.config["asked"] = []

    @app.get("/v23.0/77")
    def node() -> Response:
        return jsonify({"url": f"{request.host_url}file", **told})

    @app.get("/file")
    def file() -> Response:
        app.config["asked"].append(request.headers.get("Authorization"))
        return Response(PNG, int(told.get("status", 200)), content_type="image/png")

    return app


MEDIA = Media(kind=MediaKind.IMAGE, media_id="77", sha256="0" * 64, name="a.png")


def fetched(app: Flask, media: Media = MEDIA, most: int = MOST) -> Any:
    with served(app) as url:
        return WhatsAppMedia(account(url)).fetch(media, most)


def test_the_token_is_shown_where_the_file_is() -> None:
    app = graph(sha256=hashlib.sha256(PNG).hexdigest())
    assert fetched(app).name == "a.png"
    assert app.config["asked"] == [f"Bearer {TOKEN}"]


@pytest.mark.parametrize(
    "told",
    [{}, {"sha256": "1" * 64}, {"sha256": base64.b64encode(b"1" * 32).decode()}],
    ids=["of the webhook", "in hex", "in base64"],
)
def test_another_content_than_told_is_fetched_again(told: dict[str, str]) -> None:
    with pytest.raises(DeliveryTransient, match="not the one"):
        fetched(graph(**told))


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/file",
        "https://lookaside.fbsbx.com.evil.example/file",
        "https://evilfbsbx.com/file",
        "http://127.0.0.1:1/file",
        "https://[broken",
        "",
    ],
)
def test_the_token_is_shown_to_nobody_else(url: str) -> None:
    with pytest.raises(OutcomeUnknown, match="away from Meta"):
        fetched(graph(url=url))


def test_a_link_of_metas_by_plain_http_is_not_followed() -> None:
    with pytest.raises(DeliveryRejected):
        fetched(graph(url="http://lookaside.fbsbx.com/file"))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, CredentialsInvalid),
        (404, DeliveryRejected),
        (403, DeliveryRejected),
        (500, DeliveryTransient),
        (429, DeliveryTransient),
    ],
)
def test_what_the_link_answers_is_told_apart(status: int, error: type[Exception]) -> None:
    with pytest.raises(error) as refused:
        fetched(graph(status=status))
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize(
    "told", [{"url": 5}, {"url": None}, {"file_size": []}, {"sha256": 5}, {"mime_type": []}]
)
def test_an_answer_of_another_shape_is_no_file(told: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        fetched(graph(**told), replace(MEDIA, sha256=""))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("401", CredentialsInvalid),
        ("429", DeliveryTransient),
        ("500", OutcomeUnknown),
        ("html", OutcomeUnknown),
        ("reset", DeliveryTransient),
        ("403_quota", DeliveryTransient),
    ],
)
def test_what_the_api_answers_is_told_apart(
    received: Media, at_meta: Account, meta: Meta, fault: str, error: type[Exception]
) -> None:
    meta.fail(fault, match="GET /v23")
    with pytest.raises(error):
        WhatsAppMedia(at_meta).fetch(received, MOST)
