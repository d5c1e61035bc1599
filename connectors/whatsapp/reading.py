"""Reading what Meta spells loosely: times, ids, numbers, hashes."""

import base64
import binascii
import re
from datetime import datetime

from bridge.domain.errors import PayloadInvalid
from bridge.payload import Payload

MAX_ID = 512  # a wamid of today has about 80 characters
MIN_PHONE, MAX_PHONE = 7, 15
_SECONDS_BELOW = 100_000_000_000  # a larger number of seconds would be after the year 5000
_SAFE_WORD = re.compile(r"[A-Za-z0-9_.\-]{1,40}")
_BUSINESS_SCOPED = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
_NOT_DIGITS = re.compile("[^0-9]")


def moment(item: Payload, key: str) -> datetime:
    """Epoch seconds as text or number; some fields have milliseconds."""
    found = item.at(key)
    text = found.identifier()
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise PayloadInvalid(f"{found.path} is not a time", found.path)
    number = int(text)
    return Payload(number * 1000 if number < _SECONDS_BELOW else number, found.path).milliseconds()


def moment_or(item: Payload, key: str, default: datetime) -> datetime:
    return default if item.get(key) is None else moment(item, key)


def identifier(item: Payload, key: str) -> str:
    """An id that must be there; one too long to be an id is refused."""
    given = item.at(key)
    found = given.identifier()
    if len(found) > MAX_ID:
        raise PayloadInvalid(f"{given.path} is too long for an id", given.path)
    return found


def identifier_or(item: Payload, key: str, default: str = "") -> str:
    found = item.get(key)
    return default if found is None or found.value == "" else identifier(item, key)


def coordinate(item: Payload, key: str) -> float:
    found = item.at(key)
    value = found.value
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise PayloadInvalid(f"{found.path} is not a number", found.path)
    if not abs(value) <= 360:  # NaN is not, either
        raise PayloadInvalid(f"{found.path} is no coordinate", found.path)
    return float(value)


def safe_word(text: str) -> str:
    """The vendor's word, or `other` when it is none that we would show to people."""
    return text if _SAFE_WORD.fullmatch(text) else "other"


def word(item: Payload, key: str) -> str:
    """A word of the vendor's that is only shown, whatever came in its place."""
    found = item.mapping().get(key)
    return safe_word(found) if isinstance(found, str) else "other"


def is_business_scoped(text: str) -> bool:
    """`US.13491208655302741918`, or `US.ENT.…` of the company above it."""
    return _BUSINESS_SCOPED.fullmatch(text) is not None


def digits_of(text: str) -> str:
    return _NOT_DIGITS.sub("", text)


def phone_of(wa_id: str) -> str | None:
    """`+` and the digits of a WhatsApp id; None when it can't be a number."""
    digits = wa_id.removeprefix("+")
    is_number = digits.isascii() and digits.isdigit() and MIN_PHONE <= len(digits) <= MAX_PHONE
    return f"+{digits}" if is_number else None


def hex_of(text: str) -> str:
    """A SHA-256 told in base64, in lower-case hex digits; `""` when it is none."""
    try:
        digest = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        return text.lower() if re.fullmatch(r"[0-9a-fA-F]{64}", text) else ""
    if len(digest) == 32:
        return digest.hex()
    return text.lower() if re.fullmatch(r"[0-9a-fA-F]{64}", text) else ""
