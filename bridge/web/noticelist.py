"""A page of somebody's notifications, without those of chats that he may no longer read."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection

from bridge.store.notices import Notice, notices
from bridge.web.viewer import Viewer

_BATCH = 100


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
    more = NoticePlace(before=found[limit - 1].id) if len(found) > limit else None
    return NoticePage(notices=tuple(found[:limit]), next=more)


def _readable(db: Connection, viewer: Viewer, unread: bool, before: int | None) -> Iterator[Notice]:
    """An owner change takes its notices along."""
    while not viewer.reads_none:
        batch = notices(db, viewer.employee.id, unread=unread, before=before, limit=_BATCH)
        chats = viewer.readable(db, [n.conversation for n in batch if n.conversation])
        yield from (n for n in batch if n.conversation is None or n.conversation in chats)
        if len(batch) < _BATCH:
            return
        before = batch[-1].id
