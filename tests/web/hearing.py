"""Tells which words of a page went through no catalogue: each text that did is marked, and so what
is left is either from outside (named by who asks) or was forgotten."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

from babel.support import NullTranslations

OPEN, CLOSE = "\u27e6", "\u27e7"
_PLACE = re.compile(r"(%\(\w+\)[sd])")
_ATTRIBUTES = ("title", "aria-label", "placeholder", "alt", "content")
_NO_WORDS = ("bdi", "code", "kbd", "pre", "textarea", "script", "style", "time", "template")
"""What stands in these is from outside, a name of the configuration or of a file, or typed; so are
the letters of faces."""
_EMPTY = frozenset(
    "area base br col embed hr img input link meta source track wbr use path".split()
)
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_ADDRESS = re.compile(
    r"[\w.+:-]*@[\w.-]+"  # people
    r"|https?://\S+"
    r"|\w+\.yaml(?::\d+)*"
    r"|(?:inbox|outbox):\d+"
    r"|(?:in|out|mirror|media):[\w-]+"  # lanes
    r"|(?:\w+:)?[a-z]{2}_[0-9a-f]{8,}|[0-9a-f]{32}"  # ids
    r"|[xX]{20,}[.…]*"  # what was typed too long
)
"""What is called so in every language."""
_MARKED = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")


class Marking(NullTranslations):
    """A language that says each text in marks. What is put into its places is left outside them,
    so that it has to be marked by itself."""

    def ugettext(self, message: str) -> str:
        return marked(message)

    def ungettext(self, singular: str, plural: str, num: int) -> str:
        return marked(singular if num == 1 else plural)

    def gettext(self, message: str) -> str:
        return marked(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return marked(msgid1 if n == 1 else msgid2)


def marked(text: str) -> str:
    parts = _PLACE.split(text)
    return "".join(p if _PLACE.fullmatch(p) or not p else f"{OPEN}{p}{CLOSE}" for p in parts)


@dataclass
class Heard(HTMLParser):
    """The texts that a reader meets, by what they stand in."""

    said: list[str] = field(default_factory=list)
    _stack: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        is_foreign = self._is_foreign or _is_foreign(tag, given)
        if not self._is_foreign:
            self.said += [given[name] for name in _read_out(tag, given)]
        if tag not in _EMPTY:
            self._stack.append((tag, is_foreign))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._stack and any(name == tag for name, _ in self._stack):
            if self._stack.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        if not self._is_foreign:
            self.said.append(data)

    @property
    def _is_foreign(self) -> bool:
        return bool(self._stack) and self._stack[-1][1]


def _is_foreign(tag: str, given: dict[str, str]) -> bool:
    is_face = "face" in given.get("class", "").split()
    return tag in _NO_WORDS or is_face or ("lang" in given and tag != "html")


def _read_out(tag: str, given: dict[str, str]) -> Iterator[str]:
    """Names of attributes whose values are words for people."""
    for name in _ATTRIBUTES:
        if name in given and (name != "content" or given.get("name") == "description"):
            yield name
    if tag == "input" and given.get("type") in ("submit", "button") and "value" in given:
        yield "value"
    for name in given:
        if name.startswith("data-") and " " in given[name].strip():
            yield name


def unsaid(page: str, outside: Iterable[str]) -> set[str]:
    """Words that are neither marked nor from outside."""
    heard = Heard()
    heard.feed(page)
    heard.close()
    names = _names(tuple(outside))
    return {left for said in heard.said if (left := _left(said, names))}


@lru_cache
def _names(outside: tuple[str, ...]) -> re.Pattern[str]:
    """The longest first, each as words of its own."""
    each = "|".join(re.escape(name) for name in sorted(outside, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{each})(?!\w)")


def _left(said: str, names: re.Pattern[str]) -> str:
    rest = said
    while _MARKED.search(rest):
        rest = _MARKED.sub(" ", rest)
    rest = names.sub(" ", _ADDRESS.sub(" ", rest))
    return " ".join(rest.split()) if _LETTERS.search(rest) else ""
