"""Telegram's words for what it will not do, and what becomes of the message then."""

from datetime import timedelta
from typing import Any

import pytest
import responses

from bridge.domain.errors import DeliveryTransient
from bridge.domain.messaging import ChatKind, Media, MediaKind
from bridge.ports import AccountDown, Done, Outcome, Rejected, RetryAt
from connectors.telegram.outbound import TelegramOutbound
from connectors.telegram.reader import TelegramReader
from tests.connectors.telegram.building import BOT_TOKEN, NOW, account, delivery, sending

API = f"https://api.telegram.org/bot{BOT_TOKEN}"


def answered(
    status: int, said: str, kind: ChatKind = ChatKind.DIRECT, **parameters: int
) -> Outcome:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": said}
    if parameters:
        body["parameters"] = parameters
    responses.post(f"{API}/sendMessage", json=body, status=status)
    (outcome,) = TelegramOutbound(account()).deliver([delivery(sending(chat_kind=kind))])
    return outcome


@responses.activate
@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        (403, "Forbidden: bot was blocked by the user", "bot_blocked"),
        (403, "Forbidden: user is deactivated", "user_deactivated"),
        (403, "Forbidden: bot can't initiate conversation with a user", "cannot_write_first"),
        (403, "Forbidden: bot can't send messages to bots", "chat_is_bot"),
        (403, "Forbidden: bot was kicked from the supergroup chat", "bot_removed"),
        (403, "Forbidden: bot is not a member of the supergroup chat", "bot_removed"),
        (400, "Bad Request: chat not found", "chat_not_found"),
        (400, "Bad Request: PEER_ID_INVALID", "chat_not_found"),
        (400, "Bad Request: BUSINESS_PEER_USAGE_MISSING", "window_closed"),
        (400, "Bad Request: BUSINESS_CONNECTION_INVALID", "business_connection_invalid"),
        (400, "Bad Request: business connection not found", "business_connection_invalid"),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN", "no_right_to_write"),
        (
            400,
            "Bad Request: not enough rights to send text messages to the chat",
            "no_right_to_write",
        ),
        (400, "Bad Request: message text is empty", "text_empty"),
        (400, "Bad Request: message is too long", "text_too_long"),
        (400, "Bad Request: VOICE_MESSAGES_FORBIDDEN", "voice_forbidden"),
        (413, "Request Entity Too Large", "file_too_large"),
    ],
)
def test_words_that_are_known_have_a_reason_and_advice(status: int, said: str, reason: str) -> None:
    outcome = answered(status, said)
    assert isinstance(outcome, Rejected)
    assert outcome.reason == reason
    assert outcome.detail.startswith(f"HTTP {status}: ")


@responses.activate
def test_words_that_are_new_are_shown_as_they_are() -> None:
    outcome = answered(400, "Bad Request: the moon is full")
    assert outcome == Rejected(reason="HTTP_400", detail="HTTP 400: the moon is full")


@responses.activate
@pytest.mark.parametrize(
    "said", ["Bad Request: +34600111222 is no", "Bad Request: <b>hola</b>", "x" * 200, ""]
)
def test_words_that_may_be_a_clients_are_not(said: str) -> None:
    outcome = answered(400, said)
    assert outcome == Rejected(reason="HTTP_400", detail="HTTP 400: Telegram refuses it")


@responses.activate
def test_a_group_that_moved_is_a_reason_of_its_own() -> None:
    said = "Bad Request: group chat was upgraded to a supergroup chat"
    outcome = answered(400, said, ChatKind.GROUP, migrate_to_chat_id=-100777)
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "group_migrated"


@responses.activate
@pytest.mark.parametrize("status", [408, 425])
def test_what_was_not_taken_is_tried_again(status: int) -> None:
    assert isinstance(answered(status, "Request Timeout"), RetryAt)


@responses.activate
@pytest.mark.parametrize(
    ("kind", "seconds", "expected"),
    [
        (ChatKind.GROUP, 60, "group"),
        (ChatKind.GROUP, 61, "chat"),
        (ChatKind.DIRECT, 1, "chat"),
        (ChatKind.DIRECT, 3600, "chat"),
    ],
)
def test_the_first_429_holds_its_chat_alone(kind: ChatKind, seconds: int, expected: str) -> None:
    outcome = answered(429, "Too Many Requests", kind, retry_after=seconds)
    assert outcome == RetryAt(
        when=NOW + timedelta(seconds=seconds),
        reason=f"telegram: sendMessage: HTTP 429, too many messages in this {expected}",
        is_limit=True,
    )


