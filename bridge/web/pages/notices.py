"""What the visitor was told, the newest first."""

from collections.abc import Mapping
from contextlib import suppress

from flask import Response, make_response, redirect, request
from sqlalchemy.exc import OperationalError

from bridge.domain.names import ConversationId, EmployeeId
from bridge.store import notices
from bridge.store.engine import reading, writing
from bridge.store.notices import Notice, mark_read
from bridge.web.auth import TENANTS
from bridge.web.chatview import title_of
from bridge.web.noticelist import (
    NoticePage,
    NoticePlace,
    address_of,
    labels_of,
    list_notices,
    list_told,
    onlooker_of,
)
from bridge.web.pages.asking import PAGE, address_of_next, begin
from bridge.web.pages.business import onlooker
from bridge.web.pages.visiting import Visit


def show(visit: Visit) -> Response:
    start = begin(visit, NoticePlace, "notices")
    if visit.principal.person.kind in TENANTS:
        return _show_told(visit, start)
    with reading(visit.site.parts.engine) as db:
        eyes = visit.viewer(db)
        found = list_notices(db, eyes, unread=False, start=start, limit=PAGE)
        chats = eyes.readable(db, [n.conversation for n in found.notices if n.conversation])
        labels = labels_of(db, onlooker_of(eyes), found.notices)
    titles = {name: title_of(chat) for name, chat in chats.items()}
    return _rendered(visit, found, labels, titles)


def _show_told(visit: Visit, start: NoticePlace | None) -> Response:
    with reading(visit.site.parts.engine) as db:
        looking = onlooker(visit, db)
        found = list_told(db, looking, unread=False, start=start, limit=PAGE)
        labels = labels_of(db, looking, found.notices)
    return _rendered(visit, found, labels, {})


def _rendered(
    visit: Visit,
    found: NoticePage,
    labels: Mapping[str, str],
    titles: Mapping[ConversationId, str],
) -> Response:
    def title(notice: Notice) -> str:
        about_chat = titles.get(notice.conversation, "") if notice.conversation else ""
        return about_chat or labels.get(notice.subject, "")

    return visit.render(
        "notifications.html",
        notices=found.notices,
        titles=[title(notice) for notice in found.notices],
        addresses=[address_of(notice, visit.principal.person.kind) for notice in found.notices],
        next_page=address_of_next(visit, found.next, "notices"),
    )


def read_about(visit: Visit, subject: str) -> None:
    """A partner's or a reseller's user who opens what he was told of has read that. The page is
    shown also where this can't be written at the moment."""
    person, engine = visit.principal.person, visit.site.parts.engine
    if person.kind not in TENANTS or "X-Live" in request.headers:
        return
    whose = EmployeeId(person.id), person.tenant, subject
    with reading(engine) as db:
        if not notices.is_unread(db, *whose):
            return
    with suppress(OperationalError), writing(engine) as db:
        notices.read_about(db, *whose, visit.now)


def read_all(visit: Visit) -> Response:
    with writing(visit.site.parts.engine) as db:
        person = visit.principal.person
        mark_read(db, EmployeeId(person.id), None, visit.now, tenant=person.tenant)
    return make_response(redirect("/notifications", 303))
