"""What the visitor was told, the newest first."""

from flask import Response, make_response, redirect

from bridge.store.engine import reading, writing
from bridge.store.notices import mark_read
from bridge.web.chatview import title_of
from bridge.web.noticelist import NoticePlace, list_notices
from bridge.web.pages.asking import PAGE, address_of_next, begin
from bridge.web.pages.visiting import Visit


def show(visit: Visit) -> Response:
    start = begin(visit, NoticePlace, "notices")
    with reading(visit.site.parts.engine) as db:
        eyes = visit.viewer(db)
        found = list_notices(db, eyes, unread=False, start=start, limit=PAGE)
        chats = eyes.readable(db, [n.conversation for n in found.notices if n.conversation])
    titles = {name: title_of(chat) for name, chat in chats.items()}
    return visit.render(
        "notifications.html",
        notices=found.notices,
        titles=[titles.get(n.conversation, "") if n.conversation else "" for n in found.notices],
        next_page=address_of_next(visit, found.next, "notices"),
    )


def read_all(visit: Visit) -> Response:
    with writing(visit.site.parts.engine) as db:
        mark_read(db, visit.employee, None, visit.now)
    return make_response(redirect("/notifications", 303))
