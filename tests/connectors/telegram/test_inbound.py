"""The door: who may post updates, and what he hears."""

import json
from dataclasses import replace

import pytest

from bridge.domain.errors import PayloadInvalid, SignatureInvalid
from bridge.domain.events import MessageDeleted, MessageEdited, MessageReceived
from bridge.ports import Answer, RawRequest
from connectors.telegram.inbound import TelegramInbound
from tests.connectors.telegram.building import (
    HEADER,
    SECRET_TOKEN,
    account,
    message,
    posted,
    request,
)

OLD_TOKEN = "secret-of-last-year"
PLACE_OF_CONNECTION = "$.business_message.business_connection_id"


def inbound(*tokens: str) -> TelegramInbound:
    return TelegramInbound(account(secret_tokens=tokens or (SECRET_TOKEN,)))


@pytest.mark.parametrize("token", [SECRET_TOKEN, OLD_TOKEN])
def test_the_secret_token_opens_and_the_old_one_while_rotating(token: str) -> None:
    inbound(SECRET_TOKEN, OLD_TOKEN).verify(request(token=token))


@pytest.mark.parametrize(
    "token",
    [
        "",
        SECRET_TOKEN[:-1],
        f"{SECRET_TOKEN}x",
        SECRET_TOKEN.lower(),
        f"{SECRET_TOKEN}, {SECRET_TOKEN}",
        f" {SECRET_TOKEN}",
        OLD_TOKEN,
        "ключ",
        "\ud800",
    ],
)
def test_anything_else_is_refused_without_telling_the_token(token: str) -> None:
    with pytest.raises(SignatureInvalid) as refused:
        inbound().verify(request(token=token))
    assert SECRET_TOKEN not in str(refused.value)


def test_without_the_header_nothing_opens() -> None:
    with pytest.raises(SignatureInvalid):
        inbound().verify(replace(request(), headers={}))


def test_only_a_post_opens() -> None:
    with pytest.raises(SignatureInvalid):
        inbound().verify(replace(request(), method="GET", headers={HEADER: SECRET_TOKEN}))


def test_nothing_is_asked_first() -> None:
    assert inbound().handshake(request()) is None


def test_the_answer_is_a_plain_200() -> None:
    assert inbound().accepted(posted(message=message())) == Answer()


def test_a_pressed_button_is_answered_at_once() -> None:
    """Else the client's app shows it as pressed for a minute."""
    answer = inbound().accepted(posted(callback_query={"id": "42", "data": "yes"}))
    assert answer.status == 200
    assert answer.content_type == "application/json"
    assert json.loads(answer.body) == {"method": "answerCallbackQuery", "callback_query_id": "42"}


@pytest.mark.parametrize(
    "told",
    [
        posted(callback_query={}),
        posted(callback_query=[]),
        posted(message=message(text='a "callback_query" in words')),
        request(b'{"callback_query": '),
        request(b'"callback_query"'),
    ],
)
def test_what_only_looks_like_a_button_gets_a_plain_200(told: RawRequest) -> None:
    assert inbound().accepted(told) == Answer()


def test_each_item_of_an_update_is_read_on_its_own() -> None:
    parsed = inbound().parse(
        posted(message={"message_id": "x"}, edited_message=message(text="ya"), poll={"id": "1"})
    )
    assert [type(event) for event in parsed.events] == [MessageEdited]
    assert [refused.path for refused in parsed.rejected] == ["$.message.chat"]
    assert parsed.ignored == ("poll",)


def test_a_broken_number_leaves_the_other_deletions_alone() -> None:
    told = {
        "business_connection_id": "b",
        "chat": {"id": 5, "type": "private"},
        "message_ids": [1, None, 2],
    }
    parsed = inbound().parse(posted(deleted_business_messages=told))
    deleted = [event for event in parsed.events if isinstance(event, MessageDeleted)]
    assert [event.message_id for event in deleted] == ["b:5:1", "b:5:2"]
    assert [one.path for one in parsed.rejected] == ["$.deleted_business_messages.message_ids[1]"]


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{"])
def test_what_is_no_update_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        inbound().parse(request(body))


@pytest.mark.parametrize(
    ("update", "path"),
    [
        (
            {"deleted_business_messages": {"chat": {"id": 5}}},
            "$.deleted_business_messages.message_ids",
        ),
        ({"deleted_business_messages": 5}, "$.deleted_business_messages"),
        ({"business_message": message(business_connection_id="x" * 201)}, PLACE_OF_CONNECTION),
        ({"message_reaction": {"message_id": 1, "chat": {"id": 5}}}, "$.message_reaction.date"),
        ({"my_chat_member": {"chat": {"id": 5}}}, "$.my_chat_member.new_chat_member"),
        ({"business_connection": {"id": "b"}}, "$.business_connection.is_enabled"),
        ({"message": message(location={"latitude": "1"})}, "$.message.location.latitude"),
        ({"message": message(date="now")}, "$.message.date"),
    ],
)
def test_what_is_broken_is_told_with_its_place(update: dict[str, object], path: str) -> None:
    parsed = inbound().parse(posted(**update))
    assert parsed.events == ()
    assert [refused.path for refused in parsed.rejected] == [path]


def test_an_item_of_null_counts_as_none() -> None:
    assert inbound().parse(posted(message=None)).ignored == ("empty",)


def test_the_same_number_in_two_chats_is_two_messages() -> None:
    """Telegram numbers messages within each chat, and business accounts on their own."""
    chats = [{"id": 5001, "type": "private"}, {"id": -100, "type": "supergroup"}]
    told = [{"message": message(chat=chat)} for chat in chats]
    told += [
        {"business_message": message(business_connection_id=one)} for one in ("conn-a", "conn-b")
    ]
    events = [event for one in told for event in inbound().parse(posted(**one)).events]
    assert len({event.event_key for event in events}) == 4
    assert [e.message_id for e in events if isinstance(e, MessageReceived)] == [
        "5001:7",
        "-100:7",
        "conn-a:5001:7",
        "conn-b:5001:7",
    ]


def test_two_edits_within_a_second_are_two_facts_and_a_repeat_is_one() -> None:
    def key(update_id: int, text: str) -> str:
        edited = message(text=text, edit_date=1763800100)
        (event,) = inbound().parse(posted(update_id=update_id, edited_message=edited)).events
        return event.event_key

    assert len({key(1, "a"), key(2, "b"), key(3, "a")}) == 3
    assert key(1, "a") == key(1, "a")
