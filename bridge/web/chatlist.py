"""A page of the conversations that somebody may read, always full while there are more."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

from sqlalchemy import Connection

from bridge.domain.facts import ChatFacts
from bridge.domain.names import ConversationId
from bridge.domain.notifications import Mark
from bridge.domain.records import Message
from bridge.store.listing import (
    Position,
    Wanted,
    conversations,
    last_messages,
    mentioning,
    position,
    reach,
)
from bridge.store.matching import is_mentioned
from bridge.store.sieving import Sieve
from bridge.web.viewer import Viewer

_BATCH = 100
MOST_LOOKED_AT = 5000
"""In how many conversations a search by somebody who reads all looks for a page; whoever reads
some only is looked up among his own, and no end of a page may tell him of others."""


class Part(StrEnum):
    """Which part of the list: all as one, or the viewer's own chats first and then the rest."""

    ALL = "all"
    OWN = "own"
    REST = "rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the next page begins; `after` of None: at the start of the part."""

    part: Part
    after: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLine:
    chat: ChatFacts
    is_own: bool
    mark: Mark
    last: Message | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPage:
    """`is_cut`: older conversations were not looked at; `next` looks at them."""

    lines: tuple[ChatLine, ...]
    next: Place | None
    is_cut: bool = False


def list_chats(
    db: Connection, viewer: Viewer, wanted: Wanted, start: Place, limit: int
) -> ChatPage:
    found = list(islice(_from(db, viewer, wanted, start), limit + 1))
    kept = [chat for _, chat in found[:limit] if chat is not None]
    last = last_messages(db, [chat.conversation.id for chat in kept])
    lines = tuple(_line(viewer, chat, last.get(chat.conversation.id)) for chat in kept)
    if found and found[-1][1] is None:
        return ChatPage(lines=lines, next=found[-1][0], is_cut=True)
    more = found[limit - 1][0] if len(found) > limit else None
    return ChatPage(lines=lines, next=more)


def _line(viewer: Viewer, chat: ChatFacts, last: Message | None) -> ChatLine:
    tone, _ = viewer.mark(chat)
    shown = None if last is None else viewer.shown(last)
    return ChatLine(chat=chat, is_own=viewer.owns(chat), mark=tone, last=shown)


def _from(
    db: Connection, viewer: Viewer, wanted: Wanted, start: Place
) -> Iterator[tuple[Place, ChatFacts | None]]:
    """Every readable chat from a place on, each with the place after it; at last a place without
    a chat where a search looked no further."""
    if viewer.reads_none:
        return
    if wanted.mine:
        start = replace(start, part=Part.OWN)
    yield from _part(db, viewer, wanted, start)
    if start.part is Part.OWN and not wanted.mine:
        yield from _part(db, viewer, wanted, Place(part=Part.REST))


def _part(
    db: Connection, viewer: Viewer, wanted: Wanted, start: Place
) -> Iterator[tuple[Place, ChatFacts | None]]:
    sieve = viewer.own_sieve() if start.part is Part.OWN else _sieve(db, viewer, wanted)
    narrowed, after = _narrowed(viewer, replace(wanted, sieve=sieve)), start.after
    if viewer.reads_all and start.part is not Part.OWN and wanted.words.strip():
        narrowed = replace(narrowed, until=reach(db, wanted, after, MOST_LOOKED_AT))
    while True:
        batch = conversations(db, narrowed, after, _BATCH)
        readable = viewer.readable(db, [c.id for c in batch])
        fitting = _fitting(db, viewer, readable, wanted)
        for conversation in batch:
            chat = fitting.get(conversation.id)
            if chat is not None and _belongs(start.part, viewer, chat):
                yield Place(part=start.part, after=position(conversation)), chat
        if len(batch) < _BATCH:
            break
        after = position(batch[-1])
    if narrowed.until is not None:
        yield Place(part=start.part, after=narrowed.until), None


def _sieve(db: Connection, viewer: Viewer, wanted: Wanted) -> Sieve | None:
    return viewer.red_sieve(db) if wanted.mark is Mark.RED else viewer.sieve(db)


def _narrowed(viewer: Viewer, wanted: Wanted) -> Wanted:
    owned = None if wanted.owner is None else viewer.sieve_of(wanted.owner)
    return replace(wanted, owned=owned, unanswered=wanted.unanswered or wanted.mark is not None)


def _belongs(part: Part, viewer: Viewer, chat: ChatFacts) -> bool:
    return part is Part.ALL or viewer.owns(chat) is (part is Part.OWN)


def _fitting(
    db: Connection, viewer: Viewer, chats: Mapping[ConversationId, ChatFacts], wanted: Wanted
) -> Mapping[ConversationId, ChatFacts]:
    """The store's sieve lets too much through; here it is asked exactly."""
    fitting = {name: chat for name, chat in chats.items() if _fits(viewer, chat, wanted)}
    if not wanted.words.strip():
        return fitting
    said = mentioning(db, list(fitting), wanted.words, viewer.shown)
    return {n: c for n, c in fitting.items() if n in said or _is_named(c, wanted.words)}


def _fits(viewer: Viewer, chat: ChatFacts, wanted: Wanted) -> bool:
    conversation = chat.conversation
    if wanted.channel is not None and conversation.channel != wanted.channel:
        return False
    if wanted.unanswered and conversation.unanswered_since is None:
        return False
    if wanted.mark is not None and viewer.mark(chat)[0] is not wanted.mark:
        return False
    return wanted.owner is None or viewer.is_of(chat, wanted.owner)


def _is_named(chat: ChatFacts, words: str) -> bool:
    conversation, contact = chat.conversation, chat.contact
    own = (conversation.title, conversation.username, conversation.phone)
    theirs = (contact.name, *contact.phones) if contact else ()
    return is_mentioned(words, *own, *theirs)
