"""/notifications: what the key's employee was told, and which of it he has read."""

import re
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from bridge.domain.names import ConversationId, EmployeeId, MessageId
from bridge.domain.reasons import ReasonCode
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope
from bridge.store.notices import Notice, mark_read
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Nothing, Page, Paging, get, write
from bridge.web.auth import PEOPLE, TENANTS
from bridge.web.business import Onlooker
from bridge.web.counting import Counters, count
from bridge.web.noticelist import NoticePage, NoticePlace, list_notices, list_told

_NUMBER = re.compile(r"[0-9]{1,18}")


class NotificationsQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    unread: bool = False


class ReadBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The notifications that were read; null means all."""

    ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationShape:
    """`code` says why he was told; `conversation` is null when it is about no chat. `about` names
    the channel or the account; `subject` is the lead, client or renewal that it is about, as
    `GET /activity` takes it."""

    id: str
    conversation: ConversationId | None
    message: MessageId | None
    code: ReasonCode
    about: str
    created_at: datetime
    read_at: datetime | None
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCount:
    """How many became read just now."""

    read: int


def list_all(call: Call, query: NotificationsQuery) -> Page[NotificationShape]:
    of = f"notifications {query.unread}"
    begin = start(call, query, NoticePlace, of)
    with reading(call.site.parts.engine) as db:
        found = _found(db, call, query, begin)
    items = tuple(_shape(notice) for notice in found.notices)
    return Page(items=items, next=go_on(call, found.next, of))


def _found(
    db: Connection, call: Call, query: NotificationsQuery, begin: NoticePlace | None
) -> NoticePage:
    eyes, person = call.viewer(db), call.principal.person
    if person.kind not in TENANTS:
        return list_notices(db, eyes, unread=query.unread, start=begin, limit=query.limit)
    onlooker = Onlooker(person=person, policy=eyes.policy, directory=eyes.directory)
    return list_told(db, onlooker, unread=query.unread, start=begin, limit=query.limit)


def read(call: Call, body: ReadBody) -> ReadCount:
    ids = None if body.ids is None else [int(i) for i in body.ids if _NUMBER.fullmatch(i)]
    with writing(call.site.parts.engine) as db:
        person = call.principal.person
        count = mark_read(db, EmployeeId(person.id), ids, call.now, tenant=person.tenant)
        return ReadCount(read=count)


def _shape(notice: Notice) -> NotificationShape:
    return NotificationShape(
        id=str(notice.id),
        conversation=notice.conversation,
        message=notice.message,
        code=notice.code,
        about=notice.about,
        created_at=notice.created_at,
        read_at=notice.read_at,
        subject=notice.subject,
    )


def counters(call: Call, _: Nothing) -> Counters:
    with reading(call.site.parts.engine) as db:
        return count(db, call.viewer(db))


ROUTES = (
    get(
        "/notifications/counters",
        counters,
        Nothing,
        Counters,
        "How many chats wait for the key's employee, by the colour of their mark",
    ),
    get(
        "/notifications",
        list_all,
        NotificationsQuery,
        Page[NotificationShape],
        "What the key's employee was told, the newest first",
        kinds=PEOPLE,
    ),
    write(
        "POST",
        "/notifications/read",
        read,
        ReadBody,
        ReadCount,
        "Marks notifications as read",
        Scope.READ,
        kinds=PEOPLE,
    ),
)
