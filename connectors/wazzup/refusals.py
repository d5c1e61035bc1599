"""What Wazzup's error codes on a send mean for the message: give up, hold, or try again.

The codes are those of the vendor's page on sending messages; the sorting is ours. Both spellings
(`REPEATED_CRM_MESSAGE_ID`, `repeatedCrmMessageId`) are read.
"""

import re
from datetime import timedelta

from bridge.ports import Delivery, Outcome, Rejected, RetryAt, Unknown
from connectors.wazzup.client import TIMEOUT_SECONDS

HOLD = timedelta(hours=1)  # a person has to act: pay, switch on, change the plan
FIRST_WAIT = timedelta(seconds=30)
# Wazzup refuses a known crmMessageId for 60 s; a further call needs some of it to get there.
KEY_HOLDS = timedelta(seconds=60 - TIMEOUT_SECONDS)
LONGEST_DOUBLING = 6  # 32 minutes
DOWNLOAD_TRIES = 3
ALREADY_SENT = "REPEATED_CRM_MESSAGE_ID"
_SAFE_CODE = re.compile(r"[A-Za-z0-9_]{1,80}")

_HELD = {
    "BALANCE_IS_EMPTY": "top up the WhatsApp Business balance in Wazzup",
    "CHANNEL_NO_MONEY": "pay for the channel in Wazzup",
    "CHANNEL_BLOCKED": "switch the channel on in Wazzup",
    "CHANNEL_LIMIT_EXCEEDED": "the plan's limit of active dialogues is reached: change the plan",
}

_AGAIN = ("MESSAGE_CHANNEL_UNAVAILABLE", "MESSAGES_CAN_NOT_ADD")
_DOWNLOAD = "MESSAGE_DOWNLOAD_CONTENT_ERROR"
_UNCLEAR = ("UNKNOWN_ERROR", "UNKNOWN_ERROR_WITH_TRACE_ID")

_FILE_TOO_LARGE = "the file is too large for this messenger: send a smaller one or a link"
_TOO_LONG = "the text is too long for this messenger: send it in parts"
_CHAT_TYPE = "this chat can't be reached over this channel: choose a channel of its messenger"

_FINAL = {
    "INVALID_MESSAGE_DATA": "Wazzup does not know this channel or chat: compare the ids",
    "WRONG_TRANSPORT": _CHAT_TYPE,
    "VALIDATION_ERROR": "Wazzup does not take these fields: report it with this code",
    "CHANNEL_NOT_FOUND": "the channel is gone from Wazzup: run bridge doctor",
    "CHANNEL_WAPI_REJECTED": "WhatsApp has blocked the channel: use another one",
    "CHANNEL_REJECTED": "the messenger has blocked the channel: use another one",
    "MESSAGES_NOT_TEXT_FIRST": "the Inbox plan can't write first: wait for the client, or upgrade",
    "MESSAGES_IS_SPAM": "judged to be spam: write something else, and less often",
    "MESSAGE_TEXT_TOO_LONG": _TOO_LONG,
    "MESSAGES_TOO_LONG_INSTAGRAM": _TOO_LONG,
    "MESSAGES_TOO_LONG_TELEGRAM": _TOO_LONG,
    "MESSAGES_TOO_LONG_WABA": _TOO_LONG,
    "MESSAGES_TOO_LONG_WABA_HEADER": _TOO_LONG,
    "MESSAGES_TOO_LONG_WABA_TEMPLATE": _TOO_LONG,
    "MESSAGES_TOO_LONG_VIBER": _TOO_LONG,
    "MESSAGES_TOO_LONG_VK": _TOO_LONG,
    "MESSAGES_TOO_LONG_AVITO": _TOO_LONG,
    "TOO_LONG_TEXT": _TOO_LONG,
    "MESSAGES_CONTENT_SIZE_EXCEEDED": _FILE_TOO_LARGE,
    "MESSAGES_CONTENT_SIZE_EXCEEDED_WABA": _FILE_TOO_LARGE,
    "MESSAGES_CONTENT_SIZE_EXCEEDED_TELEGRAM": _FILE_TOO_LARGE,
    "MESSAGE_WRONG_CONTENT_TYPE": "this messenger does not take files of this kind",
    "MESSAGES_UNSUPPORTED_CONTENT_TYPE_INSTAPI": "Instagram takes jpg, gif, png, ico and bmp only",
    "MESSAGES_CONTENT_CAN_NOT_BE_BLANK": "the file is empty",
    "MESSAGES_TEXT_CAN_NOT_BE_BLANK": "the text is empty",
    "MESSAGE_NOTHING_TO_SEND": "the text is empty",
    "MESSAGE_ONLY_TEXT_OR_CONTENT": "a message holds a text or a file: send two",
    "MESSAGES_ONLY_TEXT_OR_CONTENT": "a message holds a text or a file: send two",
    "MESSAGES_ABNORMAL_SEND": _CHAT_TYPE,
    "MESSAGES_INVALID_CONTACT_TYPE": _CHAT_TYPE,
    "MESSAGES_NOT_FOUND": "Wazzup does not know the message",
    "BAD_CONTACT": "this number is not in the messenger: reach the client another way",
    "TEMPLATE_REJECTED": "Meta restricts this template: use another, or wait for the client",
    "CHAT_NO_ACCESS": "the integration may not write to this chat: see its settings in Wazzup",
    "REFERENCE_MESSAGE_NOT_FOUND": "the quoted message is gone: send without the quotation",
    "24_HOURS_EXCEEDED": "the client's 24 hours are over: use a template, or wait for the client",
    "7_DAYS_EXCEEDED": "Instagram's 7 days are over: wait for the client to write",
}


