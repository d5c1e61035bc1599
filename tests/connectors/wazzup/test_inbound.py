"""Who may call (WZ-03), what is answered (WZ-01, WZ-04), and which facts are one fact (WZ-05)."""

import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest

from bridge.domain.errors import ConfigError, PayloadInvalid, SignatureInvalid
from bridge.ports import Account, Answer, RawRequest
from connectors.wazzup.inbound import WazzupInbound
from tests.connectors.wazzup.building import (
    NOW,
    PUBLIC,
    WEBHOOK_KEY,
    account,
    message,
    posted,
    request,
)

INBOUND = WazzupInbound(account())


@pytest.mark.parametrize(
    ("url", "authorization"),
    [
        (PUBLIC, f"Bearer {WEBHOOK_KEY}"),
        (PUBLIC, f"bearer  {WEBHOOK_KEY}"),
        (f"{PUBLIC}/{WEBHOOK_KEY}", ""),
        (f"{PUBLIC}/{WEBHOOK_KEY}?x=1", "Bearer somebody-else"),
        (f"{PUBLIC}?key={WEBHOOK_KEY}", ""),
        (f"https://example.org/behind/a/prefix/hooks/wz/{WEBHOOK_KEY}", ""),
    ],
)
def test_wz_03_the_key_proves_wazzup(url: str, authorization: str) -> None:
    INBOUND.verify(request(url=url, authorization=authorization))


@pytest.mark.parametrize(
    ("url", "authorization"),
    [
        (PUBLIC, ""),
        (PUBLIC, "Bearer"),
        (PUBLIC, "Bearer "),
        (PUBLIC, WEBHOOK_KEY),
        (PUBLIC, f"Basic {WEBHOOK_KEY}"),
        (PUBLIC, f"Bearer {WEBHOOK_KEY}x"),
        (PUBLIC, f"Bearer {WEBHOOK_KEY[:-1]}"),
        (PUBLIC, f"Bearer {WEBHOOK_KEY}, Bearer {WEBHOOK_KEY}"),
        (PUBLIC, "Bearer ключ\ud800"),
        (f"{PUBLIC}/", ""),
        (f"{PUBLIC}/wrong", ""),
        (f"{PUBLIC}/{WEBHOOK_KEY}/more", ""),
        (f"{PUBLIC}/more/{WEBHOOK_KEY}", ""),
        (f"https://bridge.example/other/wz/{WEBHOOK_KEY}", ""),
        (f"https://bridge.example/hooks/{WEBHOOK_KEY}", ""),
        (f"{PUBLIC}?key=wrong", ""),
        (f"{PUBLIC}?other={WEBHOOK_KEY}", ""),
        ("http://[broken", ""),
        ("", ""),
    ],
)
def test_wz_03_anything_else_is_refused(url: str, authorization: str) -> None:
    with pytest.raises(SignatureInvalid) as refused:
        INBOUND.verify(request(url=url, authorization=authorization))
    assert WEBHOOK_KEY not in str(refused.value)


def test_wz_03_a_browser_that_opens_the_address_is_not_wazzup() -> None:
    opened = replace(request(url=f"{PUBLIC}/{WEBHOOK_KEY}"), method="GET")
    with pytest.raises(SignatureInvalid, match="POST only"):
        INBOUND.verify(opened)


def test_wz_03_both_keys_pass_while_one_replaces_the_other() -> None:
    inbound = WazzupInbound(account(webhook_keys=("new", "old")))
    inbound.verify(request(authorization="Bearer old"))
    inbound.verify(request(url=f"{PUBLIC}/new", authorization=""))


def test_wz_03_a_key_with_odd_letters_is_read_from_the_address() -> None:
    inbound = WazzupInbound(account(webhook_keys=("a/b ключ",)))
    inbound.verify(request(url=f"{PUBLIC}/{quote('a/b ключ', safe='')}", authorization=""))


@pytest.mark.parametrize("keys", [(), ("",), ("good", "")])
def test_wz_03_an_empty_key_closes_the_door(keys: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="webhook_key"):
        WazzupInbound(account(webhook_keys=keys))


def test_wz_03_a_missing_key_closes_the_door() -> None:
    with pytest.raises(ConfigError, match="webhook_key"):
        WazzupInbound(Account(name="wz", connector="wazzup"))


def test_wz_01_the_test_body_is_answered_with_200() -> None:
    assert INBOUND.handshake(request(b' {"test": true} ', authorization="")) == Answer()


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"test": 1}',
        b'{"test": "true"}',
        b'{"test": false}',
        b'{"test": true, "messages": []}',
        b"[true]",
        b"true",
        b"",
        b"\xff",
        b'{"test": true}' + b" " * 1024,
    ],
)
def test_wz_01_nothing_else_is_a_test(body: bytes) -> None:
    assert INBOUND.handshake(request(body)) is None


