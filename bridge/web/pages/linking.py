"""Addresses in what people wrote, as links: only such as show where they lead."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from markupsafe import Markup, escape

# Not across marks that turn the direction of writing: what is shown would not be what is followed.
_ADDRESS = re.compile(
    r"(?<![\w@/.])(?:https?://|www\.)[^\s<>\"'`\\\x00-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069]{1,2000}",
    re.IGNORECASE,
)
_ENDS_SENTENCES = ".,;:!?…»”’*_~"
_PAIRS = {")": "(", "]": "[", "}": "{"}
MOST = 100
"""Of a text that is nothing but links the others stay text."""


def linked(text: str) -> Markup:
    """The text, escaped, with its addresses as links that tell the other side nothing of us."""
    return Markup("").join(_pieces(text))


def _pieces(text: str) -> Iterator[Markup]:
    reached = count = 0
    for found in _ADDRESS.finditer(text):
        address = _without_end(found[0])
        target = _target(address)
        if not target or count == MOST:
            continue
        count += 1
        yield escape(text[reached : found.start()])
        yield Markup(
            '<a href="{}" dir="ltr" target="_blank" rel="noopener noreferrer nofollow">{}</a>'
        ).format(target, address)
        reached = found.start() + len(address)
    yield escape(text[reached:])


def _without_end(address: str) -> str:
    """A full stop, or the bracket that was opened before, belongs to the sentence."""
    while address:
        last = address[-1]
        opens = _PAIRS.get(last)
        is_open = opens is not None and address.count(last) > address.count(opens)
        if last not in _ENDS_SENTENCES and not is_open:
            break
        address = address[:-1]
    return address


def _target(address: str) -> str:
    """Empty for what is none, and for one with a name before its host, which looks like a host."""
    whole = f"https://{address}" if address[:4].lower() == "www." else address
    try:
        parts = urlsplit(whole)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return ""
    if not host or "." not in host.strip(".") or "@" in parts.netloc:
        return ""
    return whole
