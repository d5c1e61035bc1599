"""What leaves: texts, files, places, templates, each as the stand-in takes it."""

from collections.abc import Iterator

import pytest
from flask import Flask, Response

from bridge.domain.effects import JoinChat
from bridge.domain.messaging import ChatKind, Media, MediaKind, Messenger, Template
from bridge.ports import Account, CannotTell, Delivery, Done, Outcome, Rejected, RetryAt
from connectors.whatsapp.outbound import WhatsAppOutbound
from connectors.whatsapp.sandbox_world import SandboxPerson
from tests.connectors.whatsapp.building import CLIENT, NOW, NUMBER, account, delivery, sending
from tests.connectors.whatsapp.meta import Meta
from tests.serving import served

PNG, BIG = b"\x89PNG and so on", 5 * 1024 * 1024 + 1


@pytest.fixture
def files() -> Iterator[str]:
    """Somebody's server of files, on loopback."""
    app = Flask(__name__)
    types = {
        "photo.png": "image/png",
        "photo.webp": "image/webp",
        "film.mp4": "video/mp4",
        "song.mp3": "audio/mpeg",
        "note.ogg": "audio/ogg",
        "offer.pdf": "application/pdf",
        "unknown.bin": "application/octet-stream",
    }

    @app.get("/<name>")
    def file(name: str) -> Response:
        if name not in types:
            return Response(status=404 if name != "busy" else 503)
        return Response(PNG, content_type=types[name])

    @app.get("/large.png")
    def large() -> Response:
        return Response(b"x" * BIG, content_type="image/png")

    with served(app) as url:
        yield url


@pytest.fixture
def outbound(meta: Meta, files: str) -> WhatsAppOutbound:
    return WhatsAppOutbound(account(meta.url, file_hosts=files.removeprefix("http://")))


def only(outbound: WhatsAppOutbound, **changed: object) -> Outcome:
    (outcome,) = outbound.deliver([delivery(sending(**changed))])  # type: ignore[arg-type]
    return outcome


def file(files: str, path: str, kind: MediaKind, name: str = "", content_type: str = "") -> Media:
    return Media(kind=kind, url=f"{files}/{path}", name=name, content_type=content_type)


def test_a_text_leaves_with_our_key(outbound: WhatsAppOutbound, meta: Meta) -> None:
    meta.writes()
    outcome = only(outbound, text="Buenas ñ 👍")
    (sent,) = meta.sent()
    assert isinstance(outcome, Done)
    assert outcome.vendor_ids == {"id": sent["message_id"], "chat_id": CLIENT}
    assert (sent["text"], sent["our_key"], sent["wa_id"]) == ("Buenas ñ 👍", "ms_1", CLIENT)


def test_a_reply_names_what_it_quotes(outbound: WhatsAppOutbound, meta: Meta) -> None:
    quoted = meta.writes()
    assert isinstance(only(outbound, reply_to=quoted), Done)
    assert meta.sent()[0]["reply_to"] == quoted


@pytest.mark.parametrize("chat_id", [CLIENT, f"+{CLIENT}", "+1 650-555-1234"])
def test_a_number_is_sent_to_by_its_digits(
    outbound: WhatsAppOutbound, meta: Meta, chat_id: str
) -> None:
    assert isinstance(only(outbound, chat_id=chat_id), Done)
    assert meta.sent()[0]["wa_id"] == CLIENT


def test_a_client_without_a_number_is_sent_to_by_his_user_id(
    outbound: WhatsAppOutbound, meta: Meta
) -> None:
    meta.writes(username="eva.g", hides=True)
    told = meta.send(to=None, recipient="US.1")
    assert told.code == 131009
    user_id = next(iter(_user_ids(meta)))
    outcome = only(outbound, chat_id=user_id)
    assert isinstance(outcome, Done)
    assert outcome.vendor_ids["chat_id"] == user_id
    assert meta.sent()[0]["wa_id"] == CLIENT


def _user_ids(meta: Meta) -> list[str]:
    return [SandboxPerson(wa_id=one["wa_id"]).user_id for one in meta.state()["received"]]


