"""Looks into stored documents: a sieve that lets too much through, never too little."""

import re
from collections.abc import Sequence

from sqlalchemy import JSON, ColumnElement, Connection, Text, and_, cast, func, literal, or_

from bridge.codec import encode

_DIGITS = re.compile(r"\D+")
_PHONE = re.compile(r"^[\d\s()+.-]{4,}$")


def holds(
    db: Connection, document: ColumnElement[bytes], name: str, value: str
) -> ColumnElement[bool]:
    """Documents that say `"name":"value"` somewhere."""
    needle = literal(encode(name) + b":" + encode(value))
    if db.dialect.name == "postgresql":
        return func.position(needle.op("IN")(document)) > 0
    return func.instr(document, needle) > 0


def mentions(
    db: Connection, document: ColumnElement[bytes], fields: Sequence[str], words: str
) -> ColumnElement[bool]:
    """Documents that hold these words in one of the fields, in some spelling; letters beyond ASCII
    are compared in the usual ones only (as given, lower, upper, capitalised).

    The whole document is looked through first, which is many times cheaper than reading its JSON.
    """
    readable = _readable(db, document)
    texts = [_field(db, readable, name) for name in fields]
    spellings = sorted(_spellings(words))
    somewhere = or_(*(_like(db, readable, _in_json(word)) for word in spellings))
    return and_(somewhere, or_(*(_like(db, text, word) for text in texts for word in spellings)))


def is_mentioned(words: str, *texts: str | None) -> bool:
    """Whether one of the texts holds the words; a phone number is compared by its digits."""
    wanted = words.strip().casefold()
    digits = phone_digits(words)
    return any(
        wanted in text.casefold() or (digits and digits in _DIGITS.sub("", text))
        for text in texts
        if text
    )


def phone_digits(words: str) -> str:
    """The digits when this looks like (part of) a phone number, else an empty text."""
    return _DIGITS.sub("", words) if _PHONE.match(words.strip()) else ""


def _readable(db: Connection, document: ColumnElement[bytes]) -> ColumnElement[str]:
    if db.dialect.name == "postgresql":
        return func.convert_from(document, "UTF8", type_=Text)
    return cast(document, Text)


def _spellings(words: str) -> set[str]:
    given = words.strip()
    found = {given, given.lower(), given.upper(), given.capitalize(), given.title()}
    return found | {digits for digits in [phone_digits(words)] if digits}


def _field(db: Connection, readable: ColumnElement[str], name: str) -> ColumnElement[str]:
    if db.dialect.name == "postgresql":
        return cast(readable, JSON).op("->>", return_type=Text())(name)
    return func.json_extract(readable, f"$.{name}", type_=Text)


def _like(db: Connection, text: ColumnElement[str], word: str) -> ColumnElement[bool]:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    # SQLite's LIKE folds ASCII by itself; its ILIKE would copy every document in lower case.
    like = text.ilike if db.dialect.name == "postgresql" else text.like
    return like(f"%{escaped}%", escape="\\")


def _in_json(word: str) -> str:
    """The word as it stands within a document."""
    return encode(word).decode()[1:-1]
