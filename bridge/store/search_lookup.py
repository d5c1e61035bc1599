"""Finds by words, the newest first: what may hold them, of which the caller asks each."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, and_, func, select

from bridge.domain.searching import Needle, Sought
from bridge.store.among import among
from bridge.store.schema import MESSAGES, NOTES, SEARCH_DUE, SEARCH_NAMES, SEARCH_WORDS
from bridge.store.search_index import BLOCK, NAMES, NOTED, TEXTS, marks, notes_due

_FIRST_BLOCKS, _TIMES_MORE = 4, 8
MOST_NOT_INDEXED = 1000
"""So many of the newest messages are looked at themselves where the clock has not been yet."""

MANY = 1000
Within = Callable[[int, int], Iterable[int]]
"""Gives those of somebody between two numbers."""
Places = dict[int, set[str]]
"""Which texts of which blocks, by their numbers within the block."""


def messages_with(
    db: Connection, wanted: Sought, before: int | None, mine: Within | None = None
) -> Iterator[Sequence[int]]:
    """The `seq` of each message that may hold what is sought, the newest first, in portions; of
    very many only those which are `mine`."""
    if wanted.is_empty:
        return
    yield _not_indexed(db, before)
    yield from _indexed(db, TEXTS, wanted, before, mine)


def notes_with(db: Connection, wanted: Sought, before: int | None) -> Iterator[Sequence[int]]:
    """The same of colleagues' notes, by their ids."""
    if wanted.is_empty:
        return
    yield [one for one in _notes_not_indexed(db) if before is None or one < before]
    yield from _indexed(db, NOTED, wanted, before)


def notes_from(db: Connection, wanted: Sought, start: int) -> frozenset[int]:
    """All notes from an id on that may hold what is sought."""
    last = _newest_block(db, NOTED)
    blocks = range(start // BLOCK, (start // BLOCK if last is None else last) + 1)
    indexed = _numbers(_holding(db, NOTED, blocks, wanted, wanted.text_needles()))
    return frozenset(one for one in (*_notes_not_indexed(db), *indexed) if one >= start)


def messages_from(db: Connection, wanted: Sought, start: int) -> frozenset[int]:
    """All from a number on that may hold what is sought."""
    last = _newest_block(db, TEXTS)
    blocks = range(start // BLOCK, (start // BLOCK if last is None else last) + 1)
    indexed = _numbers(_holding(db, TEXTS, blocks, wanted, wanted.text_needles()))
    return frozenset((*_not_indexed(db, None), *indexed))


def named(db: Connection, wanted: Sought) -> frozenset[str]:
    """Conversations and contacts whose names may hold what is sought."""
    if wanted.is_empty:
        return frozenset()
    last = _newest_block(db, NAMES)
    blocks = range(-1 if last is None else last, -1, -1)
    numbers = _numbers(_holding(db, NAMES, blocks, wanted, wanted.name_needles()))
    known = select(SEARCH_NAMES.c.id).where(among(SEARCH_NAMES.c.n, numbers))
    waiting = select(SEARCH_DUE.c.id).limit(MOST_NOT_INDEXED)
    return frozenset((*db.scalars(known), *db.scalars(waiting)))


def _not_indexed(db: Connection, before: int | None) -> list[int]:
    """Those that have just come, or have just been changed."""
    seq = MESSAGES.c.seq
    until: list[ColumnElement[bool]] = [] if before is None else [seq < before]
    new = select(seq).where(seq > marks(db).high, *until).order_by(seq.desc())
    changed = select(seq).join(SEARCH_DUE, SEARCH_DUE.c.id == MESSAGES.c.id).where(*until)
    found = {
        *db.scalars(new.limit(MOST_NOT_INDEXED)),
        *db.scalars(changed.order_by(SEARCH_DUE.c.id).limit(MOST_NOT_INDEXED)),
    }
    return sorted(found, reverse=True)


def _notes_not_indexed(db: Connection) -> list[int]:
    new = select(NOTES.c.id).where(NOTES.c.id > marks(db, NOTED).high).order_by(NOTES.c.id.desc())
    found = {*db.scalars(new.limit(MOST_NOT_INDEXED)), *notes_due(db, MOST_NOT_INDEXED)}
    return sorted(found, reverse=True)


def _indexed(
    db: Connection, part: int, wanted: Sought, before: int | None, mine: Within | None = None
) -> Iterator[Sequence[int]]:
    newest = _newest_block(db, part) if before is None else before // BLOCK
    if newest is None:
        return
    span = _FIRST_BLOCKS
    while newest >= 0:
        blocks = range(newest, max(newest - span, -1), -1)
        held = _holding(db, part, blocks, wanted, wanted.text_needles())
        if mine is None or sum(map(len, held.values())) <= MANY:
            found = _numbers(held)
        else:
            found = _common(held, mine(blocks[-1] * BLOCK, newest * BLOCK + BLOCK - 1))
        yield [one for one in found if before is None or one < before]
        newest, span = newest - span, span * _TIMES_MORE


def _newest_block(db: Connection, part: int) -> int | None:
    newest = select(func.max(SEARCH_WORDS.c.block)).where(SEARCH_WORDS.c.part == part)
    found: int | None = db.scalar(newest)
    return found


def _holding(
    db: Connection, part: int, blocks: Sequence[int], wanted: Sought, needles: Iterable[Needle]
) -> Places:
    """Where all the needles are, or the number is."""
    found: Places = {}
    for place, needle in enumerate(needles):
        within = blocks if place == 0 else sorted(found, reverse=True)
        here = _places(db, part, within, needle)
        found = here if place == 0 else _both(found, here)
    number = wanted.number_needle()
    if number is not None:
        for block, places in _places(db, part, blocks, number).items():
            found[block] = found.get(block, set()) | places
    return found


def _both(one: Places, other: Places) -> Places:
    common = {block: one[block] & other[block] for block in one.keys() & other.keys()}
    return {block: places for block, places in common.items() if places}


def _places(db: Connection, part: int, blocks: Sequence[int], needle: Needle) -> Places:
    if not blocks:
        return {}
    word, term = SEARCH_WORDS.c.word, needle.text.encode()
    fits = and_(word >= term, word < term + b"\xff") if needle.begins else word == term
    rows = db.execute(
        select(SEARCH_WORDS.c.block, SEARCH_WORDS.c.places).where(
            SEARCH_WORDS.c.part == part, among(SEARCH_WORDS.c.block, blocks), fits
        )
    )
    found: defaultdict[int, set[str]] = defaultdict(set)
    for block, places in rows:
        found[block].update(places[1:-1].split(","))
    return dict(found)


def _common(found: Places, numbers: Iterable[int]) -> list[int]:
    """The highest first; without making numbers of all that was found."""
    common = (n for n in numbers if str(n % BLOCK) in found.get(n // BLOCK, ()))
    return sorted(common, reverse=True)


def _numbers(found: Places) -> list[int]:
    """The highest first."""
    return [
        block * BLOCK + place
        for block in sorted(found, reverse=True)
        for place in sorted(map(int, filter(None, found[block])), reverse=True)
    ]