@pytest.mark.parametrize(
    ("name", "kind", "word"),
    [
        ("photo.png", MediaKind.IMAGE, "image"),
        ("large.png", MediaKind.IMAGE, "document"),
        ("photo.webp", MediaKind.IMAGE, "document"),
        ("photo.webp", MediaKind.STICKER, "sticker"),
        ("film.mp4", MediaKind.VIDEO, "video"),
        ("song.mp3", MediaKind.AUDIO, "audio"),
        ("note.ogg", MediaKind.VOICE, "audio"),
        ("offer.pdf", MediaKind.DOCUMENT, "document"),
        ("offer.pdf", MediaKind.IMAGE, "document"),
        ("photo.png", MediaKind.OTHER, "document"),
    ],
)
def test_a_file_is_uploaded_and_shown_as_what_it_is(
    outbound: WhatsAppOutbound, meta: Meta, files: str, name: str, kind: MediaKind, word: str
) -> None:
    outcome = only(outbound, text="", media=file(files, name, kind))
    assert isinstance(outcome, Done)
    (sent,) = meta.sent()
    assert sent["kind"] == word
    assert list(meta.state()["files"]) == [sent["content"]["id"]]
    assert "link" not in sent["content"]


def test_a_document_has_its_name(outbound: WhatsAppOutbound, meta: Meta, files: str) -> None:
    only(outbound, text="", media=file(files, "offer.pdf", MediaKind.DOCUMENT))
    only(outbound, text="", media=file(files, "offer.pdf", MediaKind.DOCUMENT, name='O"f\nfer.pdf'))
    names = [sent["content"]["filename"] for sent in meta.sent()]
    assert names == ["offer.pdf", "O_f_fer.pdf"]


def test_a_voice_note_is_one(outbound: WhatsAppOutbound, meta: Meta, files: str) -> None:
    only(outbound, text="", media=file(files, "note.ogg", MediaKind.VOICE))
    assert meta.sent()[0]["content"]["voice"] is True


def test_what_the_server_does_not_know_is_what_the_message_says(
    outbound: WhatsAppOutbound, meta: Meta, files: str
) -> None:
    media = file(files, "unknown.bin", MediaKind.IMAGE, content_type="image/png")
    only(outbound, text="", media=media)
    assert meta.sent()[0]["kind"] == "image"


def test_a_text_beside_a_file_is_its_caption(
    outbound: WhatsAppOutbound, meta: Meta, files: str
) -> None:
    only(outbound, text="look", media=file(files, "photo.png", MediaKind.IMAGE))
    assert meta.sent()[0]["content"]["caption"] == "look"


def test_sound_has_no_caption(outbound: WhatsAppOutbound, meta: Meta, files: str) -> None:
    outcome = only(outbound, text="listen", media=file(files, "song.mp3", MediaKind.AUDIO))
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "caption_unsupported"
    assert meta.sent() == []


def test_a_place_is_sent_as_one(outbound: WhatsAppOutbound, meta: Meta) -> None:
    place = Media(kind=MediaKind.LOCATION, url="geo:37.44,-122.16", name="Cafe")
    assert isinstance(only(outbound, text="", media=place), Done)
    content = meta.sent()[0]["content"]
    assert content == {"latitude": "37.44", "longitude": "-122.16", "name": "Cafe"}


def test_a_template_is_filled_in(outbound: WhatsAppOutbound, meta: Meta) -> None:
    template = Template(name="promo", language="en_US", values=("Eva", "FALL25"))
    assert isinstance(only(outbound, text="Hi Eva, use FALL25", template=template), Done)
    (sent,) = meta.sent()
    assert (sent["kind"], sent["text"]) == ("template", "Hi Eva, use FALL25")