def _folded(code: str) -> str:
    return code.replace("_", "").upper()


_KNOWN = {
    _folded(code): code
    for code in (ALREADY_SENT, "FORBIDDEN", _DOWNLOAD, *_HELD, *_AGAIN, *_UNCLEAR, *_FINAL)
}


def known_code(code: str) -> str:
    """The vendor's code in the one spelling that we use; as given when it is not known."""
    if not _SAFE_CODE.fullmatch(code):
        return ""
    return _KNOWN.get(_folded(code), code)


def advised(code: str, said: str) -> str:
    """What a status says of a failure, and what a person does about it."""
    advice = {**_FINAL, **_HELD}.get(known_code(code), "")
    return "; ".join(part for part in (said, advice) if part)


def refusal(delivery: Delivery, status: int, code: str) -> Outcome:
    """What becomes of a message that Wazzup answered with a 4xx and `known_code(code)`."""
    if code in _HELD:
        return RetryAt(when=delivery.now + HOLD, reason=f"{code}: {_HELD[code]}")
    if code in _AGAIN:
        return RetryAt(when=delivery.now + _wait(delivery.attempt), reason=f"{code}: trying again")
    if code == _DOWNLOAD:
        return _undownloaded(delivery)
    if code in _UNCLEAR:
        return Unknown(reason=f"wazzup: POST /v3/message: {code}")
    said = f"HTTP {status}{f' {code}' if code else ''}"
    advice = _FINAL.get(code, "Wazzup refuses the message and we do not know this code")
    return Rejected(reason=code or f"HTTP_{status}", detail=f"{said}: {advice}")


def _undownloaded(delivery: Delivery) -> Outcome:
    if delivery.attempt < DOWNLOAD_TRIES:
        when = delivery.now + _wait(delivery.attempt)
        return RetryAt(when=when, reason=f"{_DOWNLOAD}: Wazzup could not fetch the file")
    advice = "Wazzup can't fetch the file: its link must be public and must not redirect"
    return Rejected(reason=_DOWNLOAD, detail=f"{advice} ({delivery.attempt} tries)")


def _wait(attempt: int) -> timedelta:
    doublings: int = min(max(attempt - 1, 0), LONGEST_DOUBLING)
    return FIRST_WAIT * (1 << doublings)
