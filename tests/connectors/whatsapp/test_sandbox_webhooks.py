"""The stand-in posts what Meta posts, as Meta signs it, and the connector reads it."""

from typing import Any
from urllib.parse import urlencode

import pytest

from bridge.domain.events import (
    ChannelChanged,
    Event,
    MessageDeleted,
    MessageEdited,
    MessageReacted,
    MessageReceived,
    MessageSent,
    MessageStatusChanged,
)
from bridge.domain.messaging import Direction
from tests.connectors.whatsapp.building import APP, APP_SECRET, CLIENT, VERIFY
from tests.connectors.whatsapp.meta import Meta, Post


def told(meta: Meta, post: Post) -> list[Event]:
    meta.settle()
    return post.events()


def statuses(events: list[Event]) -> list[tuple[str, str, str]]:
    found = [event for event in events if isinstance(event, MessageStatusChanged)]
    return [(event.status, event.our_key, event.error_code) for event in found]


def test_a_clients_message_comes_with_number_and_user_id(meta: Meta, post: Post) -> None:
    message_id = meta.writes("Hola ñ 👍", name="Eva")
    (event,) = told(meta, post)
    assert isinstance(event, MessageReceived)
    assert (event.message_id, event.text, event.chat.name) == (message_id, "Hola ñ 👍", "Eva")
    assert (event.chat.chat_id, len(event.chat.identities)) == (CLIENT, 2)


def test_a_client_who_hides_keeps_one_chat(meta: Meta, post: Post) -> None:
    meta.writes("first", username="eva.g")
    meta.writes("then", hides=True)
    first, then = told(meta, post)
    assert isinstance(first, MessageReceived)
    assert isinstance(then, MessageReceived)
    assert first.chat.chat_id == then.chat.chat_id
    assert (first.chat.phone, then.chat.phone) == (f"+{CLIENT}", None)


def test_he_edits_deletes_reacts_and_replies(meta: Meta, post: Post) -> None:
    message_id = meta.writes("one")
    meta.writes("uno", edit=message_id)
    meta.writes("👍", react=message_id)
    meta.writes("", react=message_id)
    meta.writes("two", reply_to=message_id)
    meta.writes(delete=message_id)
    _, edited, liked, unliked, reply, deleted = told(meta, post)
    assert isinstance(edited, MessageEdited)
    assert (edited.message_id, edited.text, edited.direction) == (message_id, "uno", Direction.IN)
    assert isinstance(liked, MessageReacted)
    assert isinstance(unliked, MessageReacted)
    assert (liked.message_id, liked.emoji, unliked.emoji) == (message_id, "👍", "")
    assert isinstance(reply, MessageReceived)
    assert reply.reply_to == message_id
    assert isinstance(deleted, MessageDeleted)
    assert deleted.message_id == message_id


def test_what_the_rep_types_comes_back_as_typed_by_phone(meta: Meta, post: Post) -> None:
    message_id = meta.writes("from the phone", by_phone=True)
    meta.writes("corrected", by_phone=True, edit=message_id)
    meta.writes(by_phone=True, delete=message_id)
    sent, edited, deleted = told(meta, post)
    assert isinstance(sent, MessageSent)
    assert (sent.sent_from, sent.chat.chat_id, sent.text) == ("phone", CLIENT, "from the phone")
    assert isinstance(edited, MessageEdited)
    assert isinstance(deleted, MessageDeleted)
    assert (edited.direction, deleted.direction) == (Direction.OUT, Direction.OUT)


def test_a_send_is_told_of_with_our_key_and_never_echoed(meta: Meta, post: Post) -> None:
    meta.writes()
    meta.send(biz_opaque_callback_data="ms_7")
    found = told(meta, post)
    assert statuses(found) == [(word, "ms_7", "") for word in ("sent", "delivered", "read")]
    assert not [event for event in found if isinstance(event, MessageSent)]


def test_outside_the_window_a_text_is_taken_and_fails_later(meta: Meta, post: Post) -> None:
    assert meta.send(biz_opaque_callback_data="ms_7").status == 200
    assert statuses(told(meta, post)) == [("failed", "ms_7", "131047")]


def test_the_window_closes_a_day_after_the_client_wrote(meta: Meta, post: Post) -> None:
    meta.writes()
    meta.steer("advance", seconds=86_399 - 60)
    meta.send()
    meta.steer("advance", seconds=120)
    meta.send()
    assert [word for word, _, _ in statuses(told(meta, post))][-2:] == ["read", "failed"]


def test_a_template_leaves_at_any_time(meta: Meta, post: Post) -> None:
    values = [{"type": "text", "text": text} for text in ("Eva", "FALL25")]
    template = {
        "name": "promo",
        "language": {"code": "en_US"},
        "components": [{"type": "body", "parameters": values}],
    }
    meta.send(type="template", template=template)
    assert [word for word, _, _ in statuses(told(meta, post))] == ["sent", "delivered", "read"]


def test_a_number_without_whatsapp_fails(meta: Meta, post: Post) -> None:
    meta.send(to="16505550000")
    assert statuses(told(meta, post)) == [("failed", "", "131026")]


def test_fields_that_are_not_subscribed_to_stay_away(meta: Meta, post: Post) -> None:
    meta.steer("seed", webhook={"address": post.url, "fields": ["messages"]})
    meta.writes("from the phone", by_phone=True)
    meta.writes("from the client")
    assert [type(event) for event in told(meta, post)] == [MessageReceived]


def test_news_of_a_number_come_in_metas_envelope(meta: Meta, post: Post) -> None:
    news = {"display_phone_number": "15550783881", "event": "FLAGGED", "current_limit": "TIER_1K"}
    meta.steer("field", field="phone_number_quality_update", value=news)
    (event,) = told(meta, post)
    assert isinstance(event, ChannelChanged)
    assert (event.plain_id, event.state) == ("15550783881", None)


def test_any_body_can_be_posted_signed(meta: Meta, post: Post) -> None:
    meta.steer("post", object="page")
    meta.settle()
    assert post.bodies == [b'{"object":"page"}']


def test_a_refused_webhook_is_posted_again(meta: Meta, post: Post) -> None:
    post.refusals = 2
    meta.writes()
    (event,) = told(meta, post)
    assert isinstance(event, MessageReceived)
    assert post.refusals == 0


@pytest.mark.parametrize(
    "answer", [{"verify_token": "wrong"}, {"callback_url": "http://127.0.0.1:9/"}]
)
def test_an_address_is_only_taken_after_the_handshake(
    meta: Meta, post: Post, answer: dict[str, Any]
) -> None:
    form = {
        "object": "whatsapp_business_account",
        "callback_url": post.url,
        "verify_token": VERIFY,
        "fields": "messages",
    }
    headers = {
        "Authorization": f"Bearer {APP}|{APP_SECRET}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    path = f"/v23.0/{APP}/subscriptions"
    assert meta.ask("POST", path, urlencode(form), headers).status == 200
    assert meta.ask("POST", path, urlencode(form | answer), headers).code == 2200
    assert meta.state()["webhook"]["address"] == post.url
