"""The door and the reading: who may push, what a broken event does to its neighbours."""

import json
from typing import Any

import pytest

from bridge.domain.errors import ConfigError, PayloadInvalid, SignatureInvalid
from bridge.domain.events import MessageReceived, MessageSent, MessageStatusChanged
from bridge.ports import Answer
from connectors.matrix.inbound import MatrixInbound
from tests.connectors.matrix.building import (
    EVA,
    HOOK,
    HS_TOKEN,
    TRANSACTION,
    USER,
    account,
    event,
    pushed,
    request,
)


def parse(*events: object, **more: object) -> Any:
    return MatrixInbound(account()).parse(pushed(*events, **more))


def test_the_homeserver_is_let_in() -> None:
    MatrixInbound(account()).verify(request())
    MatrixInbound(account()).verify(request(authorization=f"bearer {HS_TOKEN}"))


@pytest.mark.parametrize(
    "given",
    [
        "",
        HS_TOKEN,
        "Bearer",
        "Bearer ",
        f"Bearer {HS_TOKEN[:-1]}",
        f"Bearer {HS_TOKEN}x",
        f"Bearer {HS_TOKEN}, Bearer {HS_TOKEN}",
        f"Basic {HS_TOKEN}",
        "Bearer ключ\ud800",
        "Bearer as-0123456789abcdef",
    ],
)
def test_nobody_else_is(given: str) -> None:
    """S1, S4: nor is the other direction's token any good."""
    with pytest.raises(SignatureInvalid):
        MatrixInbound(account()).verify(request(authorization=given))


def test_a_token_in_the_address_is_none() -> None:
    url = f"{TRANSACTION}?access_token={HS_TOKEN}"
    with pytest.raises(SignatureInvalid):
        MatrixInbound(account()).verify(request(url=url, authorization=""))


def test_two_tokens_while_rotating() -> None:
    """S3."""
    inbound = MatrixInbound(account(hs_tokens=("new-token", HS_TOKEN)))
    for token in ("new-token", HS_TOKEN):
        inbound.verify(request(authorization=f"Bearer {token}"))


@pytest.mark.parametrize(
    ("method", "path", "status", "word"),
    [
        ("POST", "/_matrix/app/v1/ping", 200, "{}"),
        ("GET", "/_matrix/app/v1/users/%40a%3Ahouse.test", 404, "M_NOT_FOUND"),
        ("GET", "/_matrix/app/v1/rooms/%23a%3Ahouse.test", 404, "M_NOT_FOUND"),
        ("GET", "/_matrix/app/v1/thirdparty/protocol/irc", 404, "M_UNRECOGNIZED"),
        ("POST", "/_matrix/app/v1/transactions/7", 404, "M_UNRECOGNIZED"),
        ("PUT", "", 404, "M_UNRECOGNIZED"),
        ("GET", "", 404, "M_UNRECOGNIZED"),
    ],
)
def test_what_else_a_homeserver_asks(method: str, path: str, status: int, word: str) -> None:
    answer = MatrixInbound(account()).handshake(request(method=method, url=f"{HOOK}{path}"))
    assert isinstance(answer, Answer)
    assert answer.status == status
    assert word in answer.body.decode()
    assert json.loads(answer.body) is not None


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(
    "path", ["", "/_matrix/app/v1/ping", "/_matrix/app/v1/users/x", "/_matrix/app/v1/rooms/x"]
)
def test_without_the_token_it_hears_nothing(method: str, path: str) -> None:
    inbound = MatrixInbound(account())
    asked = request(method=method, url=f"{HOOK}{path}", authorization="Bearer wrong")
    assert inbound.handshake(asked) is None
    with pytest.raises(SignatureInvalid):
        inbound.verify(asked)


@pytest.mark.parametrize("path", ["/_matrix/app/v1/transactions/7", "/transactions/7"])
def test_a_transaction_is_stored_not_answered_at_once(path: str) -> None:
    """The second is what homeservers before v1.4 call."""
    inbound = MatrixInbound(account())
    told = request(url=f"{HOOK}{path}")
    assert inbound.handshake(told) is None
    assert inbound.accepted(told) == Answer(body=b"{}", content_type="application/json")


def test_a_broken_event_leaves_its_neighbours_alone() -> None:
    broken = event(event_id="$e2", content={"msgtype": "m.text", "body": 5})
    parsed = parse(event(), broken, 7, event(event_id="$e3"))
    assert [e.message_id for e in parsed.events] == ["$e1", "$e3"]
    assert [r.path for r in parsed.rejected] == ["$.events[1].content.body", "$.events[2]"]


def test_an_event_nested_too_deep_harms_nobody_else() -> None:
    """A client of any server can send one: the homeserver pushes it among others."""
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    bad = event(event_id="$deep", content={"msgtype": "m.text", "body": "x", "org.x": deep})
    parsed = parse(event(), bad, event(event_id="$e3"))
    assert [e.message_id for e in parsed.events] == ["$e1", "$e3"]
    assert [r.path for r in parsed.rejected] == ["$.events[1]"]


