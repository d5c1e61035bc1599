"""Salesforce's record ids: what may enter a path or a query, and one spelling for each.

Source: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/
field_types.htm (ID: 15 case-sensitive characters, or 18 that are safe to compare without case).
"""

import re

from bridge.domain.errors import DeliveryRejected

CONTACT, LEAD, OPPORTUNITY = "003", "00Q", "006"
ACCOUNT, CONTRACT = "001", "800"
USER, QUEUE, ORGANIZATION, TASK = "005", "00G", "00D", "00T"

_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")
_SUFFIXES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def long_id(text: str) -> str:
    """The id in 18 characters. Raises DeliveryRejected for what is no id: it may lead to another
    object, or a path like `//host` to another host."""
    if not is_id(text):
        raise DeliveryRejected("salesforce: not a record id", code="MALFORMED_ID")
    return text if len(text) == 18 else text + _suffix(text)


def same_id(one: str, other: str) -> bool:
    """Whether both are ids of one record, in whichever length."""
    return is_id(one) and is_id(other) and one[:15] == other[:15]


def is_of(prefix: str, text: str) -> bool:
    """Whether this is an id of the kind that `prefix` stands for."""
    return is_id(text) and text.startswith(prefix)


def _suffix(short: str) -> str:
    """One character for each five: which of them are upper-case letters."""
    blocks = (short[start : start + 5] for start in range(0, 15, 5))
    return "".join(_SUFFIXES[_upper_bits(block)] for block in blocks)


def _upper_bits(block: str) -> int:
    return sum(1 << place for place, letter in enumerate(block) if "A" <= letter <= "Z")