def test_wz_01_only_a_post_is_a_test() -> None:
    assert INBOUND.handshake(replace(request(b'{"test": true}'), method="GET")) is None


def test_wz_04_the_answer_is_a_plain_200() -> None:
    assert INBOUND.accepted(request()).status == 200


def test_wz_02_messages_come_before_statuses_however_the_body_orders_them() -> None:
    status = {"messageId": "m-9", "timestamp": "2025-07-01T10:00:01Z", "status": "read"}
    parsed = INBOUND.parse(posted(statuses=[status], messages=[message()]))
    assert [event.event_key for event in parsed.events] == ["received:m-1", "status:m-9:read"]


def test_wz_05_a_second_delivery_has_the_same_keys() -> None:
    first = posted(messages=[message(), message(messageId="m-2", isEcho=True, status="sent")])
    again = replace(first, received_at=NOW + timedelta(minutes=10))
    assert _keys(first) == _keys(again) == ["received:m-1", "sent:m-2"]


def test_wz_05_a_repeated_echo_is_the_same_fact_whatever_its_status() -> None:
    sent = posted(messages=[message(isEcho=True, status="sent")])
    read = posted(messages=[message(isEcho=True, status="read")])
    assert _keys(sent) == _keys(read)


def test_wz_10_every_edit_of_a_message_is_a_fact_of_its_own() -> None:
    def edit(text: str, old: str) -> RawRequest:
        return posted(messages=[message(isEdited=True, text=text, oldInfo={"oldText": old})])

    there, back = _keys(edit("b", "a")), _keys(edit("a", "b"))
    assert there != back
    assert _keys(edit("b", "a")) == there
    assert "received:m-1" not in (*there, *back)


def test_wz_10_a_deletion_is_a_fact_of_its_own() -> None:
    assert _keys(posted(messages=[message(isDeleted=True, isEdited=True)])) == ["deleted:m-1"]


def test_wz_10_an_edit_told_as_a_status_counts_when_it_has_the_text() -> None:
    status = {"messageId": "m-1", "timestamp": "2025-07-01T10:00:01Z", "status": "edited"}
    assert INBOUND.parse(posted(statuses=[status])).ignored == ("edited_without_text",)
    (event,) = INBOUND.parse(posted(statuses=[status | {"text": "new"}])).events
    assert event.event_key.startswith("edited:m-1:")


def test_wz_11_each_status_is_a_fact_of_its_own() -> None:
    words = ("sent", "delivered", "read", "error")
    statuses = [{"messageId": "m-1", "status": word} for word in words]
    assert len(set(_keys(posted(statuses=statuses)))) == len(words)


def test_wz_11_inbound_is_no_status_of_an_outgoing_message() -> None:
    statuses = [{"messageId": "m-1", "status": "inbound"}]
    assert INBOUND.parse(posted(statuses=statuses)).ignored == ("status:inbound",)


def test_wz_15_the_same_state_at_another_time_is_another_fact() -> None:
    update = {"channelId": "c", "state": "active", "timestamp": 1603977171000}
    later = update | {"timestamp": 1603977171001}
    assert len(set(_keys(posted(channelsUpdates=[update, update, later])))) == 2


def test_wz_15_a_qr_code_does_not_reach_people() -> None:
    update = {"channelId": "c", "state": "qr", "timestamp": 1, "qr": "data:image/png;base64,KEY"}
    (event,) = INBOUND.parse(posted(channelsUpdates=[update])).events
    assert "base64" not in repr(event)


def test_wz_15_a_template_that_is_approved_again_another_day_is_another_fact() -> None:
    told = posted(templateStatus={"templateGuid": "t", "name": "x", "status": "APPROVED"})
    again = replace(told, received_at=NOW + timedelta(days=3))
    assert _keys(told) != _keys(again)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'"x"', b"{", b"\xef\xbb\xbf{}", b"\xff\xfe{"]
)
def test_a_body_that_is_no_object_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        INBOUND.parse(request(body))


def test_trap_8_the_odd_charset_does_not_matter() -> None:
    odd = request(json.dumps({"messages": [message(text="Здравствуйте")]}).encode())
    assert odd.headers["content-type"].endswith("charset-utf-8")
    (event,) = INBOUND.parse(odd).events
    assert getattr(event, "text", "") == "Здравствуйте"


def test_an_id_without_end_is_refused() -> None:
    (refused,) = INBOUND.parse(posted(messages=[message(messageId="m" * 201)])).rejected
    assert refused.path == "$.messages[0].messageId"


def test_a_refusal_tells_the_place_and_no_content() -> None:
    (refused,) = INBOUND.parse(posted(messages=[message(text=["secret words"])])).rejected
    assert (refused.reason, refused.path) == ("payload_invalid", "$.messages[0].text")
    assert "secret words" not in repr(refused)


def _keys(told: RawRequest) -> list[str]:
    return [event.event_key for event in INBOUND.parse(told).events]
