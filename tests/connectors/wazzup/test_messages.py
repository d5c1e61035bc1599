"""What an item of `messages` says: direction, author, chat, files, times (WZ-09, WZ-12 to 16)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.domain.events import MessageReceived, MessageSent, MessageStatusChanged
from bridge.domain.messaging import (
    ChannelState,
    Chat,
    ChatKind,
    Media,
    MediaKind,
    MessageStatus,
    Messenger,
)
from connectors.wazzup.inbound import WazzupInbound
from connectors.wazzup.words import CHAT_TYPES, channel_state
from tests.connectors.wazzup.building import NOW, account, message, posted

INBOUND = WazzupInbound(account())


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"isEcho": False, "status": "read"}, MessageReceived),
        ({"isEcho": "false"}, MessageReceived),
        ({"isEcho": True, "status": "inbound"}, MessageSent),
        ({"isEcho": "True"}, MessageSent),
        ({"isEcho": None, "status": "inbound"}, MessageReceived),
        ({"isEcho": None, "status": "delivered"}, MessageSent),
    ],
)
def test_wz_09_is_echo_tells_the_direction(fields: dict[str, Any], kind: type) -> None:
    assert isinstance(_event(**fields), kind)


def test_wz_09_an_echo_names_its_author_and_where_it_was_typed() -> None:
    event = _sent(authorId=12, authorName="Ana", sentFromApp=True, status="delivered")
    assert (event.author, event.author_name, event.sent_from) == ("12", "Ana", "window")
    assert event.status is MessageStatus.DELIVERED


def test_wz_09_an_echo_without_author_has_none() -> None:
    event = _sent(authorId="", authorName=None, sentFromApp=False)
    assert (event.author, event.author_name, event.sent_from) == (None, "", "")


def test_wz_09_a_failed_echo_says_why() -> None:
    error = {"error": "SPAM", "description": "suspicious"}
    told = posted(messages=[message(isEcho=True, status="error", error=error)])
    sent, failed = INBOUND.parse(told).events
    assert isinstance(sent, MessageSent)
    assert isinstance(failed, MessageStatusChanged)
    assert sent.status is failed.status is MessageStatus.FAILED
    assert (failed.error_code, failed.error_detail) == ("SPAM", "suspicious")


def test_an_error_may_be_a_bare_code() -> None:
    statuses = [{"messageId": "m", "status": "error", "error": "BAD_LINK"}]
    (event,) = INBOUND.parse(posted(statuses=statuses)).events
    assert isinstance(event, MessageStatusChanged)
    assert (event.error_code, event.error_detail) == ("BAD_LINK", "")


@pytest.mark.parametrize(
    ("name", "chat_id", "expected"),
    [
        ("79111111111", "79111111111", None),
        ("+7 (911) 111-11-11", "79111111111", None),
        ("Eva", "79111111111", "Eva"),
        ("  Eva ", "79111111111", "Eva"),
        ("", "79111111111", None),
        (None, "79111111111", None),
        ("112", "79111111111", "112"),
        ("Taxi 79111111111", "79111111111", "Taxi 79111111111"),
    ],
)
def test_wz_12_a_number_in_place_of_the_name_is_no_name(
    name: str | None, chat_id: str, expected: str | None
) -> None:
    assert _chat(chatId=chat_id, contact={"name": name}).name == expected


def test_wz_12_the_telegram_phone_in_place_of_the_name_is_no_name() -> None:
    contact = {"name": "525512345678", "phone": "525512345678"}
    assert _chat(chatType="telegram", chatId="guid", contact=contact).name is None


@pytest.mark.parametrize(
    ("chat_type", "chat_id", "contact", "phone", "username"),
    [
        ("whatsapp", "79111111111", {}, "+79111111111", None),
        ("whatsapp", 79111111111, {}, "+79111111111", None),
        ("viber", "79111111111", {}, "+79111111111", None),
        ("whatsapp", "1234567890123456", {}, None, None),  # no phone has 16 digits
        ("whatsapp", "1234567890123456", {"phone": "79111111111"}, "+79111111111", None),
        ("telegram", "guid", {"phone": "7 911 111-11-11"}, "+79111111111", None),
        ("telegram", "guid", {"username": "@eva"}, None, "eva"),
        ("telegram", "79111111111", {}, None, None),
        ("max", "guid", {"phone": "79111111111"}, "+79111111111", None),
        ("max", "guid", {"phone": "hidden"}, None, None),
        ("instagram", "shop.eva", {"name": "Eva"}, None, "shop.eva"),
        ("avito", "u2i-1", None, None, None),
        ("whatsgroup", "79111111111", {"phone": "79111111111", "username": "x"}, None, None),
    ],
)
def test_wz_13_phone_and_username(
    chat_type: str,
    chat_id: str | int,
    contact: dict[str, str] | None,
    phone: str | None,
    username: str | None,
) -> None:
    chat = _chat(chatType=chat_type, chatId=chat_id, contact=contact)
    assert (chat.chat_id, chat.phone, chat.username) == (str(chat_id), phone, username)


@pytest.mark.parametrize("word", ["whatsgroup", "telegroup", "maxgroup"])
def test_wz_14_a_group_is_a_group(word: str) -> None:
    assert _chat(chatType=word).kind is ChatKind.GROUP


@pytest.mark.parametrize("word", sorted(CHAT_TYPES))
def test_wz_16_every_documented_chat_type_has_its_messenger(word: str) -> None:
    assert _chat(chatType=word).messenger is not Messenger.OTHER


@pytest.mark.parametrize("word", ["cian", "", None])
def test_wz_16_an_unknown_chat_type_is_kept(word: str | None) -> None:
    chat = _chat(chatType=word)
    assert (chat.messenger, chat.kind) == (Messenger.OTHER, ChatKind.DIRECT)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("image", MediaKind.IMAGE),
        ("audio", MediaKind.AUDIO),
        ("video", MediaKind.VIDEO),
        ("document", MediaKind.DOCUMENT),
        ("vcard", MediaKind.CONTACT_CARD),
        ("geo", MediaKind.LOCATION),
        ("unsupported", MediaKind.OTHER),
        ("text", MediaKind.OTHER),
    ],
)
def test_wz_16_a_file_has_its_kind_name_and_caption(kind: str, expected: MediaKind) -> None:
    event = _received(type=kind, contentUri="https://s.example/x/plan.pdf?sig=1", text="see")
    url = "https://s.example/x/plan.pdf?sig=1"
    assert event.media == (Media(kind=expected, url=url, name="plan.pdf"),)
    assert event.text == "see"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://s.example/a/?filename=../../etc/passwd", "passwd"),
        ("https://s.example/a/%D1%84.png", "ф.png"),
        ("https://s.example/", ""),
        ("http://[broken", ""),
    ],
)
def test_a_file_name_is_only_a_name(url: str, name: str) -> None:
    assert _received(type="image", contentUri=url).media[0].name == name


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("missing_call", "(missed call)"),
        ("unsupported", "(a message that Wazzup can't show)"),
        ("wapi_template", "(a message that Wazzup can't show)"),
        ("hologram", "(a message that Wazzup can't show)"),
        ("text", ""),
    ],
)
def test_wz_16_what_has_no_text_still_shows(kind: str, text: str) -> None:
    assert _received(type=kind, text=None).text == text


def test_wz_16_a_place_or_a_card_without_link_is_still_one() -> None:
    assert _received(type="geo", text=None).media == (Media(kind=MediaKind.LOCATION),)
    assert _received(type="vcard", text=None).text == ""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2025-07-01T10:00:00.250Z", datetime(2025, 7, 1, 10, 0, 0, 250_000, UTC)),
        ("2025-07-01T10:00:00.250", datetime(2025, 7, 1, 10, 0, 0, 250_000, UTC)),
        ("2025-07-01T13:00:00+03:00", datetime(2025, 7, 1, 10, tzinfo=UTC)),
        (1751364000000, datetime(2025, 7, 1, 10, tzinfo=UTC)),
        ("1751364000000", datetime(2025, 7, 1, 10, tzinfo=UTC)),
        (1751364000, datetime(2025, 7, 1, 10, tzinfo=UTC)),
        (None, NOW),
        ("", NOW),
    ],
)
def test_trap_7_times_in_every_spelling(given: Any, expected: datetime) -> None:
    assert _received(dateTime=given).occurred_at == expected


@pytest.mark.parametrize("given", ["yesterday", True, {}, 10**18, "9" * 30, -(10**18)])
def test_a_time_that_is_none_is_refused(given: Any) -> None:
    (refused,) = INBOUND.parse(posted(messages=[message(dateTime=given)])).rejected
    assert refused.path == "$.messages[0].dateTime"


@pytest.mark.parametrize(
    ("quoted", "expected"),
    [
        ({"messageId": "m-0"}, "m-0"),
        ({"id": "m-0"}, "m-0"),
        ({"text": "x"}, None),
        ({"messageId": 5}, None),
        ("m-0", None),
        (None, None),
    ],
)
def test_a_quotation_names_its_message_if_it_can(quoted: Any, expected: str | None) -> None:
    assert _received(quotedMessage=quoted).reply_to == expected


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("active", ChannelState.ACTIVE),
        ("qridle", ChannelState.UNREACHABLE),
        ("openElsewhere", ChannelState.UNREACHABLE),
        ("openelsewhere", ChannelState.UNREACHABLE),
        ("waitForPassword", ChannelState.CONNECTING),
        ("notEnoughMoney", ChannelState.UNPAID),
        ("rejected", ChannelState.BLOCKED),
        ("disabled", ChannelState.DISABLED),
        ("sleeping", ChannelState.UNKNOWN),
    ],
)
def test_trap_7_channel_states_in_both_spellings(word: str, state: ChannelState) -> None:
    assert channel_state(word) is state


def _event(**fields: Any) -> object:
    (event,) = INBOUND.parse(posted(messages=[message(**fields)])).events
    return event


def _received(**fields: Any) -> MessageReceived:
    event = _event(**fields)
    assert isinstance(event, MessageReceived)
    return event


def _sent(**fields: Any) -> MessageSent:
    event = _event(**({"isEcho": True, "status": "sent"} | fields))
    assert isinstance(event, MessageSent)
    return event


def _chat(**fields: Any) -> Chat:
    return _received(**fields).chat
