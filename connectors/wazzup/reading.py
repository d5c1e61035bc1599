"""Reading what Wazzup spells loosely: switches, times, ids, phones, file names."""

import re
from datetime import datetime
from urllib.parse import parse_qs, unquote, urlsplit

from bridge.domain.errors import PayloadInvalid
from bridge.payload import Payload, storable

MAX_ID = 200
_SECONDS_BELOW = 100_000_000_000  # a smaller number of milliseconds would be before 1973
_NOT_DIGITS = re.compile("[^0-9]")
_PHONE_LIKE = re.compile(r"[0-9 ()+.\-]+")
_SAFE_WORD = re.compile(r"[A-Za-z0-9_.\-]{1,40}")
MIN_PHONE, MAX_PHONE = 7, 15


def flag(item: Payload, key: str) -> bool | None:
    """A switch, sent as a boolean or as text; None when it is absent."""
    found = item.get(key)
    if found is None:
        return None
    if isinstance(found.value, str) and found.value.lower() in ("true", "false"):
        return found.value.lower() == "true"
    return found.boolean()


def moment(found: Payload) -> datetime:
    """ISO 8601 with or without an offset, or epoch milliseconds (or seconds) as number or text."""
    if isinstance(found.value, str) and not (found.value.isascii() and found.value.isdigit()):
        return found.iso_time()
    number = found.integer() if isinstance(found.value, int) else int(found.text()[:18])
    return Payload(number * 1000 if number < _SECONDS_BELOW else number, found.path).milliseconds()


def moment_or(item: Payload, key: str, default: datetime) -> datetime:
    found = item.get(key)
    return default if found is None or found.value == "" else moment(found)


def identifier(item: Payload, key: str) -> str:
    """An id that must be there; one too long to be an id is refused."""
    given = item.at(key)
    found = given.identifier()
    if len(found) > MAX_ID:
        raise PayloadInvalid(f"{given.path} is too long for an id", given.path)
    return found


def identifier_or_none(item: Payload, key: str) -> str | None:
    found = item.get(key)
    return None if found is None or found.value == "" else identifier(item, key)


def safe_word(text: str) -> str:
    """The vendor's word, or `other` when it is none that we would show to people."""
    return text if _SAFE_WORD.fullmatch(text) else "other"


def phone_of(text: str) -> str | None:
    """`+` and the digits of an international number; None when it can't be one."""
    digits = _NOT_DIGITS.sub("", text) if _PHONE_LIKE.fullmatch(text) else ""
    return f"+{digits}" if MIN_PHONE <= len(digits) <= MAX_PHONE else None


def digits_of(text: str) -> str:
    return _NOT_DIGITS.sub("", text)


def is_number_only(text: str) -> bool:
    """Whether the text is a phone number rather than somebody's name."""
    return _PHONE_LIKE.fullmatch(text) is not None


def file_name(url: str) -> str:
    """The file's name as the link tells it: `?filename=…`, else the last part of the path."""
    try:
        parts = urlsplit(url)
        named = parse_qs(parts.query).get("filename", [])
    except ValueError:
        return ""
    found = named[0] if named else unquote(parts.path)
    return storable(found.rstrip("/").rpartition("/")[2])[:MAX_ID]
