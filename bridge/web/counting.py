"""How many chats wait for somebody: the numbers beside his marks."""

from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.domain.notifications import Mark
from bridge.store.listing import Position, Wanted, conversations, position
from bridge.web.noticelist import list_notices
from bridge.web.viewer import Viewer

MOST = 1000
MOST_UNREAD = 99
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """Unanswered chats by the colour that they have for him, and of the newest notifications that
    he has not read those that he may still know of.
    `more`: only the newest thousand chats were looked at, and there are others."""

    red: int = 0
    grey: int = 0
    unread: int = 0
    more: bool = False


def count(db: Connection, viewer: Viewer) -> Counters:
    """Equal to the marks over all chats that he may read; nobody without a role has any."""
    if viewer.reads_none:
        return Counters()
    unread = list_notices(db, viewer, unread=True, start=None, limit=MOST_UNREAD).notices
    wanted = Wanted(sieve=viewer.sieve(db), unanswered=True)
    tones: dict[Mark, int] = dict.fromkeys(Mark, 0)
    after: Position | None = None
    for _ in range(MOST // _BATCH):
        batch = conversations(db, wanted, after, _BATCH)
        for chat in viewer.readable(db, [one.id for one in batch]).values():
            tones[viewer.mark(chat)[0]] += 1
        if len(batch) < _BATCH:
            return _counters(tones, len(unread), more=False)
        after = position(batch[-1])
    return _counters(tones, len(unread), more=True)


def _counters(tones: dict[Mark, int], unread: int, *, more: bool) -> Counters:
    return Counters(red=tones[Mark.RED], grey=tones[Mark.GREY], unread=unread, more=more)
