"""What is new for partners' and resellers' people and for clients who watch live.

`access_to` is asked about each piece when it is made; whose access has ended hears nothing of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.domain.principals import PersonKind
from bridge.domain.subjects import SubjectKind
from bridge.store import decisions
from bridge.store.notices import Notice
from bridge.web.auth import TENANTS, Principal
from bridge.web.business import Onlooker
from bridge.web.counting import OwnCounters, count_own
from bridge.web.noticelist import address_of, his, labels_of
from bridge.web.reasons_said.notices import told_live
from bridge.web.watches import News, NoticeNews, Ticket, Watch, counters_of, event

COUNT_AGAIN = timedelta(seconds=5)
"""What waits in a queue is nobody's business yet: that it moved is seen by counting."""
COUNT_ANYWAY = timedelta(minutes=1)


class OutsideLook:
    """One look at the store for all of them; what several ask is asked once."""

    def __init__(
        self, db: Connection, policy: Policy, people: Directory, now: datetime, decided: int
    ) -> None:
        self._db = db
        self._policy = policy
        self._people = people
        self._now = now
        self._decided = decided
        self._moved: frozenset[str] = frozenset()
        self._counters: dict[str, OwnCounters] = {}

    def read(self, watches: Iterable[Watch], alive: Mapping[Ticket, Principal]) -> None:
        """Whose business, and which clients, later decisions are about."""
        behind = [(w, alive[w.ticket]) for w in watches if self._is_behind(w, alive)]
        if not behind:
            return
        names = {_name_of(principal) for _, principal in behind}
        since = min(watch.decided for watch, _ in behind)
        clients = {name for name in names if name.startswith(f"{SubjectKind.CLIENT}:")}
        self._moved = decisions.moved_tenants(self._db, names - clients, since)
        self._moved |= decisions.moved_subjects(self._db, clients, since)

    def _is_behind(self, watch: Watch, alive: Mapping[Ticket, Principal]) -> bool:
        principal = alive.get(watch.ticket)
        is_outside = principal is not None and principal.person.kind in _OUTSIDE
        return is_outside and watch.decided < self._decided

    def news(
        self, watch: Watch, after: Watch, principal: Principal, told: Sequence[Notice]
    ) -> News:
        """`told` is what was told to people of his tenant and address."""
        person = principal.person
        moved = watch.decided < self._decided and _name_of(principal) in self._moved
        changed = (event("changed", {}),) if moved else ()
        if person.kind not in TENANTS:
            return News(pieces=changed, watch=after)
        looks = Onlooker(person=person, policy=self._policy, directory=self._people)
        said = self._told(watch, looks, told)
        after = self._counted(after, looks, is_moved=moved or bool(said))
        return News(pieces=(*said, *changed, *counters_of(watch, after)), watch=after)

    def _told(self, watch: Watch, looks: Onlooker, told: Sequence[Notice]) -> tuple[bytes, ...]:
        mine = his(self._db, looks, told)
        labels = labels_of(self._db, looks, mine)
        kind = looks.person.kind
        return tuple(
            event("notification", shape(one, watch, kind, labels.get(one.subject, "")), one.id)
            for one in mine
        )

    def _counted(self, watch: Watch, looks: Onlooker, *, is_moved: bool) -> Watch:
        if watch.counted_at is not None and not is_moved:
            age = self._now - watch.counted_at
            is_old = watch.counted_to < self._decided and age >= COUNT_AGAIN
            if not is_old and age < COUNT_ANYWAY:
                return watch
        if watch.principal not in self._counters:
            self._counters[watch.principal] = count_own(self._db, looks)
        counted = self._counters[watch.principal]
        return replace(watch, counted=counted, counted_at=self._now, counted_to=self._decided)


_OUTSIDE = TENANTS | {PersonKind.CLIENT}


def shape(
    notice: Notice, watch: Watch, kind: PersonKind = PersonKind.EMPLOYEE, title: str = ""
) -> NoticeNews:
    """`title` is what its subject is called, for who may read that."""
    is_outside = kind is not PersonKind.EMPLOYEE
    return NoticeNews(
        id=str(notice.id),
        conversation=notice.conversation,
        message=notice.message,
        code=notice.code,
        about=notice.about,
        title=title or ("" if notice.subject or is_outside else notice.about),
        says=told_live(notice.code, watch.language, outside=is_outside),
        address=address_of(notice, kind),
        created_at=notice.created_at,
    )


def _name_of(principal: Principal) -> str:
    """As decisions have it: whose business, or of a client himself."""
    person = principal.person
    is_client = person.kind is PersonKind.CLIENT
    return f"{SubjectKind.CLIENT}:{person.client}" if is_client else person.tenant
