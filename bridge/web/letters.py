"""Dead letters as lists and as one: both boxes, the inbox's first."""

from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.pipeline.dead import Box, DeadLetter, dead_letters
from bridge.web.problems import not_found


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPlace:
    box: Box
    after: int


def find_letters(
    db: Connection, begin: LetterPlace, both: bool, limit: int
) -> tuple[DeadLetter, ...]:
    """From a place on; those of the inbox first when both boxes are wanted."""
    found = tuple(dead_letters(db, begin.box, begin.after, limit))
    if both and begin.box is Box.INBOX and len(found) < limit:
        found += tuple(dead_letters(db, Box.OUTBOX, 0, limit - len(found)))
    return found


def place_after(found: tuple[DeadLetter, ...], limit: int) -> LetterPlace | None:
    """Where the next page begins, when `limit` and more were found."""
    if len(found) <= limit:
        return None
    return LetterPlace(box=found[limit - 1].box, after=found[limit - 1].id)


def name_of_letter(box: str, letter: str) -> tuple[Box, int]:
    """Problem 404 for what can't be one."""
    known = box in tuple(Box) and letter.isascii() and letter.isdigit() and len(letter) < 19
    if not known:
        raise not_found("dead letter")
    return Box(box), int(letter)


def headline_of(letter: DeadLetter) -> str:
    """Of a traceback the last line, which says what went wrong."""
    lines = [line for line in letter.reason.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason was kept"


def body_of(letter: DeadLetter) -> str | None:
    """The request as it came, what is no UTF-8 replaced."""
    return None if letter.body is None else letter.body.decode("utf-8", "replace")
