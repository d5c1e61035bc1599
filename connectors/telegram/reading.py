"""Reading what Telegram's updates share: numbers as ids, times in seconds, people's names."""

import re
from datetime import datetime

from bridge.domain.errors import PayloadInvalid
from bridge.payload import Payload

MAX_ID = 200
MIN_PHONE, MAX_PHONE = 7, 15
_NOT_DIGITS = re.compile("[^0-9]")
_PHONE_LIKE = re.compile(r"[0-9 ()+.\-]+")
_SAFE_WORD = re.compile(r"[A-Za-z0-9_.\-]{1,40}")


def number(item: Payload, key: str) -> str:
    """An id that must be there: Telegram's are whole numbers of up to 52 bits."""
    return str(item.at(key).integer())


def short_text(item: Payload, key: str) -> str:
    """A text id; `""` when it is absent, refused when it is too long to be an id."""
    found = item.text_or(key)
    if len(found) > MAX_ID:
        raise PayloadInvalid(f"{item.path}.{key} is too long for an id", f"{item.path}.{key}")
    return found


def moment(item: Payload, key: str) -> datetime:
    """Unix time in seconds."""
    found = item.at(key)
    return Payload(found.integer() * 1000, found.path).milliseconds()


def flag(item: Payload, key: str) -> bool:
    found = item.get(key)
    return False if found is None else found.boolean()


def size_of(item: Payload) -> int | None:
    found = item.get("file_size")
    return None if found is None else found.integer()


def person_name(person: Payload | None) -> str:
    """First and last name, else a group's title, else nothing."""
    if person is None:
        return ""
    names = (person.text_or("first_name").strip(), person.text_or("last_name").strip())
    return " ".join(name for name in names if name) or person.text_or("title").strip()


def phone_of(text: str) -> str | None:
    """`+` and the digits; Telegram leaves the `+` out or not. None when it can't be a number."""
    digits = _NOT_DIGITS.sub("", text) if _PHONE_LIKE.fullmatch(text) else ""
    return f"+{digits}" if MIN_PHONE <= len(digits) <= MAX_PHONE else None


def safe_word(text: str) -> str:
    """The vendor's word, or `other` when it is none that we would show to people."""
    return text if _SAFE_WORD.fullmatch(text) else "other"
