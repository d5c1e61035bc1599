"""How texts and names are compared with what somebody looks for: one answer for both stores.

The index in the store holds `terms_of_text` and `terms_of_name`; whoever changes what they give has
to have it filled anew, by a step of a migration.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_TEXT = 20_000
"""Characters of a text that are looked into."""
LONGEST_TERM = 40
"""A longer word is found by its beginning."""
MOST_NEEDLES = 8
"""So many words go by the index; whether the others are there is asked of what that finds."""
_SHORTEST_PART = 3  # characters: of less only a beginning, in texts only a whole word is meant
_FEWEST_DIGITS, _MOST_DIGITS = 7, 20
_NUMBER = re.compile(r"[0-9](?:[\s().+/-]{0,3}[0-9]){6,40}")
_DIGIT = re.compile(r"\d")
_PHONE = re.compile(r"[\d\s().+/-]{3,}")
_NO_DIGITS = re.compile(r"[^0-9]+")
_PLAIN = re.compile(r"[a-z0-9]+")
_MARK = "#"  # before a number; no word has it
# Letters that are no others with a mark on them.
_ALIKE = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
# Scripts without blanks between words: each sign is a word.
_UNSPACED = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF)),
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
)
_SKIN_TONES = range(0x1F3FB, 0x1F400)


class _Folding(dict[int, str | None]):
    """What becomes of a character; found out once for each."""

    def __missing__(self, code: int) -> str | None:
        self[code] = found = _folding(chr(code))
        return found


def _folding(sign: str) -> str | None:
    """Itself, something alike, nothing, or a gap between words."""
    kind, code = unicodedata.category(sign), ord(sign)
    if kind in ("Mn", "Me", "Cf") or code in _SKIN_TONES:
        return None
    if kind == "So" or any(first <= code <= last for first, last in _UNSPACED):
        return f" {sign} "
    if kind == "Nd":
        return str(unicodedata.digit(sign))
    return _ALIKE.get(sign, sign) if kind[0] in "LN" or kind == "Mc" else " "


_FOLDING = _Folding()


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """Words without case and accents, a blank before and behind each; telephone numbers and the
    like by their digits."""

    words: str
    numbers: tuple[str, ...] = ()


def fold(*texts: str | None) -> Folded:
    """The texts as they are compared."""
    whole = "\n".join(text[:LONGEST_TEXT] for text in texts if text)
    if whole.isascii():
        words = _PLAIN.findall(whole.lower())
    else:
        plain = unicodedata.normalize("NFKD", whole.casefold()).casefold()
        words = plain.translate(_FOLDING).split()
    return Folded(words=f" {' '.join(words)} ", numbers=_numbers(whole))


def terms_of_text(text: Folded) -> frozenset[str]:
    """What a text is found by: its words, each by its beginning."""
    words = (word[:LONGEST_TERM] for word in text.words.split())
    return frozenset((*words, *_number_terms(text)))


def terms_of_name(name: Folded) -> frozenset[str]:
    """What a name is found by: any part of a word."""
    return frozenset(
        (*(end for word in name.words.split() for end in _ends(word)), *_number_terms(name))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Needle:
    """A term of the index, or the beginning of one."""

    text: str
    begins: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is looked for: all phrases, or a (part of a) number. Neither: it is found nowhere."""

    phrases: tuple[str, ...]
    digits: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.phrases and not self.digits

    def in_text(self, text: Folded) -> bool:
        return self._has_number(text) or (
            bool(self.phrases) and all(_in_text(phrase, text.words) for phrase in self.phrases)
        )

    def in_name(self, name: Folded) -> bool:
        return self._has_number(name) or (
            bool(self.phrases) and all(_in_name(phrase, name.words) for phrase in self.phrases)
        )

    def text_needles(self) -> tuple[Needle, ...]:
        """Every text that holds all phrases has all of these terms."""
        return _longest(one for phrase in self.phrases for one in _needles(phrase))

    def name_needles(self) -> tuple[Needle, ...]:
        return _longest(
            Needle(text=word[:LONGEST_TERM], begins=last or len(word) > LONGEST_TERM)
            for phrase in self.phrases
            for word, last in _words(phrase)
        )

    def number_needle(self) -> Needle | None:
        return Needle(text=f"{_MARK}{self.digits}", begins=True) if self.digits else None

    def _has_number(self, where: Folded) -> bool:
        return bool(self.digits) and any(self.digits in number for number in where.numbers)


def sought(words: str) -> Sought:
    """What blanks part may stand anywhere; what they do not stands together."""
    given = words[:LONGEST_TEXT]
    phrases = (fold(chunk).words.strip() for chunk in given.split())
    plain = _DIGIT.sub(_decimal, given.strip())
    digits = _NO_DIGITS.sub("", plain) if _PHONE.fullmatch(plain) else ""
    wanted = tuple(dict.fromkeys(phrase for phrase in phrases if phrase))
    is_number = _SHORTEST_PART <= len(digits) <= _MOST_DIGITS
    return Sought(phrases=wanted, digits=digits if is_number else "")


def _in_text(phrase: str, words: str) -> bool:
    return (f" {phrase} " if _is_whole(phrase) else f" {phrase}") in words


def _is_whole(phrase: str) -> bool:
    """So short that too many words begin with it: it is meant as it stands."""
    return len(phrase) < _SHORTEST_PART


def _in_name(phrase: str, words: str) -> bool:
    any_part = " " not in phrase and len(phrase) >= _SHORTEST_PART
    return (phrase if any_part else f" {phrase}") in words


def _needles(phrase: str) -> Iterable[Needle]:
    if _is_whole(phrase):
        yield Needle(text=phrase, begins=False)
        return
    for word, last in _words(phrase):
        if not last or len(word) >= _SHORTEST_PART:
            yield Needle(text=word[:LONGEST_TERM], begins=last or len(word) > LONGEST_TERM)


def _words(phrase: str) -> Iterable[tuple[str, bool]]:
    """Each with whether it may go on."""
    *before, last = phrase.split()
    yield from ((word, False) for word in before)
    yield last, True


def _longest(needles: Iterable[Needle]) -> tuple[Needle, ...]:
    """Long words are rare ones: they narrow best."""
    found = sorted(set(needles), key=lambda needle: (-len(needle.text), needle.text))
    return tuple(found[:MOST_NEEDLES])


def _ends(word: str) -> Iterable[str]:
    yield word[:LONGEST_TERM]
    for start in range(1, len(word) - _SHORTEST_PART + 1):
        yield word[start : start + LONGEST_TERM]


def _numbers(text: str) -> tuple[str, ...]:
    """Whatever is long enough to be a telephone number, by its digits."""
    plain = text if text.isascii() else _DIGIT.sub(_decimal, text)
    found = (_NO_DIGITS.sub("", match) for match in _NUMBER.findall(plain))
    return tuple(dict.fromkeys(digits[:_MOST_DIGITS] for digits in found))


def _decimal(digit: re.Match[str]) -> str:
    return str(unicodedata.decimal(digit[0]))


def _number_terms(folded: Folded) -> Iterable[str]:
    for number in folded.numbers:
        for start in range(len(number) - _SHORTEST_PART + 1):
            yield f"{_MARK}{number[start:]}"
