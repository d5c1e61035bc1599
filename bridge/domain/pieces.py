"""A letter cut into the messages that carry it: by length, at word edges, files on their own."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.domain.messaging import Media, MediaKind, Template

MAX_TEXT = 20_000
"""Characters of a whole letter, and of one message where the messenger names no limit."""
_LINK = re.compile(r"https?://\S+")
_SPACE = re.compile(r"\s+")
# Letters that show nothing, beside spaces, controls and marks.
_UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_UNSEEN_KINDS = frozenset({"Cc", "Cf", "Cs", "Cn", "Zs", "Zl", "Zp", "Mn", "Me"})
_JOINER, _NON_JOINER = "\u200d", "\u200c"
_VIRAMA = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One message of a letter: a text, a file, a file with its caption, or a template."""

    text: str = ""
    media: Media | None = None
    template: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriage:
    """What the messenger takes at once: characters of a text, and of one beside a file."""

    max_text: int = MAX_TEXT
    captions: Mapping[MediaKind, int] = field(default_factory=dict)


def is_blank(text: str) -> bool:
    """Nothing of it is seen: spaces, controls, zero-width letters, marks without a letter."""
    return all(
        letter.isspace() or letter in _UNSEEN or unicodedata.category(letter) in _UNSEEN_KINDS
        for letter in text
    )


def pieces_of(text: str, media: tuple[Media, ...], carriage: Carriage) -> tuple[Piece, ...]:
    """The text first, then each file; together only where the messenger can."""
    texts = () if is_blank(text) else split(text, carriage.max_text)
    if len(texts) == 1 and len(media) == 1:
        room = carriage.captions.get(media[0].kind, 0)
        if len(texts[0]) <= room:
            return (Piece(text=texts[0], media=media[0]),)
    return (*(Piece(text=part) for part in texts), *(Piece(media=one) for one in media))


def split(text: str, most: int) -> tuple[str, ...]:
    """Parts of at most so many characters, none of them blank, whose words are those of the text;
    a word, a link or a letter with its marks is cut only where it alone is longer."""
    parts: list[str] = []
    rest = text
    while len(rest) > most:
        end = _edge(rest, most)
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    parts.append(rest)
    return tuple(part for part in parts if not is_blank(part))


def beginning(text: str, most: int) -> str:
    """At most so many characters of it; no letter without its marks, no family without a child."""
    return text if len(text) <= most else text[: _whole(text, most)]


def _edge(text: str, most: int) -> int:
    """Where the first part ends: at the last line's end of its second half, else at the last space,
    else within a word."""
    line = text.rfind("\n", most // 2, most + 1)
    if line > 0:
        return line
    spaces = [found.start() for found in _SPACE.finditer(text, 0, most + 1)]
    if spaces and spaces[-1] > 0:
        return spaces[-1]
    for link in _LINK.finditer(text[: most + 1]):
        if link.start() > 0 and link.end() > most:
            return _whole(text, link.start())
    return _whole(text, most)


def _whole(text: str, end: int) -> int:
    """The nearest end before this one that parts no letter from its marks."""
    for place in range(end, 0, -1):
        if not _belongs(text, place):
            return place
    return end


def _belongs(text: str, place: int) -> bool:
    """Whether the letter at this place is one with the letter before it (what Unicode calls an
    extended grapheme cluster, as far as chats have them)."""
    before, letter = text[place - 1], text[place]
    if unicodedata.category(letter).startswith("M") or letter in (_JOINER, _NON_JOINER):
        return True
    if before == _JOINER or "\U0001f3fb" <= letter <= "\U0001f3ff" or _is_tag(letter):
        return True
    if (before, letter) == ("\r", "\n") or _is_pair(before, letter):
        return True
    if unicodedata.combining(before) == _VIRAMA and unicodedata.category(letter) == "Lo":
        return True
    return _is_flag(letter) and _flags_before(text, place) % 2 == 1


def _is_tag(letter: str) -> bool:
    return "\U000e0020" <= letter <= "\U000e007f"


def _is_pair(before: str, letter: str) -> bool:
    """Surrogates that came apart, or the parts of a Korean syllable."""
    if "\ud800" <= before <= "\udbff" and "\udc00" <= letter <= "\udfff":
        return True
    return "\u1100" <= before <= "\u11ff" and "\u1160" <= letter <= "\u11ff"


def _is_flag(letter: str) -> bool:
    return "\U0001f1e6" <= letter <= "\U0001f1ff"


def _flags_before(text: str, place: int) -> int:
    start = place
    while start > 0 and _is_flag(text[start - 1]):
        start -= 1
    return place - start