A, B, C = "5001", "5002", "5003"
PASSES, REFUSED = 200, 429


@responses.activate
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([(A, REFUSED), (B, PASSES)], [RetryAt, Done]),
        ([(A, REFUSED), (B, REFUSED)], [RetryAt, AccountDown]),
        ([(A, REFUSED), (B, REFUSED), (C, None)], [RetryAt, AccountDown, AccountDown]),
        ([(A, REFUSED), (A, None)], [RetryAt, RetryAt]),
        ([(A, REFUSED), (B, PASSES), (C, REFUSED)], [RetryAt, Done, RetryAt]),
        (
            [(A, REFUSED), (B, PASSES), (B, REFUSED), (C, REFUSED)],
            [RetryAt, Done, RetryAt, AccountDown],
        ),
    ],
)
def test_a_second_chat_that_is_refused_is_the_bots_limit(
    asked: list[tuple[str, int | None]], expected: list[type[Outcome]]
) -> None:
    """None: that one is not asked for at all."""
    calls = [_answers(status) for _, status in asked if status is not None]
    run = [delivery(sending(chat_id=chat)) for chat, _ in asked]
    outcomes = TelegramOutbound(account()).deliver(run)
    assert [type(outcome) for outcome in outcomes] == expected
    assert len(responses.calls) == len(calls)


@responses.activate
def test_a_second_chat_is_the_bots_limit_across_runs_too_until_the_first_ones_time_is_over() -> (
    None
):
    outbound = TelegramOutbound(account())
    for _ in range(3):
        _answers(REFUSED)
    (first,) = outbound.deliver([delivery(sending(chat_id=A))])
    (second,) = outbound.deliver([delivery(sending(chat_id=B))])
    (late,) = outbound.deliver([delivery(sending(chat_id=B), now=NOW + timedelta(seconds=7))])
    assert [type(outcome) for outcome in (first, second, late)] == [RetryAt, AccountDown, RetryAt]


def _answers(status: int) -> int:
    sent = {"message_id": 9, "chat": {"id": 1, "type": "private"}, "date": 1763800000}
    refused = {"ok": False, "error_code": 429, "parameters": {"retry_after": 7}}
    body = {"ok": True, "result": sent} if status == PASSES else refused
    responses.post(f"{API}/sendMessage", json=body, status=status)
    return status


@responses.activate
@pytest.mark.parametrize(("seconds", "waits"), [(-5, 1), (10**12, 86_400)])
def test_an_odd_wait_is_bounded(seconds: int, waits: int) -> None:
    outcome = answered(429, "Too Many Requests", retry_after=seconds)
    assert isinstance(outcome, RetryAt)
    assert outcome.when == NOW + timedelta(seconds=waits)


@responses.activate
@pytest.mark.parametrize("body", ["[]", "null", "{", '{"parameters": 5, "description": 7}'])
def test_an_answer_of_another_shape_is_known_by_its_status(body: str) -> None:
    responses.post(f"{API}/sendMessage", body=body, status=400)
    (outcome,) = TelegramOutbound(account()).deliver([delivery(sending())])
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "HTTP_400"


@responses.activate
def test_a_link_that_telegram_cannot_take_and_we_cannot_fetch() -> None:
    said = {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: failed to get HTTP URL content",
    }
    responses.post(f"{API}/sendPhoto", json=said, status=400)
    media = Media(kind=MediaKind.IMAGE, url="http://10.0.0.1/casa.jpg")
    (outcome,) = TelegramOutbound(account()).deliver([delivery(sending(media=media))])
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "link_forbidden"


@responses.activate
def test_a_link_that_is_none_is_refused() -> None:
    media = Media(kind=MediaKind.DOCUMENT, url="http://[broken")
    (outcome,) = TelegramOutbound(account()).deliver([delivery(sending(media=media))])
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "link_forbidden"


@responses.activate
def test_a_read_waits_as_long_as_telegram_says() -> None:
    said = {"ok": False, "error_code": 429, "parameters": {"retry_after": 7}}
    responses.post(f"{API}/getWebhookInfo", json=said, status=429)
    with pytest.raises(DeliveryTransient) as refused:
        TelegramReader(account()).channels()
    assert refused.value.retry_at is not None
    assert refused.value.account_wide
