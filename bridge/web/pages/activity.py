"""The activity feed, and per entry why it went as it did."""

from dataclasses import dataclass

from flask import Response, make_response, render_template

from bridge.domain.messaging import Messenger
from bridge.domain.names import EmployeeId
from bridge.domain.records import RecordKind
from bridge.sheets.writing import CONTENT_TYPE, table
from bridge.store.config_changes import change_to
from bridge.store.decisions import newest
from bridge.store.engine import reading
from bridge.store.timeline import FeedPlace
from bridge.web.api.routing import Download
from bridge.web.api.serving import as_response
from bridge.web.api.timeline import as_json
from bridge.web.chatview import safe_link, title_of
from bridge.web.feed import MOST_NEW, count_newer, list_feed
from bridge.web.feed_days import days_of
from bridge.web.feed_export import HEAD, export_feed, rows_of
from bridge.web.files import files_of
from bridge.web.pages.asking import PAGE, address_of_next, asked, begin
from bridge.web.pages.feed_filters import Filters, file_of, filters, head_of, here, wanted
from bridge.web.pages.visiting import Visit
from bridge.web.people import everybody
from bridge.web.problems import invalid
from bridge.web.reasons_said import rule_of
from bridge.web.story import background, tell
from bridge.web.viewer import Viewer


def show(visit: Visit) -> Response:
    return _feed(visit, None, "")


def show_contact(visit: Visit, name: str) -> Response:
    return _feed(visit, RecordKind.CONTACT, name)


def show_deal(visit: Visit, name: str) -> Response:
    return _feed(visit, RecordKind.DEAL, name)


def show_lead(visit: Visit, name: str) -> Response:
    return _feed(visit, RecordKind.LEAD, name)


def take(visit: Visit) -> Response:
    """What is listed, as a file: CSV, unless `format=json` is asked for."""
    with reading(visit.site.parts.engine) as db:
        eyes = visit.viewer(db)
        asks = wanted(visit, filters(), head_of(db, visit, eyes, None, ""))
        found = export_feed(db, eyes, asks, visit.principal.id)
        if asked("format") == "json":
            body = as_json(db, eyes, found.entries)
            return as_response(
                Download(name="feed.json", content_type="application/json", body=body)
            )
    body = table(HEAD, rows_of(found))
    return as_response(Download(name="feed.csv", content_type=CONTENT_TYPE, body=body))


def tell_why(visit: Visit, name: str) -> Response:
    active = visit.site.parts.active()
    with reading(visit.site.parts.engine) as db:
        eyes = visit.viewer(db)
        story = tell(db, eyes, active, name, asked("why_not"))
        behind = background(db, eyes, active, story)
        people = _colleagues(eyes)
        change = change_to(db, story.explanation.record.config_hash) if eyes.reads_all else None
        files = files_of(db, [story.entry.message, *story.entry.also])
    return visit.render(
        "event.html",
        story=story,
        entry=story.entry,
        record=story.explanation.record,
        effects=story.explanation.effects,
        background=behind,
        rule=rule_of(story.explanation.record),
        title=title_of(story.entry.chat) if story.entry.chat else "",
        people=people,
        names=_names(eyes),
        change=change,
        safe_link=safe_link,
        files=files,
    )


def _feed(visit: Visit, kind: RecordKind | None, name: str) -> Response:
    given, start = filters(), begin(visit, FeedPlace, "feed")
    with reading(visit.site.parts.engine) as db:
        eyes = visit.viewer(db)
        head = head_of(db, visit, eyes, kind, name)
        asks = wanted(visit, given, head)
        if asked("new"):
            return _news(count_newer(db, eyes, asks, _number(asked("new"))))
        last = newest(db)
        found = list_feed(db, eyes, asks, start, PAGE)
        files = files_of(db, [m for entry in found.entries for m in (entry.message, *entry.also)])
    return visit.render(
        "feed.html",
        head=head,
        days=days_of(found.entries, visit.now, start.at if start else None),
        place=found.next,
        next_page=address_of_next(visit, found.next, "feed"),
        titles={e.event: title_of(e.chat) for e in found.entries if e.chat},
        live=here(new=str(last)),
        csv=file_of(head, "csv"),
        json=file_of(head, "json"),
        given=given,
        files=files,
        safe_link=safe_link,
        choices=_choices(visit, given),
        people=everybody(eyes.directory, eyes.policy),
        names=_names(eyes),
    )


def _news(count: int) -> Response:
    """What an open feed asks for again and again: how many entries have come since."""
    asks = {"count": count, "most": MOST_NEW, "last": asked("new")}
    page = render_template("feed_new.html", fresh=here(), live=here(new=asked("new")), **asks)
    return make_response(page)


def _number(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise invalid("is not the number of an event", field="new", status=400)
    return int(given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What there is to filter by; what is asked for stays on the form, known or not."""

    sources: tuple[str, ...]
    messengers: tuple[Messenger, ...]


def _choices(visit: Visit, given: Filters) -> Choices:
    connectors = (account.connector for account in visit.policy.accounts.values())
    used = {channel.messenger for channel in visit.policy.channels.values()}
    return Choices(
        sources=tuple(sorted({*connectors, *given.sources})),
        messengers=tuple(one for one in Messenger if one in used),
    )


def _names(eyes: Viewer) -> dict[EmployeeId, str]:
    return {person.email: person.name for person in eyes.directory.people}


def _colleagues(eyes: Viewer) -> tuple[EmployeeId, ...]:
    known = (person.employee.id for person in everybody(eyes.directory, eyes.policy))
    return tuple(dict.fromkeys([*known, *eyes.policy.partners.users]))
