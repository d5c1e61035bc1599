"""How many chats wait for somebody: the numbers beside his marks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bridge.domain.names import ConversationId
from bridge.domain.notifications import Mark
from bridge.domain.partner_leads import LeadState
from bridge.domain.people import Role
from bridge.domain.principals import PersonKind
from bridge.pipeline.partnering.looking import leads_seen, looker, wanted_of
from bridge.store.listing import unanswered, waiting
from bridge.web.business import Onlooker
from bridge.web.noticelist import list_notices, list_told
from bridge.web.viewer import Viewer

MOST = 1000
FOR_A_MENU = 100
AMONG_NEWEST = 3000
"""Of a sieve that lets very many chats through, so many of those that wait are looked among."""
MOST_UNREAD = 99
_BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """Unanswered chats by the colour that they have for him, and of the newest notifications that
    he has not read those that he may still know of.
    `more`: they are at least so many; not all chats were looked at one by one."""

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
    of each colour about so many are counted."""
    if viewer.reads_none:
        return Counters()
    told = list_notices(db, viewer, unread=True, start=None, limit=MOST_UNREAD).notices
    if viewer.reads_all and not viewer.has_own_marks:
        return replace(_alike(viewer, unanswered(db, most)), unread=len(told))
    found = _one_by_one(db, viewer, MOST if most is None else most)
    if viewer.reads_all:
        enough = None if most is None else found.red + most
        found = replace(found, grey=max(unanswered(db, enough) - found.red, 0))
    return replace(found, unread=len(told))


def _alike(viewer: Viewer, waiting: int) -> Counters:
    """Of somebody for whom all have the same colour."""
    is_red = viewer.employee.role is Role.MANAGER
    return Counters(red=waiting) if is_red else Counters(grey=waiting)


def _one_by_one(db: Connection, viewer: Viewer, most: int) -> Counters:
    """Of what the store lets through nearly all is red: few more are looked at than are counted."""
    chats, are_all = _perhaps_red(db, viewer)
    tones: Counter[Mark] = Counter()
    looked_at = 0
    while looked_at < min(len(chats), MOST) and tones[Mark.RED] < most:
        batch = chats[looked_at : looked_at + _BATCH]
        tones.update(viewer.tones(db, batch))
        looked_at += len(batch)
    more = looked_at < len(chats) or not are_all
    return Counters(red=tones[Mark.RED], grey=tones[Mark.GREY], more=more)


def _perhaps_red(db: Connection, viewer: Viewer) -> tuple[Sequence[ConversationId], bool]:
    """The chats whose mark may be red, and whether these are all; of somebody who reads some only,
    nothing else is grey."""
    wide = viewer.red_sieve(db)
    if wide is None:
        return (), True
    sieve = viewer.settled(db, wide)
    are_all = sieve.chats is not None or unanswered(db, AMONG_NEWEST + 1) <= AMONG_NEWEST
    return waiting(db, sieve, AMONG_NEWEST), are_all