def test_no_refusal_names_a_person() -> None:
    receipts = {"$e1": {"m.read": {EVA: {"ts": "soon"}}}}
    receipt = {"type": "m.receipt", "room_id": "!r1", "content": receipts}
    parsed = parse(ephemeral=[receipt])
    assert len(parsed.rejected) == 1
    assert EVA not in repr(parsed)


@pytest.mark.parametrize("body", [b"[]", b"5", b'"x"', b"null", b"", b"{", b"\xff"])
def test_a_body_that_is_no_object_is_refused_whole(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        MatrixInbound(account()).parse(request(body))


def test_lists_that_are_none_are_refused_alone() -> None:
    parsed = MatrixInbound(account()).parse(request(b'{"events": {}, "ephemeral": 5}'))
    assert [r.path for r in parsed.rejected] == ["$.events", "$.ephemeral"]


def test_an_event_that_comes_twice_counts_once() -> None:
    parsed = parse(event(), event())
    assert (len(parsed.events), parsed.ignored) == (1, ("twice",))


def test_receipts_under_both_names_count_once() -> None:
    """MSC2409: a homeserver may push them under the old name and the new."""
    read = {"$e1": {"m.read": {EVA: {"ts": 1_795_354_268_544}}}}
    receipt = {"type": "m.receipt", "room_id": "!r1", "content": read}
    both = parse(ephemeral=[receipt], **{"de.sorunome.msc2409.ephemeral": [receipt]})
    old = parse(**{"de.sorunome.msc2409.ephemeral": [receipt]})
    assert len(both.events) == len(old.events) == 1
    assert isinstance(old.events[0], MessageStatusChanged)


@pytest.mark.parametrize(
    ("sender", "staff", "kind", "sent_from"),
    [
        (EVA, "", MessageReceived, None),
        (USER, "", MessageSent, "api"),
        ("@ana:acme.test", "@ana:acme.test, @luis:acme.test", MessageSent, "window"),
        ("@ana:acme.test", "*:acme.test", MessageSent, "window"),
        ("@ana:evil.acme.test", "*:acme.test", MessageReceived, None),
        ("@ana:acme.test.evil", "*:acme.test", MessageReceived, None),
    ],
)
def test_whose_message_it_is(
    sender: str, staff: str, kind: type[Any], sent_from: str | None
) -> None:
    given = account(staff=staff) if staff else account()
    (found,) = MatrixInbound(given).parse(pushed(event(sender=sender))).events
    assert isinstance(found, MessageReceived | MessageSent)
    assert type(found) is kind
    assert getattr(found, "sent_from", None) == sent_from
    assert bool(found.chat.identities) is (kind is MessageReceived)


@pytest.mark.parametrize(
    "options",
    [
        {"user": ""},
        {"user": "bridge"},
        {"user": "@bridge"},
        {"user": "@bridge:house test"},
        {"staff": "ana"},
        {"staff": "*"},
    ],
)
def test_a_wrong_user_is_told_at_once(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="account mx: option"):
        MatrixInbound(account(None, (HS_TOKEN,), **options))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("> <@a:b> Hi\n\nYes", "Yes"),
        ("> <@a:b> Hi\n> there\n\nYes\nand no", "Yes\nand no"),
        ("> <@a:b> Hi\n\n", ""),
        ("Yes", "Yes"),
        (">.< hello", ">.< hello"),
    ],
)
def test_quoted_lines_before_an_answer_are_cut(text: str, shown: str) -> None:
    relates = {"m.in_reply_to": {"event_id": "$e0"}}
    content = {"msgtype": "m.text", "body": text, "m.relates_to": relates}
    (found,) = parse(event(content=content)).events
    assert (found.text, found.reply_to) == (shown, "$e0")


@pytest.mark.parametrize(
    ("content", "text", "media"),
    [
        ({"msgtype": "m.image", "body": "a.png", "url": "https://evil.example/x"}, "(a file", 0),
        ({"msgtype": "m.image", "body": "a.png", "url": "mxc://../x"}, "(a file", 0),
        ({"msgtype": "m.file", "body": "a", "file": {"url": "mxc://h/x"}}, "(an encrypted", 0),
        ({"msgtype": "m.location", "body": "Home", "geo_uri": "nowhere"}, "Home", 0),
        ({"msgtype": "m.location", "body": "", "geo_uri": "geo:1.5,-2"}, "", 1),
        ({"msgtype": "m.server_notice", "body": "Please agree"}, "Please agree", 0),
        ({"msgtype": "org.x"}, "(a message of a kind", 0),
    ],
)
def test_nothing_that_is_said_is_silent(content: dict[str, object], text: str, media: int) -> None:
    (found,) = parse(event(content=content)).events
    assert found.text.startswith(text)
    assert bool(found.text) or len(found.media) == 1
    assert len(found.media) == media


def test_ids_longer_than_matrix_has_are_refused() -> None:
    parsed = parse(event(event_id="$" + "e" * 255), event(room_id=""), event(sender=5))
    assert (len(parsed.events), len(parsed.rejected)) == (0, 3)
