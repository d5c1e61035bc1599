"""Searches the conversations that somebody may read: what he may not see of them finds nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bridge.domain.facts import ChatFacts
from bridge.domain.names import ConversationId
from bridge.domain.records import Message
from bridge.domain.searching import Sought, fold, sought
from bridge.domain.showing import names_of, names_of_contact, said
from bridge.domain.snippets import Piece, snippet
from bridge.store import notes, search_lookup
from bridge.store.listing import (
    FEW,
    Position,
    Wanted,
    called_so,
    conversations,
    fitting,
    messages_among,
    noted_among,
    places_of,
    places_within,
    position,
)
from bridge.store.notes import Note
from bridge.web.chatfilter import Part, Place, fits, narrowed
from bridge.web.viewer import Viewer

_BATCH = 100
MOST_LOOKED_AT = 20_000
"""In how many messages that hold the words a search by somebody who reads all looks for a page that
fits the filters too; whoever reads some only is looked up among his own, and no end of a page may
tell him of others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A chat with the place after it, and the message or the note it was found by; without a chat:
    a search looked no further than this."""

    place: Place
    chat: ChatFacts | None = None
    message: Message | None = None
    note: Note | None = None


def found_chats(db: Connection, viewer: Viewer, wanted: Wanted, start: Place) -> Iterator[Found]:
    """Every chat once: those that are called so first, the latest ones before; then those of which
    it was noted, and those in which it was said, with the newest such note or message, the newest
    first."""
    search = _Search(db, viewer, narrowed(db, viewer, wanted, own=False))
    if start.part not in (Part.NOTED, Part.SAID):
        yield from search.named(start.after)
    if start.part is not Part.SAID:
        for found in search.noted(start.before if start.part is Part.NOTED else None):
            yield found
            if found.chat is None:
                return
    yield from search.said(start.before if start.part is Part.SAID else None)


def piece_of(viewer: Viewer, found: Found, wanted: Sought) -> tuple[Piece, ...]:
    """The part of a note or a message, or the name of its file, in which the words are."""
    if found.note is not None:
        return snippet(found.note.text, wanted)
    if found.message is None:
        return ()
    texts = said(viewer.shown(found.message), viewer.policy)
    holding = (text for text in texts if wanted.in_text(fold(text)))
    return snippet(next(holding, " · ".join(filter(None, texts))), wanted)


class _Search:
    """One page's search."""

    def __init__(self, db: Connection, viewer: Viewer, wanted: Wanted) -> None:
        self._db = db
        self._viewer = viewer
        self._wanted = wanted
        self._sought = sought(wanted.words)
        self._done: set[ConversationId] = set()
        self._newer: frozenset[int] | None = None
        self._notes: frozenset[int] | None = None
        self._within: Wanted | None = None

    def named(self, after: Position | None) -> Iterator[Found]:
        ids = search_lookup.named(self._db, self._sought)
        sieve = self._wanted.sieve
        if sieve is not None and sieve.chats is not None and len(ids) > FEW:
            ids = called_so(self._db, sieve, ids)
        wanted = replace(self._wanted, among=ids) if len(ids) <= FEW else self._wanted
        while ids:
            batch = conversations(self._db, wanted, after, _BATCH)
            called = [c for c in batch if c.id in ids or c.contact in ids]
            readable = self._viewer.readable(self._db, [c.id for c in called])
            for conversation in called:
                chat = readable.get(conversation.id)
                if chat is not None and self._fits(chat) and self._is_called_so(chat):
                    place = Place(part=Part.NAMED, after=position(conversation))
                    yield Found(place=place, chat=chat)
            if len(batch) < _BATCH:
                return
            after = position(batch[-1])

    def noted(self, before: int | None) -> Iterator[Found]:
        looked_at = 0
        for portion in search_lookup.notes_with(self._db, self._sought, before):
            mine = self._noted_mine(portion)
            for start in range(0, len(mine), _BATCH):
                batch = mine[start : start + _BATCH]
                yield from self._noted_in(batch, before)
                looked_at += len(batch)
                if looked_at >= MOST_LOOKED_AT and self._viewer.reads_all:
                    yield Found(place=Place(part=Part.NOTED, before=batch[-1]))
                    return

    def _noted_mine(self, portion: Sequence[int]) -> Sequence[int]:
        if self._wanted.sieve is None or len(portion) <= _BATCH:
            return portion
        within = {note.id for note in noted_among(self._db, self._wanted, portion)}
        return [one for one in portion if one in within]

    def _noted_in(self, ids: Sequence[int], before: int | None) -> Iterator[Found]:
        newest: dict[ConversationId, Note] = {}
        for note in noted_among(self._db, self._wanted, ids):
            where = note.conversation
            if where not in self._done and where not in newest and self._note_holds(note):
                newest[where] = note
        self._done.update(newest)
        readable = self._viewer.readable(self._db, [*newest])
        chats = {name: c for name, c in readable.items() if self._fits(c)}
        earlier = set() if before is None else self._noted_so(chats, before)
        for where, note in newest.items():
            chat = chats.get(where)
            if chat is not None and where not in earlier and not self._is_called_so(chat):
                yield Found(place=Place(part=Part.NOTED, before=note.id), chat=chat, note=note)

    def _noted_so(self, chats: Iterable[ConversationId], start: int) -> set[ConversationId]:
        """Those of which it was noted from an id on."""
        if self._notes is None:
            self._notes = search_lookup.notes_from(self._db, self._sought, 0)
        if not self._notes:
            return set()
        theirs = self._notes.intersection(notes.ids_in(self._db, chats))
        held = notes.by_id(self._db, (one for one in theirs if one >= start))
        return {note.conversation for note in held if self._note_holds(note)}

    def _note_holds(self, note: Note) -> bool:
        return self._sought.in_text(fold(note.text))

    def said(self, before: int | None) -> Iterator[Found]:
        looked_at = 0
        is_few = self._wanted.sieve is not None and self._wanted.sieve.chats is not None
        within = self._places if is_few else None
        for portion in search_lookup.messages_with(self._db, self._sought, before, within):
            mine = self._mine(portion)
            for start in range(0, len(mine), _BATCH):
                batch = mine[start : start + _BATCH]
                yield from self._said_in(batch, before)
                looked_at += len(batch)
                if looked_at >= MOST_LOOKED_AT and self._viewer.reads_all:
                    yield Found(place=Place(part=Part.SAID, before=batch[-1]))
                    return

    def _mine(self, portion: Sequence[int]) -> Sequence[int]:
        """Those among which may be what these eyes may read."""
        if self._wanted.sieve is None or len(portion) <= _BATCH:
            return portion
        within = self._places(portion[-1], portion[0])
        return [place for place in portion if place in within]

    def _places(self, first: int, last: int) -> frozenset[int]:
        return places_within(self._db, self._fitting(), first, last)

    def _fitting(self) -> Wanted:
        if self._within is None:
            self._within = fitting(self._db, self._wanted)
        return self._within

    def _said_in(self, places: Sequence[int], before: int | None) -> Iterator[Found]:
        newest: dict[ConversationId, tuple[int, Message]] = {}
        for place, message in messages_among(self._db, self._wanted, places):
            where = message.conversation
            if where not in self._done and where not in newest and self._holds(message):
                newest[where] = (place, message)
        self._done.update(newest)
        readable = self._viewer.readable(self._db, [*newest])
        chats = {name: c for name, c in readable.items() if self._fits(c)}
        earlier = self._found_before(chats, before) | self._noted_so(chats, 0)
        for where, (place, message) in newest.items():
            chat = chats.get(where)
            if chat is not None and where not in earlier and not self._is_called_so(chat):
                found_at = Place(part=Part.SAID, before=place)
                yield Found(place=found_at, chat=chat, message=message)

    def _found_before(
        self, chats: Mapping[ConversationId, ChatFacts], before: int | None
    ) -> set[ConversationId]:
        """Those that stand on an earlier page, by a newer message."""
        if before is None or not chats:
            return set()
        places = places_of(self._db, chats, before)
        newer = self._from(before) & places.keys()
        held = messages_among(self._db, Wanted(), newer)
        return {message.conversation for _, message in held if self._holds(message)}

    def _from(self, start: int) -> frozenset[int]:
        if self._newer is None:
            self._newer = search_lookup.messages_from(self._db, self._sought, start)
        return self._newer

    def _holds(self, message: Message) -> bool:
        texts = said(self._viewer.shown(message), self._viewer.policy)
        return self._sought.in_text(fold(*texts))

    def _fits(self, chat: ChatFacts) -> bool:
        return fits(self._viewer, chat, self._wanted)

    def _is_called_so(self, chat: ChatFacts) -> bool:
        names = [names_of(chat.conversation)]
        if chat.contact is not None:
            names.append(names_of_contact(chat.contact))
        return any(self._sought.in_name(fold(*one)) for one in names)
