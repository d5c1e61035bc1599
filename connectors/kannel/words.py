"""Kannel's words and what they mean in ours; which letters an SMS holds."""

import re

from bridge.domain.messaging import MessageStatus

MAX_ID = 200
SAFE_WORD = re.compile(r"[A-Za-z0-9_.:\-]{1,60}")

# Delivery reports, Kannel user guide, "Delivery Reports": one bit each.
REPORTS = {
    "1": MessageStatus.DELIVERED,
    "2": MessageStatus.FAILED,
    "4": MessageStatus.QUEUED,  # kept by the SMSC until the phone is back
    "8": MessageStatus.SENT,  # taken by the SMSC
    "16": MessageStatus.FAILED,  # refused by the SMSC
}
INTERMEDIATE = "32"
MASK = "31"  # all of the above
FAILURES = {"2": "not_delivered", "16": "refused_by_smsc"}

# GSM 03.38, the letters of a plain SMS; the second row takes two places each.
_GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = "^{}\\[~]|€\f"
_LETTERS = frozenset(_GSM + _GSM_EXTENDED)

PARTS = 10  # what the README has people put into max-messages
MAX_PLAIN = PARTS * 153
MAX_UNICODE = PARTS * 67


def is_plain(text: str) -> bool:
    """Whether it needs no letters beyond GSM's own."""
    return set(text) <= _LETTERS


def most_letters(text: str) -> int:
    """How many letters a message of such a text surely may have: some take two places."""
    if is_plain(text):
        return MAX_PLAIN // 2 if set(text) & set(_GSM_EXTENDED) else MAX_PLAIN
    return MAX_UNICODE // 2 if any(letter > "\uffff" for letter in text) else MAX_UNICODE


def places(text: str) -> int:
    """How many of an SMS' places the text takes, in its own coding."""
    if is_plain(text):
        return len(text) + sum(letter in _GSM_EXTENDED for letter in text)
    return len(text.encode("utf-16-be", "replace")) // 2


def safe_word(text: str) -> str:
    return text if SAFE_WORD.fullmatch(text) else "other"
