"""All that Telegram's interface can say becomes an event, a line that people can read, or a word:
nothing is silent, nothing is refused."""

from typing import Any

import pytest

from bridge.domain.events import MessageReceived
from bridge.ports import Parsed
from connectors.telegram.inbound import TelegramInbound
from connectors.telegram.words import ALLOWED_UPDATES, SERVICE, UNKNOWN_CONTENT
from tests.connectors.telegram.bot_api import check_update, fields_of, sample
from tests.connectors.telegram.building import account, message, posted

# About a message, not in it.
ABOUT = frozenset(
    """
    message_id message_thread_id direct_messages_topic from sender_chat sender_boost_count
    sender_business_bot sender_tag date guest_query_id business_connection_id chat forward_origin
    is_topic_message is_automatic_forward reply_to_message external_reply quote reply_to_story
    reply_to_checklist_task_id reply_to_poll_option_id via_bot guest_bot_caller_user
    guest_bot_caller_chat edit_date has_protected_content is_from_offline is_paid_post
    media_group_id author_signature paid_star_count entities link_preview_options
    suggested_post_info effect_id caption caption_entities show_caption_above_media
    has_media_spoiler reply_markup
    """.split()
)
MOVES = frozenset({"migrate_to_chat_id", "migrate_from_chat_id"})
CONTENT = [field for field in fields_of("Message") if field["name"] not in ABOUT | SERVICE | MOVES]
NOTES = [field for field in fields_of("Message") if field["name"] in SERVICE]
KINDS = [field for field in fields_of("Update") if field["name"] != "update_id"]


def parsed(**update: Any) -> Parsed:
    return TelegramInbound(account()).parse(posted(**update))


def bare(**fields: Any) -> dict[str, Any]:
    """A Message without a text but for what is given."""
    return {key: value for key, value in message().items() if key != "text"} | fields


@pytest.mark.parametrize("field", CONTENT, ids=lambda field: field["name"])
def test_every_content_is_a_text_or_a_file(field: dict[str, Any]) -> None:
    found = parsed(message=bare(**{field["name"]: sample(field["types"][0])}))
    (event,) = found.events
    assert isinstance(event, MessageReceived)
    assert event.text or event.media
    assert event.text != UNKNOWN_CONTENT or field["name"] == "rich_message"


@pytest.mark.parametrize("field", NOTES, ids=lambda field: field["name"])
def test_every_note_of_a_chat_is_told_by_its_word(field: dict[str, Any]) -> None:
    found = parsed(message=bare(**{field["name"]: sample(field["types"][0])}))
    assert found == Parsed.ignore(field["name"])


def test_every_note_is_one_that_telegram_writes() -> None:
    assert {field["name"] for field in fields_of("Message")} >= SERVICE | ABOUT | MOVES


@pytest.mark.parametrize("field", KINDS, ids=lambda field: field["name"])
def test_every_kind_of_update_is_read_or_told_by_its_word(field: dict[str, Any]) -> None:
    update = {"update_id": 1, field["name"]: sample(field["types"][0])}
    check_update(update)
    found = parsed(**update)
    assert found.rejected == ()
    assert bool(found.events) or found.ignored


@pytest.mark.parametrize("word", ALLOWED_UPDATES)
def test_what_is_asked_for_is_a_kind_of_update_and_read(word: str) -> None:
    (field,) = [field for field in KINDS if field["name"] == word]
    assert parsed(**{word: sample(field["types"][0])}).ignored in ((), ("inline_button",))
