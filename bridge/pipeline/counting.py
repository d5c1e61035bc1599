"""The clock counts what messages add up to: each changed one anew, with the answers beside it."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection

from bridge.domain.names import ConversationId, MessageId
from bridge.domain.numbers import Counted, Sum, answered, counted, sums_of
from bridge.domain.records import Message
from bridge.pipeline.parts import Parts
from bridge.store import counted as store
from bridge.store.engine import reading, writing

BATCH = 200
SECONDS = 0.25
"""How long the clock counts at a time; a store full of old messages takes many turns."""
Chats = Mapping[ConversationId, Sequence[Counted]]


def count(parts: Parts, seconds: float = SECONDS) -> int:
    """Counts what has changed; how many lines of the list were done. Cut short, it is done again:
    a message's count, its sums and its line go in one transaction."""
    done, end = 0, time.monotonic() + seconds
    while True:
        with reading(parts.engine) as db:
            if not store.is_waiting(db):
                return done
        done += _step(parts)
        if time.monotonic() >= end:
            return done


def _step(parts: Parts) -> int:
    with writing(parts.engine) as db:
        queued = store.take(db, BATCH)
        if queued.lines:
            _count_anew(db, queued.messages)
            store.done(db, queued)
    return len(queued.lines)


def _count_anew(db: Connection, wanted: frozenset[MessageId]) -> None:
    found = store.messages(db, wanted)
    where = store.places(db, wanted) | {message.conversation for message in found}
    before = {one.message: one for one in store.of_conversations(db, where)}
    now = {**before, **{one.message: one for one in _counted(db, found, where)}}
    gone = store.dismissals(db, where)
    changed = [
        one
        for name, chat in _by_chat(now.values()).items()
        for one in answered(chat, gone.get(name, ()))
        if before.get(one.message) != one
    ]
    store.add(db, _moved(before, changed))
    store.keep(db, changed)


def _counted(
    db: Connection, found: Iterable[Message], where: frozenset[ConversationId]
) -> Iterator[Counted]:
    chats = store.conversations(db, where)
    for message in found:
        if message.conversation in chats:
            yield counted(message, chats[message.conversation])


def _by_chat(run: Iterable[Counted]) -> Chats:
    found: defaultdict[ConversationId, list[Counted]] = defaultdict(list)
    for one in run:
        found[one.conversation].append(one)
    return found


def _moved(before: Mapping[MessageId, Counted], changed: Iterable[Counted]) -> Counter[Sum]:
    moved: Counter[Sum] = Counter()
    for one in changed:
        moved.update(sums_of(one))
        if one.message in before:
            moved.subtract(sums_of(before[one.message]))
    return moved
