"""Keeps what a search goes by: the newest messages first, then names, then what there was before.

Behind the walk, so that no message waits for it; a search itself looks at what is not here yet. A
step that was cut short is done again.
"""

import time
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select

from bridge import codec
from bridge.domain.names import ConversationId, RecordId
from bridge.domain.policy import OnDelete, Policy
from bridge.domain.records import Message
from bridge.domain.searching import fold, terms_of_name, terms_of_text
from bridge.domain.showing import names_of, names_of_contact, said
from bridge.pipeline.parts import Parts
from bridge.store import chats, notes, search_index
from bridge.store.among import among
from bridge.store.engine import reading, writing
from bridge.store.schema import MESSAGES, SEARCH_DUE
from bridge.store.search_index import NOTED, TAKEN_BACK, TEXTS, Marks, Terms

BATCH = 250
_NOTES = 50  # they are folded while nobody else writes
_RULES = {OnDelete.KEEP: 1, OnDelete.REDACT: 2}
SECONDS = 0.2
"""At a time: what else the clock does must not wait."""
_MESSAGES = select(MESSAGES.c.seq, MESSAGES.c.id, MESSAGES.c.value)


class _Said(NamedTuple):
    seq: int
    id: str
    value: bytes


def index(parts: Parts, seconds: float = SECONDS) -> None:
    end = time.monotonic() + seconds
    while step(parts) and time.monotonic() < end:
        pass


def step(parts: Parts) -> bool:
    """Some of what is left to do; whether there was any."""
    policy = parts.active().policy
    with reading(parts.engine) as db:
        reached = search_index.marks(db)
        new = _read(db, _MESSAGES.where(MESSAGES.c.seq > reached.high).order_by(MESSAGES.c.seq))
    if new:
        return _add(parts, policy, reached, Marks(low=reached.low, high=new[-1].seq), new)
    if _look_again(parts, policy) or _noted(parts):
        return True
    with reading(parts.engine) as db:
        older = _MESSAGES.where(MESSAGES.c.seq <= reached.low).order_by(MESSAGES.c.seq.desc())
        old = _read(db, older)
    if old:
        return _add(parts, policy, reached, Marks(low=old[-1].seq - 1, high=reached.high), old)
    return _by_another_rule(parts, policy, reached)


def _read(db: Connection, messages: Select[Any]) -> Sequence[_Said]:
    return [_Said(*row) for row in db.execute(messages.limit(BATCH))]


def _add(parts: Parts, policy: Policy, known: Marks, then: Marks, rows: Sequence[_Said]) -> bool:
    """Writes what was read and folded outside of the transaction, unless it has changed since."""
    terms = _terms(policy, rows)
    with writing(parts.engine) as db:
        search_index.alone(db)
        if search_index.marks(db) == known and not _is_due(db, [row.id for row in rows]):
            search_index.add(db, TEXTS, terms)
            search_index.put_marks(db, then)
            return True
    return _look_again(parts, policy)


def _is_due(db: Connection, ids: Sequence[str]) -> bool:
    return db.scalar(select(SEARCH_DUE.c.id).where(among(SEARCH_DUE.c.id, ids))) is not None


def _look_again(parts: Parts, policy: Policy) -> bool:
    """Whatever may be called, or say, something else by now."""
    with writing(parts.engine) as db:
        search_index.alone(db)
        ids = search_index.due(db, BATCH)
        if ids:
            _names(db, ids)
            _messages(db, policy, ids)
            _notes_again(db, search_index.numbers_of_notes(ids))
            search_index.looked_at(db, ids)
    return bool(ids)


def _names(db: Connection, ids: Collection[str]) -> None:
    found = chats.conversations_by_id(db, [ConversationId(one) for one in ids])
    named = {str(one.id): terms_of_name(fold(*names_of(one))) for one in found.values()}
    for contact in chats.contacts_by_id(db, [RecordId(one) for one in ids]).values():
        named[contact.id] = terms_of_name(fold(*names_of_contact(contact)))
    search_index.put_names(db, named)


def _messages(db: Connection, policy: Policy, ids: Collection[str]) -> None:
    reached = search_index.marks(db)
    found = (_Said(*row) for row in db.execute(_MESSAGES.where(among(MESSAGES.c.id, ids))))
    rows = [one for one in found if reached.low < one.seq <= reached.high]
    search_index.take_whole(db, (row.seq for row in rows))
    search_index.add(db, TEXTS, _terms(policy, rows))


def _by_another_rule(parts: Parts, policy: Policy, reached: Marks) -> bool:
    """Since `timeline.on_delete` says something else, what was deleted before is found, or is no
    longer: from the newest on all are looked at, and those that were deleted are indexed anew."""
    rule = _RULES[policy.timeline.on_delete]
    with reading(parts.engine) as db:
        known = search_index.marks(db, TAKEN_BACK)
        below = known.high if known.low == rule else reached.high + 1
        rows = _read(db, _MESSAGES.where(MESSAGES.c.seq < below).order_by(MESSAGES.c.seq.desc()))
    if not rows and known.low == rule:
        return False
    gone = [row.id for row in rows if _was_deleted(row)]
    with writing(parts.engine) as db:
        search_index.alone(db)
        if search_index.marks(db, TAKEN_BACK) == known:
            search_index.note(db, gone)
            then = Marks(low=rule, high=rows[-1].seq if rows else 0)
            search_index.put_marks(db, then, TAKEN_BACK)
    return True


def _was_deleted(row: _Said) -> bool:
    return codec.decode(Message, bytes(row.value)).deleted_at is not None


def _noted(parts: Parts) -> bool:
    """Notes never change: read and written in one breath, as one that is erased meanwhile waits."""
    with reading(parts.engine) as db:
        if not notes.after(db, search_index.marks(db, NOTED).high, 1):
            return False
    with writing(parts.engine) as db:
        search_index.alone(db)
        new = notes.after(db, search_index.marks(db, NOTED).high, _NOTES)
        search_index.add(db, NOTED, _terms_of_notes(new))
        if new:
            search_index.put_marks(db, Marks(high=new[-1].id), NOTED)
    return bool(new)


def _notes_again(db: Connection, ids: Collection[int]) -> None:
    """Those that were committed after later ones had been indexed."""
    if not ids:
        return
    high = search_index.marks(db, NOTED).high
    passed = [one for one in notes.by_id(db, ids) if one.id <= high]
    search_index.take_whole(db, (one.id for one in passed), NOTED)
    search_index.add(db, NOTED, _terms_of_notes(passed))


def _terms_of_notes(found: Sequence[notes.Note]) -> Terms:
    return {one.id: terms_of_text(fold(one.text)) for one in found}


def _terms(policy: Policy, rows: Sequence[_Said]) -> Terms:
    messages = ((row.seq, codec.decode(Message, bytes(row.value))) for row in rows)
    return {seq: terms_of_text(fold(*said(message, policy))) for seq, message in messages}
