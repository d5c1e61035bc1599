"""What the bridge says of itself in English (details of reasons, findings, refusals), translated.

Such a text is made where it is decided, is stored, logged and answered to programs, in English. Its
English is the key: the catalogues hold it with the context `detail` and places for its values, and
a text is read back by them. What no catalogue knows stays as it is, and is marked as English.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial

from markupsafe import Markup, escape

from bridge.web import languages

_PLACE = re.compile(r"%\((\w+)\)s")
_DEEPEST = 5
"""A value may itself be such a text: `chosen by ana; the default is the same: …`."""
_MOST_CHARACTERS = 600
_KINDS = frozenset({"contact", "deal", "lead"})
_ENOUGH_LETTERS = 14
"""A text that says less by itself counts only where what stands in its places is known too."""
_CODES = frozenset({"state", "status", "kind", "role", "word"})
"""Places whose values are words of ours: `it is %(state)s`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    text: str
    is_english: bool = False
    """Where the reader reads another language, and nobody has translated it."""


@dataclass(frozen=True, slots=True)
class _Phrase:
    """An English text with places, and how it is said in another language."""

    english: str
    said: str
    surest: str  # the longest piece of it that is always there
    letters: int


@dataclass(frozen=True, slots=True)
class _Value:
    text: str
    is_sure: bool  # translated, or a name: not more English in the midst of a translation


class Phrases:
    """All that one language knows; what says the most by itself is tried first."""

    def __init__(self, said: Mapping[str, str], word: Callable[[str], str] = str) -> None:
        self._word = word
        self._plain = {_plain(e): _plain(s) for e, s in said.items() if not _PLACE.search(e)}
        placed = [_phrase(e, s) for e, s in said.items() if _PLACE.search(e)]
        self._placed = sorted(placed, key=lambda one: -one.letters)

    def find(self, text: str, deep: int = 0) -> str | None:
        if text in self._plain:
            return self._plain[text]
        if deep >= _DEEPEST or len(text) > _MOST_CHARACTERS:
            return None
        return self._whole(text, deep + 1) or self._of_parts(text, deep + 1)

    def _whole(self, text: str, deep: int) -> str | None:
        for phrase in self._placed:
            found = _pattern(phrase.english).fullmatch(text) if phrase.surest in text else None
            if found is None:
                continue
            values = {k: self._value(k, v, deep) for k, v in found.groupdict().items()}
            if phrase.letters >= _ENOUGH_LETTERS or all(v.is_sure for v in values.values()):
                return phrase.said % {k: v.text for k, v in values.items()}
        return None

    def _value(self, place: str, value: str, deep: int) -> "_Value":
        found = self.find(value, deep)
        if found is not None:
            return _Value(found, True)
        text = self._word(value) if place.rstrip("23") in _CODES else value
        return _Value(text, " " not in value)

    def _of_parts(self, text: str, deep: int) -> str | None:
        """A finding as it is listed: where it is, the value that it is about, what to do."""
        before, _, after = text.rpartition("; ")
        if before:
            parts = [self.find(before, deep), self.find(after, deep)]
            return "; ".join(p for p in parts if p) if all(parts) else None
        place, colon, rest = text.partition(": ")
        value, _, complaint = text.partition(" ")
        if colon and " " not in place:
            found = self.find(rest, deep)
            return None if found is None else f"{place}: {found}"
        found = self._plain.get(complaint) or self._whole(complaint, deep)
        return None if found is None else f"{value} {found}"


def said(text: str) -> Detail:
    """As the reader reads it; `text` as it was written down."""
    language = languages.language()
    if language == "en" or not text:
        return Detail(text=text)
    found = _found(language, text.strip())
    return Detail(text=text, is_english=True) if found is None else Detail(text=found)


def detail(text: object) -> Markup:
    """For a page, beginning as a sentence does."""
    found = said(str(text))
    return _shown(replace(found, text=begun(found.text)))


def within(text: object) -> Markup:
    """For a page, where something stands before it in its sentence."""
    return _shown(said(str(text)))


def _shown(found: Detail) -> Markup:
    if found.is_english:
        return Markup('<span lang="en">{}</span>').format(found.text)
    return escape(found.text)


def begun(text: str) -> str:
    """As a sentence begins; an e-mail address or a key of the YAML stays as it is."""
    first = text.partition(" ")[0]
    is_name = any(sign in first for sign in "@_:")
    return text if is_name else text[:1].upper() + text[1:]


@lru_cache
def phrases(language: str) -> Phrases:
    return Phrases(languages.details(language), partial(_word, language))


def _word(language: str, code: str) -> str:
    """A state or the kind of a record, as pages call it; a code that has no word stays."""
    known = languages.catalogue(language)
    found = str(known.gettext(code))
    if found != code:
        return found
    if code in _KINDS:
        named = str(known.gettext(code.capitalize()))
        return named if language == "de" else named.lower()
    return code


@lru_cache(maxsize=4096)
def _found(language: str, text: str) -> str | None:
    return phrases(language).find(text)


def _phrase(english: str, said: str) -> _Phrase:
    pieces = _pieces(english)
    letters = sum(map(len, pieces))
    return _Phrase(english=english, said=said, surest=max(pieces, key=len), letters=letters)


@cache
def _pattern(english: str) -> re.Pattern[str]:
    """Made when it is first looked for: there are many, and a page meets few of them."""
    pairs = _alternating(_pieces(english), _PLACE.findall(english))
    return re.compile("".join(_piece(*pair) for pair in pairs), re.DOTALL)


def _pieces(english: str) -> list[str]:
    return [_plain(piece) for piece in _PLACE.split(english)[::2]]


def _alternating(pieces: list[str], names: list[str]) -> Iterable[tuple[str, str, bool]]:
    met: set[str] = set()
    for piece, name in zip(pieces, [*names, ""], strict=True):
        yield piece, name, name in met
        met.add(name)


def _piece(piece: str, name: str, is_again: bool) -> str:
    if not name:
        return re.escape(piece)
    return re.escape(piece) + (f"(?P={name})" if is_again else f"(?P<{name}>.*?)")


def _plain(text: str) -> str:
    return text.replace("%%", "%")
