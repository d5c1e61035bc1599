"""/notifications: what the key's employee was told, and which of it he has read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import msgspec
from sqlalchemy import Connection

from bridge.domain.names import ConversationId, MessageId
from bridge.domain.reasons import ReasonCode
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope
from bridge.store.notices import Notice, mark_read, notices
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Page, Paging, get, write
from bridge.web.viewer import Viewer

_BATCH = 100
_NUMBER = re.compile(r"[0-9]{1,18}")


class NotificationsQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    unread: bool = False


class ReadBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The notifications that were read; null means all."""

    ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationShape:
    """`code` says why he was told."""

    id: str
    conversation: ConversationId
    message: MessageId | None
    code: ReasonCode
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCount:
    """How many became read just now."""

    read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    before: int


def list_all(call: Call, query: NotificationsQuery) -> Page[NotificationShape]:
    of = f"notifications {query.unread}"
    begin = start(call, query, _Place, of)
    with reading(call.site.parts.engine) as db:
        readable = _readable(db, call.viewer(db), query.unread, begin.before if begin else None)
        found = list(islice(readable, query.limit + 1))
    kept = found[: query.limit]
    more = _Place(before=kept[-1].id) if len(found) > query.limit else None
    return Page(items=tuple(_shape(notice) for notice in kept), next=go_on(call, more, of))


def read(call: Call, body: ReadBody) -> ReadCount:
    ids = None if body.ids is None else [int(i) for i in body.ids if _NUMBER.fullmatch(i)]
    with writing(call.site.parts.engine) as db:
        return ReadCount(read=mark_read(db, call.principal.employee.id, ids, call.now))


def _readable(db: Connection, viewer: Viewer, unread: bool, before: int | None) -> Iterator[Notice]:
    """Of chats that he may still read: an owner change takes its notices along."""
    while True:
        batch = notices(db, viewer.employee.id, unread=unread, before=before, limit=_BATCH)
        chats = viewer.readable(db, [notice.conversation for notice in batch])
        yield from (notice for notice in batch if notice.conversation in chats)
        if len(batch) < _BATCH:
            return
        before = batch[-1].id


def _shape(notice: Notice) -> NotificationShape:
    return NotificationShape(
        id=str(notice.id),
        conversation=notice.conversation,
        message=notice.message,
        code=notice.code,
        created_at=notice.created_at,
        read_at=notice.read_at,
    )


ROUTES = (
    get(
        "/notifications",
        list_all,
        NotificationsQuery,
        Page[NotificationShape],
        "What the key's employee was told, the newest first",
    ),
    write(
        "POST",
        "/notifications/read",
        read,
        ReadBody,
        ReadCount,
        "Marks notifications as read",
        Scope.READ,
    ),
)