@pytest.mark.parametrize(
    ("template", "code"),
    [
        (Template(name="promo", language="es"), "132001"),
        (Template(name="gone", language="en_US"), "132001"),
        (Template(name="promo", language="en_US", values=("Eva",)), "132000"),
    ],
)
def test_a_template_that_does_not_fit_is_a_dead_letter_with_advice(
    outbound: WhatsAppOutbound, template: Template, code: str
) -> None:
    outcome = only(outbound, template=template)
    assert isinstance(outcome, Rejected)
    assert outcome.reason == code
    assert "template" in outcome.detail


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"messenger": Messenger.TELEGRAM}, "messenger_unsupported"),
        ({"channel_id": "../other"}, "channel_unknown"),
        ({"channel_id": ""}, "channel_unknown"),
        ({"channel_id": "//evil.example"}, "channel_unknown"),
        ({"channel_id": "1?x=2"}, "channel_unknown"),
        ({"chat_id": "nobody"}, "chat_unknown"),
        ({"text": ""}, "message_empty"),
        ({"text": "x" * 4097}, "text_too_long"),
        ({"media": Media(kind=MediaKind.IMAGE), "text": ""}, "file_without_link"),
        (
            {"media": Media(kind=MediaKind.CONTACT_CARD, url="https://x"), "text": ""},
            "file_without_link",
        ),
        ({"media": Media(kind=MediaKind.LOCATION, url="geo:x"), "text": ""}, "file_without_link"),
        (
            {"media": Media(kind=MediaKind.IMAGE, url="https://x"), "text": "x" * 1025},
            "text_too_long",
        ),
        (
            {
                "media": Media(kind=MediaKind.IMAGE, url="https://x"),
                "template": Template(name="t", language="en"),
            },
            "template_with_file",
        ),
    ],
)
def test_what_whatsapp_has_no_words_for_is_refused_without_a_call(
    outbound: WhatsAppOutbound, meta: Meta, changed: dict[str, object], reason: str
) -> None:
    outcome = only(outbound, **changed)
    assert isinstance(outcome, Rejected)
    assert (outcome.reason, bool(outcome.detail)) == (reason, True)
    assert meta.sent() == []


def test_as_much_text_as_whatsapp_takes_leaves(outbound: WhatsAppOutbound, meta: Meta) -> None:
    assert isinstance(only(outbound, text="x" * 4096), Done)


def test_a_group_is_sent_to_as_such(outbound: WhatsAppOutbound, meta: Meta) -> None:
    """The stand-in has no groups: it sees whom the send was for."""
    outcome = only(outbound, chat_id="Y2FwaV9ncm91cA", chat_kind=ChatKind.GROUP)
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "131009"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/secret",
        "http://files.example/x.png",
        "file:///etc/passwd",
        "https://user:pw@files.example/x",
        "https://169.254.169.254/latest/meta-data",
    ],
)
def test_a_link_inside_is_never_followed(meta: Meta, url: str) -> None:
    """S13: what an employee pastes does not open our own network."""
    outbound = WhatsAppOutbound(account(meta.url))
    outcome = only(outbound, text="", media=Media(kind=MediaKind.IMAGE, url=url))
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "link_forbidden"
    assert "secret" not in outcome.detail


def test_a_file_that_is_gone_is_a_dead_letter(outbound: WhatsAppOutbound, files: str) -> None:
    outcome = only(outbound, text="", media=file(files, "gone.pdf", MediaKind.DOCUMENT))
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "file_gone"


def test_a_file_whose_server_is_busy_is_fetched_again(
    outbound: WhatsAppOutbound, files: str
) -> None:
    outcome = only(outbound, text="", media=file(files, "busy", MediaKind.DOCUMENT))
    assert isinstance(outcome, RetryAt)
    assert outcome.when > NOW


def test_who_lost_the_row_while_he_uploaded_does_not_send(
    outbound: WhatsAppOutbound, meta: Meta, files: str
) -> None:
    """R2: asked right before the call that can't be made twice."""
    answers = iter([True, False])
    media = file(files, "photo.png", MediaKind.IMAGE)
    given = delivery(sending(text="", media=media), still_ours=lambda: next(answers))
    (outcome,) = outbound.deliver([given])
    assert isinstance(outcome, RetryAt)
    assert (len(meta.state()["files"]), meta.sent()) == (1, [])


def test_other_effects_are_refused(outbound: WhatsAppOutbound) -> None:
    effect = JoinChat(channel_id=NUMBER, messenger=Messenger.WHATSAPP, chat_id=CLIENT)
    given = Delivery(effect=effect, idempotency_key="k", attempt=1, now=NOW)
    (outcome,) = outbound.deliver([given])
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "effect_unsupported"


def test_nothing_can_be_looked_up(at_meta: Account) -> None:
    """R8: no key, no search; the statuses settle it, or a person."""
    (found,) = WhatsAppOutbound(at_meta).find([delivery(sending(), in_doubt_since=NOW)])
    assert isinstance(found, CannotTell)


def test_a_stored_file_is_what_was_fetched(
    outbound: WhatsAppOutbound, meta: Meta, files: str
) -> None:
    """Byte for byte, with line ends and boundaries in it."""
    only(outbound, text="", media=file(files, "photo.png", MediaKind.IMAGE))
    media_id = meta.sent()[0]["content"]["id"]
    told = meta.call("GET", f"/v23.0/{media_id}").body
    link = told["url"].removeprefix(meta.url)
    assert meta.call("GET", link).body == PNG
