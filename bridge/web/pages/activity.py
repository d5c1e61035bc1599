"""The activity feed, and per entry why it went as it did."""

from flask import Response
from sqlalchemy import Connection

from bridge.domain.names import ChannelName, EmployeeId
from bridge.store.engine import reading
from bridge.store.feed import FeedWanted
from bridge.web.chatview import safe_link, title_of
from bridge.web.feed import FeedPlace, accounts_of_source, list_feed
from bridge.web.files import files_of
from bridge.web.pages.asking import PAGE, address_of_next, asked, asked_moment, begin
from bridge.web.pages.visiting import Visit
from bridge.web.people import everybody
from bridge.web.story import tell


def show(visit: Visit) -> Response:
    wanted = _wanted(visit)
    start = begin(visit, FeedPlace, "feed")
    with reading(visit.site.parts.engine) as db:
        eyes = visit.viewer(db)
        found = list_feed(db, eyes, wanted, start, PAGE)
        files = files_of(db, [m for entry in found.entries for m in (entry.message, *entry.also)])
    return visit.render(
        "feed.html",
        entries=found.entries,
        titles=[title_of(entry.chat) if entry.chat else "" for entry in found.entries],
        people=everybody(eyes.directory, eyes.policy),
        names={person.email: person.name for person in eyes.directory.people},
        sources=sorted({account.connector for account in visit.policy.accounts.values()}),
        asked={name: asked(name) for name in ("source", "channel", "person", "from", "to", "all")},
        next_page=address_of_next(visit, found.next, "feed"),
        safe_link=safe_link,
        files=files,
    )


def tell_why(visit: Visit, name: str) -> Response:
    with reading(visit.site.parts.engine) as db:
        eyes = visit.viewer(db)
        story = tell(db, eyes, visit.site.parts.active(), name, asked("why_not"))
        people = _colleagues(db, visit)
        files = files_of(db, [story.entry.message, *story.entry.also])
    return visit.render(
        "event.html",
        story=story,
        entry=story.entry,
        record=story.explanation.record,
        effects=story.explanation.effects,
        title=title_of(story.entry.chat) if story.entry.chat else "",
        people=people,
        names={person.email: person.name for person in eyes.directory.people},
        safe_link=safe_link,
        files=files,
    )


def _wanted(visit: Visit) -> FeedWanted:
    source, channel, person = asked("source"), asked("channel"), asked("person")
    return FeedWanted(
        messages_only=asked("all") != "1",
        accounts=accounts_of_source(visit.policy, source) if source else None,
        channel=ChannelName(channel) if channel else None,
        employee=EmployeeId(person.lower()) if person else None,
        since=asked_moment("from"),
        until=asked_moment("to"),
    )


def _colleagues(db: Connection, visit: Visit) -> tuple[EmployeeId, ...]:
    eyes = visit.viewer(db)
    known = (person.employee.id for person in everybody(eyes.directory, eyes.policy))
    return tuple(dict.fromkeys([*known, *eyes.policy.partners.users]))
