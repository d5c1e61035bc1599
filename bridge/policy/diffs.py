"""What differs between two texts, line by line: as a patch, and as lines to be shown."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

CONTEXT = 3


class Sign(StrEnum):
    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`before` and `after` are its numbers from 1; None where it is not there."""

    sign: Sign
    before: int | None
    after: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """Lines that changed, with some around them."""

    lines: tuple[Line, ...]


def unified(name: str, before: bytes | None, after: bytes | None) -> str:
    """One file's part of a patch; empty where nothing differs."""
    old = "/dev/null" if before is None else f"a/{name}"
    new = "/dev/null" if after is None else f"b/{name}"
    lines = difflib.unified_diff(_lines(before), _lines(after), old, new, n=CONTEXT)
    return "".join(_patched(line) for line in lines)


def hunks(before: bytes | None, after: bytes | None) -> tuple[Hunk, ...]:
    old, new = _lines(before), _lines(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    groups = matcher.get_grouped_opcodes(CONTEXT)
    return tuple(Hunk(lines=tuple(_shown(group, old, new))) for group in groups)


def _shown(
    group: Sequence[tuple[str, int, int, int, int]], old: Sequence[str], new: Sequence[str]
) -> Iterator[Line]:
    for tag, first, last, start, end in group:
        if tag == "equal":
            for here, there in zip(range(first, last), range(start, end), strict=True):
                yield _line(Sign.KEPT, here, there, old[here])
            continue
        for here in range(first, last):
            yield _line(Sign.REMOVED, here, None, old[here])
        for there in range(start, end):
            yield _line(Sign.ADDED, None, there, new[there])


def _line(sign: Sign, before: int | None, after: int | None, text: str) -> Line:
    return Line(
        sign=sign,
        before=None if before is None else before + 1,
        after=None if after is None else after + 1,
        text=text.rstrip("\r\n"),
    )


def _lines(content: bytes | None) -> list[str]:
    """With their breaks: a last line that has one is the same line when others follow it."""
    text = (content or b"").decode("utf-8", "replace")
    return [] if not text else text.replace("\n", "\n\0").removesuffix("\0").split("\0")


def _patched(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
