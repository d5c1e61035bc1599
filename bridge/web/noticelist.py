"""A page of somebody's notifications, without those of what he may no longer read."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import quote

from sqlalchemy import Connection

from bridge.domain.names import EmployeeId
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import ReasonCode
from bridge.pipeline.subjects_seen import subjects_seen
from bridge.store.notices import Notice, notices
from bridge.web.business import Onlooker
from bridge.web.viewer import Viewer

_BATCH = 100
_OUTSIDE = frozenset({PersonKind.PARTNER_USER, PersonKind.RESELLER_USER, PersonKind.CLIENT})
FAREWELLS = frozenset({ReasonCode.LEAD_LOST, ReasonCode.LEAD_EXPIRED})
"""What takes the access to its subject away tells of it for the last time."""
MOST_LOOKED_AT = 500
"""For one page, so that those of very many lost chats keep nobody waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePlace:
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePage:
    notices: tuple[Notice, ...]
    next: NoticePlace | None


def list_notices(
    db: Connection, viewer: Viewer, *, unread: bool, start: NoticePlace | None, limit: int
) -> NoticePage:
    """An employee's. An owner change takes the notices of his chats along."""
    if viewer.reads_none:
        return NoticePage(notices=(), next=None)

    def told(before: int | None) -> tuple[Notice, ...]:
        return notices(db, viewer.employee.id, unread=unread, before=before, limit=_BATCH)

    return _page(_walk(told, lambda batch: meant(db, viewer, batch), start), limit)


def list_told(
    db: Connection, onlooker: Onlooker, *, unread: bool, start: NoticePlace | None, limit: int
) -> NoticePage:
    """A partner's or a reseller's user's."""
    person = onlooker.person

    def told(before: int | None) -> tuple[Notice, ...]:
        name = EmployeeId(person.id)
        return notices(db, name, unread=unread, before=before, limit=_BATCH, tenant=person.tenant)

    return _page(_walk(told, lambda batch: his(db, onlooker, batch), start), limit)


def his(db: Connection, onlooker: Onlooker, batch: Sequence[Notice]) -> list[Notice]:
    """Those of a partner's or a reseller's user's that are about what he may read; and that a lead
    is his no longer, without saying which."""
    labels = labels_of(db, onlooker, batch)
    shown = (_farewell(n) if n.subject and n.subject not in labels else n for n in batch)
    return [notice for notice in shown if notice is not None]


def _farewell(notice: Notice) -> Notice | None:
    return replace(notice, about="", subject="") if notice.code in FAREWELLS else None


def address_of(notice: Notice, kind: PersonKind) -> str:
    """The page where he reads more."""
    is_ours = kind not in _OUTSIDE
    if notice.about.startswith("pl_"):
        return f"{'/partners/leads' if is_ours else '/inbox'}/{notice.about}"
    if notice.conversation:
        return f"/conversations/{notice.conversation}#latest"
    if notice.code in FAREWELLS:
        return "/inbox"
    if notice.code.startswith("renewal."):
        return f"/renewals/{notice.about}"
    if notice.subject.startswith("client:"):
        return f"/clients/{notice.subject.removeprefix('client:')}"
    if notice.subject:
        return f"/activity?subject={quote(notice.subject)}"
    return "/feed?all=1" if is_ours else "/activity"


def meant(db: Connection, viewer: Viewer, batch: Collection[Notice]) -> list[Notice]:
    """Those of an employee's that are about nothing in particular, or about what he may read."""
    chats = viewer.readable(db, [n.conversation for n in batch if n.conversation])
    onlooker = onlooker_of(viewer)
    labels = labels_of(db, onlooker, batch)
    return [
        n
        for n in batch
        if (n.conversation is None or n.conversation in chats)
        and (onlooker.reads_all or not n.subject or n.subject in labels)
    ]


def labels_of(db: Connection, onlooker: Onlooker, batch: Collection[Notice]) -> dict[str, str]:
    """What the subjects are called that they are about: of those alone that he may read."""
    names = {notice.subject for notice in batch if notice.subject}
    if not names:
        return {}
    seen = subjects_seen(db, onlooker.policy, onlooker.directory, names)
    return {name: one.label for name, one in seen.items() if onlooker.access(one).can_read}


def onlooker_of(viewer: Viewer) -> Onlooker:
    person = Person(kind=PersonKind.EMPLOYEE, id=viewer.employee.id)
    return Onlooker(person=person, policy=viewer.policy, directory=viewer.directory)


def _page(walked: Iterator[tuple[NoticePlace, Notice | None]], limit: int) -> NoticePage:
    found = list(islice(walked, limit + 1))
    kept = tuple(notice for _, notice in found[:limit] if notice is not None)
    if found and found[-1][1] is None:
        return NoticePage(notices=kept, next=found[-1][0])
    more = found[limit - 1][0] if len(found) > limit else None
    return NoticePage(notices=kept, next=more)


def _walk(
    told: Callable[[int | None], tuple[Notice, ...]],
    readable: Callable[[Sequence[Notice]], list[Notice]],
    start: NoticePlace | None,
) -> Iterator[tuple[NoticePlace, Notice | None]]:
    """Each with the place after it; at last a place without a notice where no more were looked
    at."""
    before = start.before if start else None
    for _ in range(MOST_LOOKED_AT // _BATCH):
        batch = told(before)
        for notice in readable(batch):
            yield NoticePlace(before=notice.id), notice
        if len(batch) < _BATCH:
            return
        before = batch[-1].id
    if before is not None:
        yield NoticePlace(before=before), None
