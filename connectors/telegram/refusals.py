"""What Telegram's answers to a send mean for the message: give up, wait, send another way.

The Bot API has few error codes and tells the rest in words, which are not listed anywhere: those
below are what its own server writes (github.com/tdlib/telegram-bot-api, Client.cpp).
"""

from datetime import timedelta

from bridge.ports import AccountDown, Delivery, Outcome, Rejected, RetryAt
from connectors.http import HttpAnswer
from connectors.telegram.client import description, parameter, shown

OUTAGE = timedelta(seconds=15)

_WAIT = "wait for the client to write"
_CHAT_GONE = "the chat is gone: reach the client another way"
_CONNECTION = "the business connection is gone or may not reply: run bridge doctor"
_RIGHTS = "the bot has no right to write this in the group: ask its admins"
_FILE = "Telegram does not take this file: send another format, or as a document"

# What Telegram's words hold → our reason, and what a person does about it.
_REASONS = {
    "bot was blocked by the user": ("bot_blocked", "the client has blocked the bot"),
    "user is deactivated": ("user_deactivated", "the client's account is deleted"),
    "can't initiate conversation": ("cannot_write_first", _WAIT),
    "can't send messages to bots": ("chat_is_bot", "one bot can't write to another"),
    "bot was kicked": ("bot_removed", "the bot was put out of the group: ask to be let in again"),
    "bot is not a member": ("bot_removed", "the bot is not in the group: ask to be let in"),
    "chat not found": ("chat_not_found", "Telegram knows no such chat of this bot"),
    "peer_id_invalid": ("chat_not_found", "Telegram knows no such chat of this bot"),
    "business_peer_usage_missing": ("window_closed", f"24 hours without a word: {_WAIT}"),
    "business_peer_invalid": ("chat_not_found", _CHAT_GONE),
    "business_connection": ("business_connection_invalid", _CONNECTION),
    "business connection": ("business_connection_invalid", _CONNECTION),
    "group chat was deactivated": ("chat_gone", _CHAT_GONE),
    "chat_write_forbidden": ("no_right_to_write", _RIGHTS),
    "not enough rights": ("no_right_to_write", _RIGHTS),
    "have no rights": ("no_right_to_write", _RIGHTS),
    "voice_messages_forbidden": ("voice_forbidden", "the client takes no voice messages: write"),
    "message text is empty": ("text_empty", "the text is empty"),
    "text must be non-empty": ("text_empty", "the text is empty"),
    "message is too long": ("text_too_long", "longer than 4,096 characters: send it in parts"),
    "message to be replied not found": ("reply_not_found", "the quoted message is gone"),
    "wrong file identifier": ("file_refused", _FILE),
    "file must be non-empty": ("file_refused", "the file is empty"),
    "photo_invalid_dimensions": ("file_refused", "the picture is too large: send it as a document"),
    "image_process_failed": ("file_refused", _FILE),
    "request entity too large": ("file_too_large", "larger than 50 MB (a picture: 10 MB)"),
    "file is too big": ("file_too_large", "larger than 50 MB (a picture: 10 MB)"),
}

# It could not, or would not, get the file by its link; nothing was sent.
_LINK_WORDS = (
    "failed to get http url content",
    "wrong type of the web page content",
    "wrong http url",
    "http url specified",
    "wrong remote file",
    "webpage_",
    "media_empty",
    "external_url_invalid",
)


def is_link_trouble(answer: HttpAnswer) -> bool:
    said = description(answer).lower()
    return answer.status == 400 and any(word in said for word in _LINK_WORDS)


def refusal(operation: str, delivery: Delivery, answer: HttpAnswer) -> Outcome:
    """What becomes of a message that Telegram answered with a 4xx, but for 429 (see Floods)."""
    if answer.status == 401:
        return AccountDown(cause=f"{operation}: HTTP 401, the bot token is refused")
    if answer.status == 404:
        return AccountDown(cause=f"{operation}: HTTP 404, Telegram knows no bot of this token")
    if answer.status in (408, 425):
        return RetryAt(when=delivery.now + OUTAGE, reason=f"{operation}: HTTP {answer.status}")
    if parameter(answer, "migrate_to_chat_id") is not None:
        detail = "the group has become a supergroup: write in that chat"
        return Rejected(reason="group_migrated", detail=detail)
    return _rejected(answer)


def _rejected(answer: HttpAnswer) -> Rejected:
    said = description(answer)
    folded = said.lower()
    for words, (reason, advice) in _REASONS.items():
        if words in folded:
            return Rejected(reason=reason, detail=f"HTTP {answer.status}: {advice}")
    if is_link_trouble(answer):
        return Rejected(reason="file_refused", detail=f"HTTP {answer.status}: {_FILE}")
    return Rejected(reason=f"HTTP_{answer.status}", detail=f"HTTP {answer.status}: {shown(said)}")
