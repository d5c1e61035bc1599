"""What a message says of the client, of itself, and of what it holds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.events import (
    ChatBlocked,
    Event,
    MessageReacted,
    MessageReceived,
    MessageSent,
)
from bridge.domain.messaging import ChatKind, IdentityKind, MediaKind, Referral
from connectors.telegram.chats import message_id_of, number_in_chat
from connectors.telegram.inbound import TelegramInbound
from tests.connectors.telegram.building import account, message, posted

GROUP = {"id": -100, "type": "supergroup", "title": "Acme"}
FILE = {"file_id": "F", "file_unique_id": "U"}


def only(**update: Any) -> Event:
    (event,) = TelegramInbound(account()).parse(posted(**update)).events
    return event


def received(**fields: Any) -> MessageReceived:
    event = only(message=message(**fields))
    assert isinstance(event, MessageReceived)
    return event


def card(**fields: Any) -> dict[str, Any]:
    return {"phone_number": "525512345678", "first_name": "Eva"} | fields


@pytest.mark.parametrize("number", ["525512345678", "+525512345678", "+52 55 1234 5678"])
def test_a_card_of_ones_own_proves_the_number(number: str) -> None:
    chat = received(contact=card(phone_number=number, user_id=5001)).chat
    assert chat.phone == "+525512345678"
    assert [(one.kind, one.value) for one in chat.identities] == [
        (IdentityKind.PHONE, "+525512345678"),
        (IdentityKind.USER, "5001"),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"contact": card(user_id=5002)},
        {"contact": card()},
        {"contact": card(user_id=5001, phone_number="call me")},
        {"contact": card(user_id=5001, phone_number="12")},
        {"contact": card(user_id=5001), "chat": GROUP},
        {"contact": card(user_id=5001), "from": {"id": 5002, "first_name": "Luis"}},
    ],
)
def test_any_other_card_proves_nothing(fields: dict[str, Any]) -> None:
    chat = received(**fields).chat
    assert chat.phone is None
    assert IdentityKind.PHONE not in {one.kind for one in chat.identities}


def test_a_username_is_shown_and_nobody_is_known_by_it() -> None:
    chat = received(chat={"id": 5001, "type": "private", "username": "eva"}).chat
    assert chat.username == "eva"
    assert [(one.kind, one.value) for one in chat.identities] == [(IdentityKind.USER, "5001")]


def test_a_group_is_named_by_its_title_and_the_message_by_its_writer() -> None:
    event = received(chat=GROUP)
    assert (event.chat.kind, event.chat.name, event.chat.identities) == (ChatKind.GROUP, "Acme", ())
    assert event.author_name == "Eva"
    assert received().author_name == ""


def test_an_admin_may_write_in_the_groups_name() -> None:
    assert received(chat=GROUP, sender_chat=GROUP).author_name == "Acme"


def test_a_chat_without_a_type_is_told_by_its_id() -> None:
    assert received(chat={"id": -5, "title": "Acme"}).chat.kind is ChatKind.GROUP
    assert received(chat={"id": 5001}).chat.name == "Eva"


def test_a_link_that_brought_him_names_itself() -> None:
    assert received(text="/start ads_mx-42").referral == Referral(
        source="link", source_id="ads_mx-42"
    )
    assert received(text="/start").referral is None
    assert received(text="/startle me").referral is None


def test_the_largest_photo_is_taken() -> None:
    sizes = [FILE | {"file_id": name, "width": w, "height": 9} for name, w in (("b", 9), ("a", 3))]
    (media,) = received(photo=sizes).media
    assert (media.kind, media.media_id, media.content_type) == (MediaKind.IMAGE, "b", "image/jpeg")
    assert media.url == ""


def test_an_animation_is_one_file() -> None:
    event = received(animation=FILE | {"mime_type": "video/mp4"}, document=FILE)
    assert [media.kind for media in event.media] == [MediaKind.VIDEO]


def test_a_live_photo_is_a_picture_and_a_film() -> None:
    event = received(live_photo=FILE, photo=[FILE])
    assert {media.kind for media in event.media} == {MediaKind.IMAGE, MediaKind.VIDEO}


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({}, "image/webp"),
        ({"is_animated": True}, "application/x-tgsticker"),
        ({"is_video": True}, "video/webm"),
    ],
)
def test_a_sticker_is_of_its_kind(about: dict[str, bool], expected: str) -> None:
    (media,) = received(sticker=FILE | about).media
    assert (media.kind, media.content_type) == (MediaKind.STICKER, expected)


def test_a_caption_is_the_text() -> None:
    fields = {key: value for key, value in message().items() if key != "text"}
    event = only(message=fields | {"photo": [FILE], "caption": "Mi casa"})
    assert isinstance(event, MessageReceived)
    assert event.text == "Mi casa"


def test_a_link_that_hides_behind_words_is_written_out() -> None:
    link = {"type": "text_link", "offset": 3, "length": 4, "url": "https://a.example"}
    bold = {"type": "bold", "offset": 0, "length": 2}
    assert received(text="👍 aquí.", entities=[bold, link]).text == "👍 aquí (https://a.example)."


@given(
    text=st.text(min_size=1),
    offset=st.integers(-10, 40),
    length=st.integers(-10, 40),
    url=st.text(max_size=5),
)
def test_no_offset_breaks_a_text(text: str, offset: int, length: int, url: str) -> None:
    link = {"type": "text_link", "offset": offset, "length": length, "url": url}
    event = received(text=text, entities=[link])
    event.text.encode()
    assert event.text.startswith(event.text[:1])


def test_who_writes_from_the_phone_is_not_the_bridge() -> None:
    rep = {"id": 9001, "first_name": "Ana"}
    by_hand = only(business_message=message(business_connection_id="b", **{"from": rep}))
    ours = only(
        business_message=message(
            business_connection_id="b", sender_business_bot={"id": 7}, **{"from": rep}
        )
    )
    assert isinstance(by_hand, MessageSent)
    assert isinstance(ours, MessageSent)
    assert (by_hand.sent_from, by_hand.author_name, by_hand.automatic) == ("phone", "Ana", False)
    assert ours.sent_from == "api"
    assert by_hand.chat.name == "Eva"


def test_all_of_a_reaction_counts() -> None:
    kinds = [{"type": "emoji", "emoji": "👍"}, {"type": "paid"}, {"type": "of tomorrow"}]
    told = {
        "chat": {"id": 5001, "type": "private"},
        "message_id": 7,
        "date": 1763800000,
        "old_reaction": [],
        "new_reaction": kinds,
    }
    event = only(message_reaction=told)
    assert isinstance(event, MessageReacted)
    assert (event.message_id, event.emoji) == ("5001:7", "👍⭐(a reaction)")


@pytest.mark.parametrize(
    ("member", "blocked"),
    [
        ({"status": "kicked"}, True),
        ({"status": "left"}, True),
        ({"status": "restricted", "can_send_messages": False}, True),
        ({"status": "restricted", "can_send_messages": True}, False),
        ({"status": "member"}, False),
        ({"status": "administrator"}, False),
    ],
)
def test_who_can_hear_the_bot(member: dict[str, Any], blocked: bool) -> None:
    told = {"chat": GROUP, "from": {"id": 1}, "date": 1763800000, "new_chat_member": member}
    event = only(my_chat_member=told)
    assert isinstance(event, ChatBlocked)
    assert event.blocked is blocked


def test_a_button_without_its_label_is_told_by_what_it_stands_for() -> None:
    gone = {"message_id": 7, "chat": {"id": 5001, "type": "private"}, "date": 0}
    query = {"id": "1", "from": {"id": 5001, "first_name": "Eva"}, "message": gone, "data": "yes"}
    event = only(callback_query=query)
    assert isinstance(event, MessageReceived)
    assert (event.text, event.pressed, event.reply_to) == ("yes", "yes", "5001:7")


@given(
    channel=st.sampled_from(["bot", "conn", "a:b"]),
    chat=st.integers(-(2**52), 2**52).map(str),
    number=st.integers(1, 2**31),
)
def test_a_message_is_found_by_our_id_in_its_own_chat_alone(
    channel: str, chat: str, number: int
) -> None:
    ours = message_id_of(channel, chat, str(number))
    assert number_in_chat(ours, channel, chat) == number
    assert number_in_chat(ours, channel, f"{chat}0") is None
    assert number_in_chat(ours, "other", chat) is None
