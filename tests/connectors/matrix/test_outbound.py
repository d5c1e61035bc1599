"""Writing into rooms: what is sent, what comes of refusals and silence."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, Response

from bridge.domain.effects import JoinChat
from bridge.domain.errors import CredentialsInvalid, DeliveryRejected
from bridge.domain.messaging import Media, MediaKind, Messenger, Template
from bridge.ports import Absent, AccountDown, CannotTell, Done, Found, Rejected, RetryAt, Unknown
from connectors.matrix.files import MatrixFiles
from connectors.matrix.outbound import MatrixOutbound
from tests.connectors.matrix.building import NOW, SECRETS, USER, account, delivery, sending
from tests.connectors.matrix.stand_in import StandIn
from tests.serving import served

PICTURE = b"\x89PNG picture"


@pytest.fixture
def room(stand_in: StandIn) -> str:
    """One that the bridge has joined."""
    found = stand_in.play(do="invite")["room"]
    (outcome,) = MatrixOutbound(account(stand_in.url)).deliver([delivery(joining(found))])
    assert outcome == Done()
    return found


@pytest.fixture
def outbound(stand_in: StandIn) -> MatrixOutbound:
    return MatrixOutbound(account(stand_in.url))


@pytest.fixture
def files() -> Iterator[str]:
    """A host of files, which the admin vouches for."""
    app = Flask("files")
    app.add_url_rule("/a.png", "a", lambda: Response(PICTURE, content_type="image/png"))
    with served(app) as url:
        yield url


def joining(room: str) -> JoinChat:
    return JoinChat(channel_id=USER, messenger=Messenger.MATRIX, chat_id=room)


def test_a_text_bears_our_key_and_gives_the_events_id(
    stand_in: StandIn, outbound: MatrixOutbound, room: str
) -> None:
    (outcome,) = outbound.deliver([delivery(sending("Buenas", room=room, reply_to="$e0"))])
    (event,) = stand_in.said(USER)
    assert outcome == Done(vendor_ids={"id": event["event_id"]})
    assert event["content"] == {
        "msgtype": "m.text",
        "body": "Buenas",
        "bridge.message_key": "ms_1",
        "m.relates_to": {"m.in_reply_to": {"event_id": "$e0"}},
    }


def test_the_same_key_is_one_message(
    stand_in: StandIn, outbound: MatrixOutbound, room: str
) -> None:
    first, second = outbound.deliver([delivery(sending(room=room))] * 2)
    assert first == second
    assert len(stand_in.said(USER)) == 1


def test_a_file_is_uploaded_and_sent(stand_in: StandIn, room: str, files: str) -> None:
    given = account(stand_in.url, file_hosts=files.removeprefix("http://"))
    media = Media(kind=MediaKind.VOICE, url=f"{files}/a.png", name="a.ogg")
    (outcome,) = MatrixOutbound(given).deliver([delivery(sending(room=room, media=media))])
    (event,) = stand_in.said(USER)
    content = event["content"]
    assert isinstance(outcome, Done)
    assert (content["msgtype"], content["body"]) == ("m.audio", "a.ogg")
    assert content["info"] == {"mimetype": "image/png", "size": len(PICTURE)}
    assert "org.matrix.msc3245.voice" in content
    found = Media(kind=MediaKind.VOICE, media_id=content["url"])
    assert MatrixFiles(given).fetch(found, 1000).content == PICTURE


@pytest.mark.parametrize(
    ("media", "reason"),
    [
        (Media(kind=MediaKind.IMAGE), "file_without_link"),
        (Media(kind=MediaKind.IMAGE, url="http://127.0.0.1:9/a.png"), "link_forbidden"),
        (Media(kind=MediaKind.IMAGE, url="file:///etc/passwd"), "link_forbidden"),
        (Media(kind=MediaKind.LOCATION, url="somewhere"), "location_without_place"),
    ],
)
def test_files_that_are_none(
    stand_in: StandIn, outbound: MatrixOutbound, room: str, media: Media, reason: str
) -> None:
    (outcome,) = outbound.deliver([delivery(sending(room=room, media=media))])
    assert isinstance(outcome, Rejected)
    assert (outcome.reason, stand_in.said(USER)) == (reason, [])


def test_a_place_is_sent_as_such(stand_in: StandIn, outbound: MatrixOutbound, room: str) -> None:
    media = Media(kind=MediaKind.LOCATION, url="geo:19.4,-99.1")
    outbound.deliver([delivery(sending(room=room, media=media))])
    (event,) = stand_in.said(USER)
    assert event["content"]["geo_uri"] == "geo:19.4,-99.1"


def test_what_matrix_has_no_words_for(outbound: MatrixOutbound, room: str) -> None:
    template = replace(sending(room=room), template=Template(name="t", language="es"))
    both = replace(sending(room=room), media=Media(kind=MediaKind.IMAGE, url="https://x"))
    outcomes = outbound.deliver([delivery(template), delivery(both)])
    assert [o.reason for o in outcomes if isinstance(o, Rejected)] == [
        "template_unsupported",
        "content_unclear",
    ]


@pytest.mark.parametrize("chat", ["", ".", ".."])
def test_a_chat_id_leads_nowhere_else(outbound: MatrixOutbound, chat: str) -> None:
    outcomes = outbound.deliver([delivery(sending(room=chat)), delivery(joining(chat))])
    assert [o.reason for o in outcomes if isinstance(o, Rejected)] == ["M_INVALID_PARAM"] * 2


def test_a_room_that_we_are_not_in(outbound: MatrixOutbound) -> None:
    outcomes = outbound.deliver([delivery(sending(room="!x")), delivery(joining("!x"))])
    assert [o.reason for o in outcomes if isinstance(o, Rejected)] == ["M_FORBIDDEN", "M_NOT_FOUND"]


class Told:
    """A homeserver that answers one thing to everything."""

    def __init__(self, status: int, body: str, **headers: str) -> None:
        self.calls = 0
        self._given = (status, body, headers)

    def __call__(self, environ: Any, start: Any) -> list[bytes]:
        self.calls += 1
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, body, headers = self._given
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        length = ("content-length", str(len(body)))
        start(f"{status} x", [("content-type", "application/json"), length, *named])
        return [body.encode()]


OUTAGE = NOW + timedelta(seconds=15)


@pytest.mark.parametrize(
    ("status", "body", "kind", "until"),
    [
        (401, '{"errcode": "M_UNKNOWN_TOKEN"}', AccountDown, None),
        (401, "", AccountDown, None),
        (403, '{"errcode": "M_USER_LOCKED"}', AccountDown, None),
        (403, '{"errcode": "M_CONSENT_NOT_GIVEN"}', AccountDown, None),
        (
            403,
            '{"errcode": "M_RESOURCE_LIMIT_EXCEEDED"}',
            AccountDown,
            NOW + timedelta(hours=1),
        ),
        (
            429,
            '{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 4000}',
            AccountDown,
            NOW + timedelta(seconds=4),
        ),
        (429, '{"errcode": "M_LIMIT_EXCEEDED"}', AccountDown, OUTAGE),
        (429, '{"retry_after_ms": true}', AccountDown, OUTAGE),
        (429, '{"retry_after_ms": 1e30}', AccountDown, OUTAGE),
        (404, "<html>", AccountDown, OUTAGE),
        (404, '{"errcode": "M_UNRECOGNIZED"}', AccountDown, OUTAGE),
        (403, '{"errcode": "M_FORBIDDEN"}', Rejected, None),
        (413, '{"errcode": "M_TOO_LARGE"}', Rejected, None),
        (400, '{"errcode": "M_UNKNOWN"}', Rejected, None),
        (408, "", RetryAt, None),
        (500, "", Unknown, None),
        (502, "<html>", Unknown, None),
        (200, "<html>", Unknown, None),
        (200, "{}", Unknown, None),
        (200, '{"event_id": 5}', Unknown, None),
        (302, "", Unknown, None),
    ],
)
def test_answers(status: int, body: str, kind: type[Any], until: Any) -> None:
    with served(Told(status, body)) as url:
        (outcome,) = MatrixOutbound(account(url)).deliver([delivery(sending())])
    assert type(outcome) is kind
    assert getattr(outcome, "until", None) == until
    assert not any(secret in repr(outcome) for secret in SECRETS.values())


def test_the_header_says_when_as_well() -> None:
    with served(Told(429, '{"retry_after_ms": 1}', retry_after="30")) as url:
        (outcome,) = MatrixOutbound(account(url)).deliver([delivery(sending())])
    assert isinstance(outcome, AccountDown)
    assert outcome.until == NOW + timedelta(seconds=30)


def test_a_silent_server_is_not_asked_in_vain() -> None:
    told = Told(500, "")
    with served(told) as url:
        outcomes = MatrixOutbound(account(url)).deliver([delivery(sending())] * 3)
    assert [type(outcome) for outcome in outcomes] == [Unknown, AccountDown, AccountDown]
    assert told.calls == 1


def test_what_is_there_is_found_and_what_is_not_is_absent(
    stand_in: StandIn, outbound: MatrixOutbound, room: str
) -> None:
    """R5, also when the homeserver has forgotten the transaction."""
    stand_in.fail("reset_after", match="/send/", times=1)
    (outcome,) = outbound.deliver([delivery(sending(room=room))])
    (event,) = stand_in.said(USER)
    assert isinstance(outcome, Unknown)
    found = outbound.find(
        [
            delivery(sending(room=room), in_doubt_since=NOW),
            delivery(sending(room=room, key="ms_2"), in_doubt_since=NOW),
            delivery(joining(room)),
        ]
    )
    assert found == [Found(vendor_ids={"id": event["event_id"]}), Absent(), Absent()]


def test_a_long_history_is_read_page_by_page(
    stand_in: StandIn, outbound: MatrixOutbound, room: str
) -> None:
    run = [delivery(sending(room=room, key=f"ms_{n}")) for n in range(130)]
    first, *_ = outbound.deliver(run)
    assert isinstance(first, Done)
    assert outbound.find(run[:1]) == [Found(vendor_ids=first.vendor_ids)]


@pytest.mark.parametrize("fault", ["500", "429", "401", "reset", "html"])
def test_a_history_that_cannot_be_read_tells_nothing(
    stand_in: StandIn, outbound: MatrixOutbound, room: str, fault: str
) -> None:
    stand_in.fail(fault)
    (found,) = outbound.find([delivery(sending(room=room), in_doubt_since=NOW)])
    assert isinstance(found, CannotTell)


def test_a_room_that_we_have_left_tells_nothing(outbound: MatrixOutbound) -> None:
    (found,) = outbound.find([delivery(sending(room="!x"), in_doubt_since=NOW)])
    assert isinstance(found, CannotTell)


def test_asked_right_before_the_message_though_a_file_took_its_time(
    stand_in: StandIn, room: str, files: str
) -> None:
    """R2."""
    asked: list[bool] = []

    def still_ours() -> bool:
        asked.append(True)
        return len(asked) < 2

    media = Media(kind=MediaKind.IMAGE, url=f"{files}/a.png")
    given = replace(delivery(sending(room=room, media=media)), still_ours=still_ours)
    trusting = account(stand_in.url, file_hosts=files.removeprefix("http://"))
    (outcome,) = MatrixOutbound(trusting).deliver([given])
    assert isinstance(outcome, RetryAt)
    assert stand_in.said(USER) == []


@pytest.mark.parametrize("fault", ["500", "500_after", "reset_after", "html"])
def test_an_upload_that_fails_is_tried_again_for_no_message_left(
    stand_in: StandIn, room: str, files: str, fault: str
) -> None:
    stand_in.fail(fault, match="/upload")
    media = Media(kind=MediaKind.IMAGE, url=f"{files}/a.png")
    given = account(stand_in.url, file_hosts=files.removeprefix("http://"))
    (outcome,) = MatrixOutbound(given).deliver([delivery(sending(room=room, media=media))])
    assert isinstance(outcome, RetryAt)
    assert stand_in.said(USER) == []


def test_files_of_clients(stand_in: StandIn) -> None:
    stand_in.play(do="send_file", content="aGVsbG8=", content_type="image/png", name="a.png")
    (event,) = [e for e in stand_in.state()["events"] if e["content"].get("url")]
    source = MatrixFiles(account(stand_in.url))
    media = Media(kind=MediaKind.IMAGE, media_id=event["content"]["url"])
    found = source.fetch(media, 100)
    assert (found.content, found.content_type) == (b"hello", "image/png")
    gone = Media(kind=MediaKind.IMAGE, media_id="mxc://sandbox/gone")
    for wrong, most in ((gone, 100), (media, 3), (Media(kind=MediaKind.IMAGE), 100)):
        with pytest.raises(DeliveryRejected):
            source.fetch(wrong, most)
    stand_in.fail("401")
    with pytest.raises(CredentialsInvalid):
        source.fetch(media, 100)


@pytest.mark.parametrize(
    "fault", ["", "401", "429", "403_quota", "500", "500_after", "reset", "reset_after", "html"]
)
def test_no_outcome_and_no_log_tells_tokens_rooms_or_text(
    stand_in: StandIn, room: str, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """S14, S17: but what the HTTP library itself says of a call in its debug log, which is off."""
    caplog.set_level("INFO")
    if fault:
        stand_in.fail(fault)
    outbound = MatrixOutbound(account(stand_in.url))
    run = [delivery(sending("Palabras", room=room)), delivery(joining(room))]
    told = f"{outbound.deliver(run)!r} {outbound.find(run)!r} {outbound!r} {caplog.text}"
    assert not any(word in told for word in (*SECRETS.values(), "Palabras", room))
