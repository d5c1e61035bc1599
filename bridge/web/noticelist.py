"""A page of somebody's notifications, without those of chats that he may no longer read."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection

from bridge.store.notices import Notice, notices
from bridge.web.viewer import Viewer

_BATCH = 100
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
    before = start.before if start else None
    found = list(islice(_readable(db, viewer, unread, before), limit + 1))
    kept = tuple(notice for _, notice in found[:limit] if notice is not None)
    if found and found[-1][1] is None:
        return NoticePage(notices=kept, next=found[-1][0])
    more = found[limit - 1][0] if len(found) > limit else None
    return NoticePage(notices=kept, next=more)


def _readable(
    db: Connection, viewer: Viewer, unread: bool, before: int | None
) -> Iterator[tuple[NoticePlace, Notice | None]]:
    """An owner change takes its notices along. Each with the place after it; at last a place
    without a notice where no more were looked at."""
    if viewer.reads_none:
        return
    for _ in range(MOST_LOOKED_AT // _BATCH):
        batch = notices(db, viewer.employee.id, unread=unread, before=before, limit=_BATCH)
        chats = viewer.readable(db, [n.conversation for n in batch if n.conversation])
        for n in batch:
            if n.conversation is None or n.conversation in chats:
                yield NoticePlace(before=n.id), n
        if len(batch) < _BATCH:
            return
        before = batch[-1].id
    if before is not None:
        yield NoticePlace(before=before), None
