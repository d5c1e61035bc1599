"""What the address of a feed asks for: filters as its form shows them, and whose feed it is."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import request
from sqlalchemy import Connection

from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.records import RecordKind
from bridge.store.feed import FeedWanted
from bridge.web.feed import accounts_of_sources
from bridge.web.feed_head import FeedHead, head_of_feed
from bridge.web.pages.asking import asked, asked_moment
from bridge.web.pages.visiting import Visit
from bridge.web.problems import invalid
from bridge.web.viewer import Viewer

_OF_THE_LIST = ("cursor", "new", "format")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """As asked, before anything is made of it; `sources` are those that are ticked (FEED-04)."""

    sources: tuple[str, ...]
    channel: str
    messenger: str
    person: str
    since: str
    until: str
    everything: bool

    @property
    def is_set(self) -> bool:
        narrowed = (self.sources, self.channel, self.messenger, self.person, self.since, self.until)
        return any(narrowed) or self.everything


def filters() -> Filters:
    ticked = (source.replace("\x00", "").strip() for source in request.args.getlist("source"))
    return Filters(
        sources=tuple(dict.fromkeys(source for source in ticked if source)),
        channel=asked("channel"),
        messenger=asked("messenger"),
        person=asked("person"),
        since=asked("from"),
        until=asked("to"),
        everything=asked("all") == "1",
    )


def head_of(
    db: Connection, visit: Visit, eyes: Viewer, kind: RecordKind | None, name: str
) -> FeedHead | None:
    """Whose feed the address is of: by its path, else by `?contact=`, `?deal=` or `?lead=`."""
    parts = visit.site.parts
    if kind is not None:
        return head_of_feed(db, eyes, parts, kind, name)
    for one in RecordKind:
        if asked(one.value):
            return head_of_feed(db, eyes, parts, one, asked(one.value))
    return None


def wanted(visit: Visit, given: Filters, head: FeedHead | None) -> FeedWanted:
    """Problem 400 for a time or a messenger that is none."""
    return FeedWanted(
        messages_only=not given.everything,
        contacts=None if head is None else head.contacts,
        accounts=accounts_of_sources(visit.policy, given.sources),
        channel=ChannelName(given.channel) if given.channel else None,
        messenger=_messenger(given.messenger),
        employee=EmployeeId(given.person.lower()) if given.person else None,
        since=asked_moment("from"),
        until=asked_moment("to"),
    )


def here(**more: str) -> str:
    """This feed from its beginning, with the same filters."""
    kept = [(k, v) for k, v in request.args.items(multi=True) if k not in _OF_THE_LIST]
    asks = urlencode([*kept, *more.items()])
    return f"{request.path}?{asks}" if asks else request.path


def file_of(head: FeedHead | None, as_format: str) -> str:
    """Where the same entries are taken as a file."""
    kept = [(k, v) for k, v in request.args.items(multi=True) if k not in _OF_THE_LIST]
    whose = [] if head is None else [(head.kind.value, head.id)]
    rest = [(k, v) for k, v in kept if k not in set(RecordKind)]
    return f"/feed/export?{urlencode([*rest, *whose, ('format', as_format)])}"


def _messenger(name: str) -> Messenger | None:
    if not name:
        return None
    try:
        return Messenger(name)
    except ValueError as error:
        raise invalid("is no messenger", field="messenger", status=400) from error
