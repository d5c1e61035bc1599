"""/timeline: messages in both directions with author and source, by contact, deal, lead or chat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bridge.codec import encode
from bridge.domain.messaging import Direction, Messenger
from bridge.domain.names import AccountName, ChannelName, ConversationId, EmployeeId, RecordId
from bridge.domain.reasons import Reason
from bridge.domain.records import RecordKind
from bridge.store.engine import reading
from bridge.store.feed import FeedWanted, contact_ids, contacts_of_record
from bridge.store.timeline import FeedPlace
from bridge.web.api.given import zoned
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Page, Paging, get
from bridge.web.api.shapes import ChannelRef, MessageShape, channel_ref, message_shape
from bridge.web.feed import Entry, accounts_of_sources, list_feed
from bridge.web.files import Files, files_of
from bridge.web.viewer import Viewer


class TimelineQuery(
    Paging,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"since": "from", "until": "to"},
):
    """`contact`, `deal` and `lead` are our ids or the CRM's; `source` is a connector's name or an
    account's, or several with commas between; `employee` wrote or was chosen. `from` is included,
    `to` is not (ISO 8601 with a zone). With `all` entries without a message are listed too. A page
    may be short and still have a next one."""

    contact: str = ""
    deal: str = ""
    lead: str = ""
    conversation: str = ""
    source: str = ""
    channel: str = ""
    messenger: Messenger | None = None
    employee: str = ""
    since: datetime | None = None
    until: datetime | None = None
    all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryShape:
    """One entry of the feed; `event` is the decision that explains it. `head` is a short line, the
    whole text stands in the message; `also` is what was sent in the same breath."""

    event: str
    kind: str
    verdict: str
    headline: Reason
    occurred_at: datetime
    decided_at: datetime
    account: AccountName
    source: str
    conversation: ConversationId | None
    contact: RecordId | None
    channel: ChannelRef | None
    target: EmployeeId | None
    direction: Direction | None
    author: EmployeeId | None
    author_name: str
    head: str
    message: MessageShape | None
    also: tuple[MessageShape, ...]


def list_all(call: Call, query: TimelineQuery) -> Page[EntryShape]:
    of = f"timeline {_without_place(query)}"
    begin = start(call, query, FeedPlace, of)
    with reading(call.site.parts.engine) as db:
        eyes = call.viewer(db)
        found = list_feed(db, eyes, _wanted(db, eyes, query), begin, query.limit)
        files = files_of(db, [m for entry in found.entries for m in (entry.message, *entry.also)])
    items = tuple(entry_shape(eyes, entry, files) for entry in found.entries)
    return Page(items=items, next=go_on(call, found.next, of))


def entry_shape(viewer: Viewer, entry: Entry, files: Files) -> EntryShape:
    chat, message = entry.chat, entry.message
    return EntryShape(
        event=str(entry.event),
        kind=entry.kind,
        verdict=entry.verdict,
        headline=entry.headline,
        occurred_at=entry.occurred_at,
        decided_at=entry.decided_at,
        account=entry.account,
        source=entry.source,
        conversation=chat.conversation.id if chat else None,
        contact=chat.conversation.contact if chat else None,
        channel=channel_ref(viewer, chat.conversation.channel) if chat else None,
        target=entry.target,
        direction=entry.direction,
        author=message.author if message else None,
        author_name=message.author_name if message else "",
        head=entry.head,
        message=message_shape(viewer, message, files) if message else None,
        also=tuple(message_shape(viewer, other, files) for other in entry.also),
    )


def as_json(db: Connection, viewer: Viewer, entries: Sequence[Entry]) -> bytes:
    """For a file: what the API says of the same entries."""
    files = files_of(db, [m for entry in entries for m in (entry.message, *entry.also)])
    return encode(tuple(entry_shape(viewer, entry, files) for entry in entries))


def _wanted(db: Connection, viewer: Viewer, query: TimelineQuery) -> FeedWanted:
    return FeedWanted(
        messages_only=not query.all,
        conversation=ConversationId(query.conversation) if query.conversation else None,
        contacts=_contacts(db, query),
        accounts=accounts_of_sources(viewer.policy, query.source.split(",")),
        channel=ChannelName(query.channel) if query.channel else None,
        messenger=query.messenger,
        employee=EmployeeId(query.employee.lower()) if query.employee else None,
        since=zoned("from", query.since),
        until=zoned("to", query.until),
    )


def _contacts(db: Connection, query: TimelineQuery) -> frozenset[RecordId] | None:
    """Of everything that is named, the contacts that all of it leads to."""
    named: list[frozenset[RecordId]] = []
    if query.contact:
        named.append(contact_ids(db, query.contact))
    if query.deal:
        named.append(contacts_of_record(db, RecordKind.DEAL, query.deal))
    if query.lead:
        named.append(contacts_of_record(db, RecordKind.LEAD, query.lead))
    return frozenset.intersection(*named) if named else None


def _without_place(query: TimelineQuery) -> str:
    """The filters alone: what a cursor is good for."""
    fields = (name for name in query.__struct_fields__ if name not in ("cursor", "limit"))
    return repr([getattr(query, name) for name in fields])


ROUTES = (
    get(
        "/timeline",
        list_all,
        TimelineQuery,
        Page[EntryShape],
        "The feed of messages in both directions, the newest first",
    ),
)
