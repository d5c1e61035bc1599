"""SOQL put together safely: every value quoted, no identifier from outside, no query too long.

A query travels in the address, which Salesforce takes up to 16,384 bytes of.
Source: https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/
salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from string import Formatter
from urllib.parse import quote

from connectors.salesforce import library

MAX_LIST_BYTES = 9000  # of the values in the address, which leaves room for the rest
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

Value = str | Sequence[str]


def soql(template: str, **values: Value) -> str:
    """The template with each `{name}` replaced by its value in quotes, or by a list of them.

    Raises ValueError for an empty list, which Salesforce refuses, and for a place with a format of
    its own, which would be put in raw.
    """
    for _, name, specification, conversion in Formatter().parse(template):
        if name is not None and (specification or conversion or not name.isidentifier()):
            raise ValueError(f"a place of a query is not plain: {name}")
    made = {name: _seen(value) for name, value in values.items()}
    if not all(made.values()):
        raise ValueError("a value of a query is empty")
    return library.quoted(template, **made)


def seen(text: str) -> str:
    """The text without control characters and those that turn the direction of writing."""
    return _UNSEEN.sub("", text)


def lists(values: Iterable[str], repeated: int = 1) -> Iterator[list[str]]:
    """Each value once, in lists that a query can hold; so many times where it is `repeated`."""
    together: list[str] = []
    size = 0
    for value in dict.fromkeys(found for one in values if (found := seen(one))):
        cost = repeated * len(quote(f"'{value}',", safe=""))
        if together and size + cost > MAX_LIST_BYTES:
            yield together
            together, size = [], 0
        together.append(value)
        size += cost
    if together:
        yield together


def _seen(value: Value) -> Value:
    return seen(value) if isinstance(value, str) else [seen(one) for one in value]
