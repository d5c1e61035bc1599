"""The part of a text in which something was found, in pieces, those that were found apart."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bridge.domain.searching import LONGEST_TEXT, Sought, fold, sought

_BEFORE, _WHOLE = 60, 200  # characters
_PIECE = re.compile(r"\w+|[^\w\s]+")
_NUMBER = re.compile(r"[+(]?\d(?:[\s().+/-]{0,3}\d){2,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    text: str
    is_found: bool = False


def snippet(text: str, wanted: Sought) -> tuple[Piece, ...]:
    """The place of the first hit, shortened on both sides; the beginning, where there is none."""
    line = " ".join(text[:LONGEST_TEXT].split())
    hits = [*_hits(line, wanted)]
    start = max(hits[0][0] - _BEFORE, 0) if hits else 0
    start = line.rfind(" ", 0, start) + 1 if start else 0
    end = start + _WHOLE
    pieces = [Piece(text="…")] if start else []
    at = start
    for first, last in hits:
        if last > end:
            break
        pieces += [Piece(text=line[at:first]), Piece(text=line[first:last], is_found=True)]
        at = last
    pieces.append(Piece(text=line[at : max(end, at)] + ("…" if end < len(line) else "")))
    return tuple(piece for piece in pieces if piece.text)


def _hits(line: str, wanted: Sought) -> Iterator[tuple[int, int]]:
    """Where words begin with what is looked for, and numbers that hold its digits, in order."""
    words = [one for phrase in wanted.phrases for one in _words(phrase)]
    numbers = [m.span() for m in _NUMBER.finditer(line) if _is_number(m[0], wanted)]
    spans = [m.span() for m in _PIECE.finditer(line) if any(_begins(m[0], w) for w in words)]
    reached = 0
    for first, last in sorted((*numbers, *spans)):
        if first >= reached:
            yield first, last
            reached = last


def _words(phrase: str) -> tuple[str, ...]:
    """Of a script without blanks the whole phrase is one."""
    parts = phrase.split()
    return (phrase,) if len(parts) > 1 and all(len(part) == 1 for part in parts) else tuple(parts)


def _begins(piece: str, word: str) -> bool:
    words = fold(piece).words
    if len(word) > 2 and " " not in word:
        return f" {word}" in words
    return f" {word} " in words


def _is_number(piece: str, wanted: Sought) -> bool:
    return bool(wanted.digits) and wanted.digits in sought(piece).digits
