"""The list of conversations: one's own first, then the others that one may read."""

from flask import Response

from bridge.domain.names import ChannelName
from bridge.store.engine import reading
from bridge.store.listing import LONGEST_WORDS, Wanted
from bridge.web.chatlist import Part, Place, list_chats
from bridge.web.chatview import owners_of, title_of
from bridge.web.pages.asking import PAGE, address_of_next, asked, begin
from bridge.web.pages.visiting import Visit
from bridge.web.problems import invalid


def show(visit: Visit) -> Response:
    channel, words = asked("channel"), asked("q")
    if len(words) > LONGEST_WORDS:
        raise invalid(f"is longer than {LONGEST_WORDS} characters", field="q", status=400)
    wanted = Wanted(
        unanswered=asked("unanswered") == "1",
        channel=ChannelName(channel) if channel else None,
        words=words,
    )
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
