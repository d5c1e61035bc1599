"""The scalars of our YAML: each word's form, and what to say of one that does not fit."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from bridge.domain import phones
from bridge.domain.names import EmployeeId
from bridge.policy.findings import did_you_mean
from bridge.policy.kinds import Complaint, Word
from bridge.policy.secrecy import is_variable

E = TypeVar("E", bound=StrEnum)

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_SLOT = r"^[a-z][a-z0-9_-]{0,39}$"
_EMAIL = r"^[^@\s\"\[\]]+@[^@\s\"\[\]]+\.[^@\s\"\[\]]+$"
_DURATION = r"^[0-9]{1,6}[smhd]$"
_MOMENT = r"^2[0-9]{3}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?)?$"
_DAYS = r"^[0-9]{1,4}d$"
_PHONE = r"^\+[0-9]{7,15}$"
_PROPERTY = r"^[A-Za-z][A-Za-z0-9_.]{0,99}$"
_CLOCK_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MEANT_FLAG = {
    "true": "true",
    "yes": "true",
    "on": "true",
    "false": "false",
    "no": "false",
    "off": "false",
}
_UNSTORABLE = re.compile("[\ud800-\udfff\x00-\x08\x0b-\x1f\x7f]")


def one_of(choices: type[E]) -> Word[E]:
    allowed = [str(choice) for choice in choices]

    def parse(text: str) -> E:
        if text not in allowed:
            complaint = f"is not one of {', '.join(allowed)}"
            raise Complaint(complaint, did_you_mean(text, allowed))
        return choices(text)

    return Word(words=f"one of {', '.join(allowed)}", parse=parse, json={"enum": allowed})


def _text(longest: int) -> Word[str]:
    def parse(text: str) -> str:
        if len(text) > longest:
            raise Complaint(f"is longer than {longest} characters")
        if _UNSTORABLE.search(text):
            raise Complaint("holds a character that can't be stored")
        return text

    json = {"type": ["string", "number", "boolean"], "minLength": 1, "maxLength": longest}
    return Word(words="text", parse=parse, json=json)


def _form(words: str, pattern: str) -> Word[str]:
    form = re.compile(pattern)

    def parse(text: str) -> str:
        if not form.fullmatch(text):
            raise Complaint(f"is not {words}")
        return text

    return Word(words=words, parse=parse, json={"type": ["string", "number"], "pattern": pattern})


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        meant = _MEANT_FLAG.get(text.lower())
        raise Complaint("is not true or false", f"did you mean {meant}?" if meant else "")
    return text == "true"


def _kept(text: str) -> timedelta | None:
    if text == "keep":
        return None
    if not re.fullmatch(_DURATION, text):
        raise Complaint("is neither `keep` nor a time such as 90d")
    span = _duration(text)
    if span < timedelta(days=1):
        raise Complaint("is less than a day", "give 1d or more, or `keep`")
    return span


def _duration(text: str) -> timedelta:
    if not re.fullmatch(_DURATION, text):
        raise Complaint("is not a time such as 90s, 30m, 24h or 7d")
    length = timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
    if not timedelta(0) < length <= timedelta(days=3650):
        raise Complaint("is not a time between 1s and 3650d")
    return length


def _duration_or_none(text: str) -> timedelta | None:
    return None if text == "none" else _duration(text)


def whole_number(least: int, most: int) -> Word[int]:
    words = f"a whole number from {least} to {most}"

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not least <= int(text) <= most:
            raise Complaint(f"is not {words}")
        return int(text)

    return Word(
        words=words, parse=parse, json={"type": "integer", "minimum": least, "maximum": most}
    )


def days(least: int, most: int) -> Word[int]:
    """Whole days, written as a time."""
    words = f"days from {least}d to {most}d"

    def parse(text: str) -> int:
        if not re.fullmatch(_DAYS, text) or not least <= int(text[:-1]) <= most:
            raise Complaint(f"is not {words}", "write it as 14d")
        return int(text[:-1])

    return Word(words=words, parse=parse, json={"type": "string", "pattern": _DAYS})


def choice(words: str, allowed: Sequence[str]) -> Word[str]:
    def parse(text: str) -> str:
        if text not in allowed:
            complaint = f"is not one of {', '.join(allowed)}"
            raise Complaint(complaint, did_you_mean(text, allowed))
        return text

    return Word(words=words, parse=parse, json={"enum": list(allowed)})


def _email(text: str) -> EmployeeId:
    if not re.fullmatch(_EMAIL, text) or _UNSTORABLE.search(text):
        raise Complaint("is not an e-mail address", "write it as name@company.example")
    return EmployeeId(text.lower())


def _email_or_name(text: str) -> str:
    return _email(text) if "@" in text else NAME.parse(text)


def _receiver(text: str) -> EmployeeId | None:
    return None if text == "nobody" else _email(text)


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"\s", text):
        raise Complaint("is not a web address", "write it as https://api.vendor.example")
    return text.rstrip("/")


def _variable(text: str) -> str:
    if not is_variable(text):
        raise Complaint("is not the name of an environment variable such as CRM_TOKEN", hides=True)
    return text


def moment(*, end: bool) -> Word[datetime]:
    """A day or a time of day; naive where it names no zone: then it is of the house's. A day
    counts from its start, or, where `end`, up to its end."""
    words = "a date such as 2026-12-24, or a time such as 2026-12-24T12:00"

    def parse(text: str) -> datetime:
        if not re.fullmatch(_MOMENT, text):
            raise Complaint(f"is not {words}")
        try:
            when = datetime.fromisoformat(text)
        except ValueError as error:
            raise Complaint("is no day of the calendar") from error
        return when + timedelta(days=1) if end and len(text) == len("2026-12-24") else when

    return Word(words=words, parse=parse, json={"type": "string", "pattern": _MOMENT})


def _time_zone(text: str) -> str:
    if text == "UTC":  # is there also where no table of time zones is
        return text
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        hint = did_you_mean(text, available_timezones()) or "write it as Europe/Madrid"
        raise Complaint("is not a time zone", hint) from error


def _clock_time(text: str) -> str:
    if not re.fullmatch(_CLOCK_TIME, text):
        raise Complaint("is not a time of day such as 08:00", "write it from 00:00 to 23:59")
    return text


def _country(text: str) -> str:
    code = text.upper()
    if code not in phones.COUNTRIES:
        hint = "did you mean GB?" if code == "UK" else "write two letters such as MX (ISO 3166)"
        raise Complaint("is not a country", hint)
    return code


TEXT = _text(200)
LONG_TEXT = _text(1000)
FLAG = Word(words="true or false", parse=_flag, json={"type": "boolean"})
PHONE = _form("a phone number such as +34600111222", _PHONE)
PROPERTY = _form("the name of a property", _PROPERTY)
NAME = _form("a name of letters, digits, `.`, `_`, `-`", _NAME)
SLOT = _form("a word of small letters, digits, `_`, `-`", _SLOT)
EMAIL = Word(words="an e-mail address", parse=_email, json={"type": "string", "pattern": _EMAIL})
RECEIVER = Word(
    words="an e-mail address, or nobody",
    parse=_receiver,
    json={"anyOf": [{"const": "nobody"}, {"type": "string", "pattern": _EMAIL}]},
)
EMAIL_OR_NAME = Word(
    words="an e-mail address, or a name",
    parse=_email_or_name,
    json={"anyOf": [{"type": "string", "pattern": _EMAIL}, {"type": "string", "pattern": _NAME}]},
)
DURATION_OR_NONE = Word(
    words="a time such as 12h or 3d, or none",
    parse=_duration_or_none,
    json={"anyOf": [{"const": "none"}, {"type": "string", "pattern": _DURATION}]},
)
DURATION = Word(
    words="a time such as 90s, 30m, 24h or 7d",
    parse=_duration,
    json={"type": "string", "pattern": _DURATION},
)
KEPT = Word(
    words="keep, or a time of a day or more such as 90d",
    parse=_kept,
    json={"anyOf": [{"const": "keep"}, {"type": "string", "pattern": _DURATION}]},
)
TIME_ZONE = Word(
    words="a time zone (IANA)",
    parse=_time_zone,
    json={"type": "string", "pattern": r"^[A-Za-z0-9_+/-]{1,64}$"},
)
URL = Word(
    words="a web address", parse=_url, json={"type": "string", "pattern": r"^https?://[^\s/]+"}
)
VARIABLE = Word(
    words="the name of an environment variable",
    parse=_variable,
    json={"type": "string", "pattern": r"^[A-Z][A-Z0-9_]*$"},
)
CLOCK_TIME = Word(
    words="a time of day such as 08:00",
    parse=_clock_time,
    json={"type": "string", "pattern": f"^{_CLOCK_TIME}$"},
)
COUNTRY = Word(
    words="a country's two letters (ISO 3166)",
    parse=_country,
    json={"type": "string", "pattern": r"^[A-Za-z]{2}$"},
)
