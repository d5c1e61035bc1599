"""Record ids of the sandbox: 15 characters that tell the object, and the three that check them."""

import re

from connectors.salesforce.sandbox_schema import Refused

_ID = re.compile(r"[a-zA-Z0-9]{15}([a-zA-Z0-9]{3})?")
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FIRST = 62**3 * 23
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def made_id(prefix: str, number: int) -> str:
    """Numbers are written with letters of either case, which ids tell apart."""
    written, left = "", number + _FIRST
    while left:
        left, place = divmod(left, len(_LETTERS))
        written = _LETTERS[place] + written
    return long_id(f"{prefix}5g{written.rjust(10, '0')}")


def long_id(given: str) -> str:
    """The 18 characters of an id. Each of the last three has the upper-case letters of five of the
    first fifteen as bits."""
    short = given[:15]
    blocks = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(
        _DIGITS[sum(1 << place for place, one in enumerate(block) if "A" <= one <= "Z")]
        for block in blocks
    )


def is_id(given: object) -> bool:
    return isinstance(given, str) and _ID.fullmatch(given) is not None


def checked_id(label: str, given: object) -> str:
    """As 18 characters; refuses what is no id, or one whose last three do not fit."""
    if not isinstance(given, str) or not is_id(given):
        raise Refused(400, "MALFORMED_ID", f"{label}: id value of incorrect type: {given}")
    long = long_id(given)
    if len(given) == 18 and given.upper() != long.upper():
        raise Refused(400, "MALFORMED_ID", f"{label}: id value of incorrect type: {given}")
    return long
