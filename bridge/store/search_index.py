"""What a search goes by, as rows of words: written by the clock, taken from at once by who erases.

Only here and in `search_lookup` is known how it is kept. A block of 4096 texts has a row for each
of its words: what is new goes to the end of the table, the newest texts with a common word are
found as fast as those with a rare one, and what is taken away is gone from the file.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, LargeBinary, and_, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from bridge.codec import decode, encode
from bridge.domain.names import MessageId
from bridge.domain.searching import Folded, terms_of_text
from bridge.store.among import among
from bridge.store.schema import SEARCH_DUE, SEARCH_MARKS, SEARCH_NAMES, SEARCH_WORDS

BLOCK = 4096
TEXTS, NAMES, NOTED = 0, 1, 2
TAKEN_BACK = 3
"""Of the marks alone: how deleted messages are indexed (`low`), and down to where (`high`)."""
_LOCK = 7_165_234
_ADD = (
    "INSERT INTO search_words (part, block, word, places) VALUES ({0}, {0}, {0}, {0})"
    " ON CONFLICT (part, block, word)"
    " DO UPDATE SET places = search_words.places || substr(excluded.places, 2)"
)
_MARKS = {"sqlite": "?", "postgresql": "%s"}
_EMPTY = ","
_OF_NOTE = "note:"
_HERE = and_(
    SEARCH_WORDS.c.part == bindparam("of"),
    SEARCH_WORDS.c.block == bindparam("within"),
    SEARCH_WORDS.c.word == bindparam("term", type_=LargeBinary),
)
_TAKE = (
    update(SEARCH_WORDS)
    .where(_HERE)
    .values(places=func.replace(SEARCH_WORDS.c.places, bindparam("place"), _EMPTY))
)
_DROP = delete(SEARCH_WORDS).where(_HERE, SEARCH_WORDS.c.places == _EMPTY)

Terms = Mapping[int, Collection[str]]
"""What each text is found by, by its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Messages after `low` up to `high` are indexed."""

    low: int = 0
    high: int = 0


def alone(db: Connection) -> None:
    """Before anything here is written, and after all else that a transaction locks: then no two
    wait for one another."""
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def marks(db: Connection, part: int = TEXTS) -> Marks:
    row = db.execute(select(SEARCH_MARKS).where(SEARCH_MARKS.c.part == part)).first()
    return Marks() if row is None else Marks(low=row.low, high=row.high)


def put_marks(db: Connection, new: Marks, part: int = TEXTS) -> None:
    db.execute(delete(SEARCH_MARKS).where(SEARCH_MARKS.c.part == part))
    db.execute(SEARCH_MARKS.insert().values(part=part, low=new.low, high=new.high))


def add(db: Connection, part: int, terms: Terms) -> None:
    found: defaultdict[tuple[int, bytes], list[int]] = defaultdict(list)
    for number in sorted(terms):
        block, place = divmod(number, BLOCK)
        for term in terms[number]:
            found[block, term.encode()].append(place)
    rows = [
        (part, block, word, f",{','.join(map(str, places))},")
        for (block, word), places in sorted(found.items())
    ]
    if rows:
        db.exec_driver_sql(_ADD.format(_MARKS[db.dialect.name]), rows)


def take(db: Connection, part: int, terms: Terms) -> None:
    """Takes texts away whose terms are known; a word that no other text has goes altogether."""
    for block, numbers in _by_block(terms):
        spots = {(term.encode(), number) for number in numbers for term in terms[number]}
        _take(db, part, block, spots)


def take_whole(db: Connection, numbers: Iterable[int], part: int = TEXTS) -> None:
    """Takes texts away whose terms are no longer known: every word of their blocks is looked
    at."""
    for block, some in _by_block(set(numbers)):
        within = (SEARCH_WORDS.c.part == part, SEARCH_WORDS.c.block == block)
        for number in some:
            holds = SEARCH_WORDS.c.places.contains(_place(number))
            words = db.scalars(select(SEARCH_WORDS.c.word).where(*within, holds)).all()
            _take(db, part, block, {(bytes(word), number) for word in words})


def _by_block(numbers: Iterable[int]) -> list[tuple[int, list[int]]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for number in sorted(numbers):
        found[number // BLOCK].append(number)
    return sorted(found.items())


def _take(db: Connection, part: int, block: int, spots: Collection[tuple[bytes, int]]) -> None:
    if not spots:
        return
    where = {"of": part, "within": block}
    rows = [{**where, "term": term, "place": _place(n)} for term, n in sorted(spots)]
    db.execute(_TAKE, rows)
    db.execute(_DROP, [{**where, "term": term} for term in sorted({term for term, _ in spots})])


def _place(number: int) -> str:
    return f",{number % BLOCK},"


def note(db: Connection, ids: Iterable[str]) -> None:
    """The words of these may have changed: they are to be looked at (anew). Until then a search
    looks at them as they are."""
    rows = [{"id": one, "times": 1} for one in sorted(set(ids))]
    if not rows:
        return
    insert = postgres_insert if db.dialect.name == "postgresql" else sqlite_insert
    # An update in place of nothing: it waits for a clock that is just looking at the same one.
    again = insert(SEARCH_DUE).on_conflict_do_update(
        index_elements=["id"], set_={"times": SEARCH_DUE.c.times + 1}
    )
    db.execute(again, rows)


def due(db: Connection, limit: int) -> tuple[str, ...]:
    """Those to be looked at, for this transaction alone."""
    found = select(SEARCH_DUE.c.id).order_by(SEARCH_DUE.c.id).limit(limit)
    return tuple(db.scalars(found.with_for_update(skip_locked=True)))


def looked_at(db: Connection, ids: Iterable[str]) -> None:
    db.execute(delete(SEARCH_DUE).where(among(SEARCH_DUE.c.id, ids)))


def note_notes(db: Connection, ids: Iterable[int]) -> None:
    """Notes that were just written."""
    note(db, (f"{_OF_NOTE}{one}" for one in ids))


def numbers_of_notes(ids: Iterable[str]) -> tuple[int, ...]:
    """Those of what is due that are notes."""
    return tuple(int(one.removeprefix(_OF_NOTE)) for one in ids if one.startswith(_OF_NOTE))


def notes_due(db: Connection, limit: int) -> tuple[int, ...]:
    waiting = select(SEARCH_DUE.c.id).where(SEARCH_DUE.c.id.like(f"{_OF_NOTE}%"))
    return numbers_of_notes(db.scalars(waiting.limit(limit)))


def put_names(db: Connection, named: Mapping[str, frozenset[str]]) -> None:
    """What each conversation or contact is found by from now on; nothing: by nothing."""
    known = _known_names(db, named)
    same = {one for one, (_, terms) in known.items() if terms == named[one]}
    forget_names(db, known.keys() - same)
    new = {one: terms for one, terms in named.items() if terms and one not in same}
    rows = [{"id": one, "terms": encode(sorted(terms))} for one, terms in sorted(new.items())]
    if not rows:
        return
    db.execute(SEARCH_NAMES.insert(), rows)
    numbers = db.execute(
        select(SEARCH_NAMES.c.n, SEARCH_NAMES.c.id).where(among(SEARCH_NAMES.c.id, new))
    )
    add(db, NAMES, {n: new[one] for n, one in numbers})


def forget_names(db: Connection, ids: Iterable[str]) -> None:
    """At once, and whatever they are called now."""
    wanted = tuple(ids)
    known = _known_names(db, wanted)
    take(db, NAMES, dict(known.values()))
    db.execute(delete(SEARCH_NAMES).where(among(SEARCH_NAMES.c.id, known)))


def _known_names(db: Connection, ids: Iterable[str]) -> dict[str, tuple[int, frozenset[str]]]:
    rows = db.execute(select(SEARCH_NAMES).where(among(SEARCH_NAMES.c.id, tuple(ids))))
    return {row.id: (row.n, frozenset(decode(list[str], bytes(row.terms)))) for row in rows}


def forget_messages(db: Connection, known: Mapping[MessageId, tuple[int, Folded]]) -> None:
    """At once, at the end of a transaction: each with its `seq` and what it said until now."""
    if not known:
        return
    alone(db)
    reached = marks(db)
    waiting = set(db.scalars(select(SEARCH_DUE.c.id).where(among(SEARCH_DUE.c.id, known))))
    indexed = {one for one, (seq, _) in known.items() if reached.low < seq <= reached.high}
    take_whole(db, (known[one][0] for one in indexed & waiting))
    told = dict(known[one] for one in indexed - waiting)
    take(db, TEXTS, {seq: terms_of_text(said) for seq, said in told.items()})
    # A clock that has read them already does not write what it has read.
    note(db, known.keys() - indexed)


def forget_notes(db: Connection, known: Mapping[int, Folded]) -> None:
    """The same of colleagues' notes that are gone, each with what it said: it never changed, and a
    clock reads them where nobody else writes."""
    if not known:
        return
    alone(db)
    high = marks(db, NOTED).high
    take(db, NOTED, {n: terms_of_text(said) for n, said in known.items() if n <= high})
