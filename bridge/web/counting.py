"""How many chats wait for somebody: the numbers beside his marks."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bridge.domain.notifications import Mark
from bridge.domain.partner_leads import LeadState
from bridge.domain.people import Role
from bridge.domain.principals import PersonKind
from bridge.pipeline.partnering.looking import leads_seen, looker, wanted_of
from bridge.store.listing import Position, Wanted, conversations, position, unanswered
from bridge.web.business import Onlooker
from bridge.web.noticelist import list_notices, list_told
from bridge.web.viewer import Viewer

MOST = 1000
FOR_A_MENU = 100
MOST_UNREAD = 99
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """Unanswered chats by the colour that they have for him, and of the newest notifications that
    he has not read those that he may still know of.
    `more`: only the newest chats were looked at one by one, and there are others."""

    red: int = 0
    grey: int = 0
    unread: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCounters:
    """Of a partner's or a reseller's user: what he has not read, leads that wait for his word, and
    those that he could take from a queue."""

    unread: int = 0
    offered: int = 0
    queued: int = 0


def count_own(db: Connection, onlooker: Onlooker) -> OwnCounters:
    """No more than `MOST_UNREAD` of each."""
    told = list_told(db, onlooker, unread=True, start=None, limit=MOST_UNREAD).notices
    found = OwnCounters(unread=len(told))
    if onlooker.person.kind is not PersonKind.PARTNER_USER:
        return found
    eyes = looker(db, onlooker.policy, onlooker.person)
    offered, queued = (
        len(leads_seen(db, eyes, wanted_of(states=frozenset({state})), None, MOST_UNREAD).leads)
        for state in (LeadState.OFFERED, LeadState.QUEUED)
    )
    return replace(found, offered=offered, queued=queued)


def count(db: Connection, viewer: Viewer, most: int | None = None) -> Counters:
    """Equal to the marks over all chats that he may read; nobody without a role has any. `most`:
    so many of the newest chats are looked at one by one."""
    if viewer.reads_none:
        return Counters()
    told = list_notices(db, viewer, unread=True, start=None, limit=MOST_UNREAD).notices
    if viewer.reads_all and not viewer.has_own_marks:
        return replace(_alike(viewer, unanswered(db)), unread=len(told))
    found = _one_by_one(db, viewer, MOST if most is None else most)
    if viewer.reads_all:
        found = replace(found, grey=max(unanswered(db) - found.red, 0))
    return replace(found, unread=len(told))


def _alike(viewer: Viewer, waiting: int) -> Counters:
    """Of somebody for whom all have the same colour."""
    is_red = viewer.employee.role is Role.MANAGER
    return Counters(red=waiting) if is_red else Counters(grey=waiting)


def _one_by_one(db: Connection, viewer: Viewer, most: int) -> Counters:
    """Those that may be red; of somebody who reads some only, nothing else is grey."""
    wanted = Wanted(sieve=viewer.red_sieve(db), unanswered=True)
    size = min(most, _BATCH)
    tones: dict[Mark, int] = dict.fromkeys(Mark, 0)
    after: Position | None = None
    for _ in range(most // size):
        batch = conversations(db, wanted, after, size)
        for chat in viewer.readable(db, [one.id for one in batch]).values():
            tones[viewer.mark(chat)[0]] += 1
        if len(batch) < size:
            return Counters(red=tones[Mark.RED], grey=tones[Mark.GREY])
        after = position(batch[-1])
    return Counters(red=tones[Mark.RED], grey=tones[Mark.GREY], more=True)
