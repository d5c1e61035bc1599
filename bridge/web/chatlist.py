"""A page of the conversations that somebody may read, always full while there are more."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice, repeat

from sqlalchemy import Connection

from bridge.domain.facts import ChatFacts
from bridge.domain.notifications import Mark
from bridge.domain.records import Message
from bridge.domain.searching import sought
from bridge.domain.snippets import Piece
from bridge.store.listing import Wanted, conversations, last_messages, position
from bridge.store.notes import Note
from bridge.web.chatfilter import Part, Place, fits, narrowed
from bridge.web.chatsearch import Found, found_chats, piece_of
from bridge.web.viewer import Viewer

__all__ = ("ChatLine", "ChatPage", "Part", "Place", "list_chats")
_BATCH, _LATER_BATCH = 100, 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLine:
    """`found` is the newest message in which the words of a search are, as these eyes may see it,
    `noted` the newest note, `snippet` the place in it; a chat that is found by its name has
    none."""

    chat: ChatFacts
    is_own: bool
    mark: Mark
    last: Message | None
    found: Message | None = None
    noted: Note | None = None
    snippet: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPage:
    """`is_cut`: older messages were not looked at; `next` looks at them."""

    lines: tuple[ChatLine, ...]
    next: Place | None
    is_cut: bool = False


def list_chats(
    db: Connection, viewer: Viewer, wanted: Wanted, start: Place, limit: int
) -> ChatPage:
    """Of a search the chats that are found by their names come first, then those in which something
    was noted, then those in which it was said, the newest first."""
    found = list(islice(_from(db, viewer, wanted, start), limit + 1))
    kept = [(one.chat, one) for one in found[:limit] if one.chat is not None]
    last = last_messages(db, [chat.conversation.id for chat, _ in kept])
    lines = tuple(
        _line(viewer, wanted, chat, last.get(chat.conversation.id), by) for chat, by in kept
    )
    if found and found[-1].chat is None:
        return ChatPage(lines=lines, next=found[-1].place, is_cut=True)
    more = found[limit - 1].place if len(found) > limit else None
    return ChatPage(lines=lines, next=more)


def _line(
    viewer: Viewer, wanted: Wanted, chat: ChatFacts, last: Message | None, by: Found
) -> ChatLine:
    tone, _ = viewer.mark(chat)
    return ChatLine(
        chat=chat,
        is_own=viewer.owns(chat),
        mark=tone,
        last=None if last is None else viewer.shown(last),
        found=None if by.message is None else viewer.shown(by.message),
        noted=by.note,
        snippet=piece_of(viewer, by, sought(wanted.words)),
    )


def _from(db: Connection, viewer: Viewer, wanted: Wanted, start: Place) -> Iterator[Found]:
    """Every readable chat from a place on, each with the place after it; at last a place without
    a chat where a search looked no further."""
    if viewer.reads_none or (wanted.mark is not None and not viewer.may_mark(wanted.mark)):
        return
    if wanted.words.strip():
        yield from found_chats(db, viewer, wanted, start)
        return
    if wanted.mine:
        start = Place(part=Part.OWN, after=start.after)
    yield from _part(db, viewer, wanted, start)
    if start.part is Part.OWN and not wanted.mine:
        yield from _part(db, viewer, wanted, Place(part=Part.REST))


def _part(db: Connection, viewer: Viewer, wanted: Wanted, start: Place) -> Iterator[Found]:
    wish, after = narrowed(db, viewer, wanted, own=start.part is Part.OWN), start.after
    for size in chain((_BATCH,), repeat(_LATER_BATCH)):
        batch = conversations(db, wish, after, size)
        readable = viewer.readable(db, [c.id for c in batch])
        for conversation in batch:
            chat = readable.get(conversation.id)
            if chat is not None and fits(viewer, chat, wish) and _belongs(start.part, viewer, chat):
                place = Place(part=start.part, after=position(conversation))
                yield Found(place=place, chat=chat)
        if len(batch) < size:
            return
        after = position(batch[-1])


def _belongs(part: Part, viewer: Viewer, chat: ChatFacts) -> bool:
    return part is Part.ALL or viewer.owns(chat) is (part is Part.OWN)
