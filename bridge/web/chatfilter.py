"""What of a list of conversations fits its filters: narrowed for the store, then asked exactly."""

from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import Connection

from bridge.domain.facts import ChatFacts
from bridge.domain.notifications import Mark
from bridge.store.listing import Position, Wanted
from bridge.store.sieving import Sieve
from bridge.web.viewer import Viewer


class Part(StrEnum):
    """Which part of the list: all as one, or the viewer's own chats first and then the rest. Of a
    search: those found by their names first, then those of which a colleague noted it, then those
    in which it was said."""

    ALL = "all"
    OWN = "own"
    REST = "rest"
    NAMED = "named"
    NOTED = "noted"
    SAID = "said"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the next page begins; `after` of None: at the start of the part. `before` is the number
    of a message, or of a note."""

    part: Part
    after: Position | None = None
    before: int | None = None


def narrowed(db: Connection, viewer: Viewer, wanted: Wanted, *, own: bool) -> Wanted:
    """With what the store narrows by for these eyes; `own`: to their own clients."""
    sieve = viewer.own_sieve() if own or wanted.mine else _sieve(db, viewer, wanted)
    return replace(
        wanted,
        sieve=None if sieve is None else viewer.settled(db, sieve),
        owned=None if wanted.owner is None else viewer.settled(db, viewer.sieve_of(wanted.owner)),
        unanswered=wanted.unanswered or wanted.mark is not None,
    )


def fits(viewer: Viewer, chat: ChatFacts, wanted: Wanted) -> bool:
    """Of a chat that they may read and that the store's columns have let through."""
    conversation = chat.conversation
    if wanted.channel is not None and conversation.channel != wanted.channel:
        return False
    if wanted.unanswered and conversation.unanswered_since is None:
        return False
    if wanted.mark is not None and viewer.mark(chat)[0] is not wanted.mark:
        return False
    if wanted.mine and not viewer.owns(chat):
        return False
    return wanted.owner is None or viewer.is_of(chat, wanted.owner)


def _sieve(db: Connection, viewer: Viewer, wanted: Wanted) -> Sieve | None:
    return viewer.red_sieve(db) if wanted.mark is Mark.RED else viewer.sieve(db)
