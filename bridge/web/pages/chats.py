"""The list of conversations: one's own first, then the others that one may read."""

from flask import Response

from bridge.store.engine import reading
from bridge.store.listing import Wanted
from bridge.web.chatlist import Part, Place, list_chats
from bridge.web.chatview import owners_of, title_of
from bridge.web.pages.asking import PAGE, address_of_next, begin
from bridge.web.pages.filtering import chats_asked_for
from bridge.web.pages.visiting import Visit


def show(visit: Visit) -> Response:
    wanted = chats_asked_for()
    start = begin(visit, Place, "chats") or Place(part=Part.OWN)
    with reading(visit.site.parts.engine) as db:
        eyes = visit.viewer(db)
        found = list_chats(db, eyes, wanted, start, PAGE)
    return visit.render(
        "conversations.html",
        lines=found.lines,
        titles=[title_of(line.chat) for line in found.lines],
        owners=[owners_of(eyes, line.chat) for line in found.lines],
        names={person.email: person.name for person in eyes.directory.people},
        can_write=visit.principal.employee.may_write_at_all,
        wanted=wanted,
        is_filtered=wanted != Wanted(),
        is_cut=found.is_cut,
        next_page=address_of_next(visit, found.next, "chats"),
    )
