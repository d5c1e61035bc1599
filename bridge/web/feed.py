"""The activity feed: what happened, each entry with the decision that says why (FEED-04 to 07)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.codec import decode
from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import Direction
from bridge.domain.names import AccountName, EmployeeId
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import Message
from bridge.pipeline.ledger import Record
from bridge.store.feed import FeedRow, FeedWanted, messages_sent_by
from bridge.store.records import messages_by_id
from bridge.store.timeline import FeedPlace, newer, stretch
from bridge.web.reasons_said import rule_of
from bridge.web.viewer import Viewer
from bridge.web.wording import head_of

_BATCH = 100
_LOOKS = (300, 1_000, 3_000, 3_000, 3_000)
"""How much of what happened one page looks at; the next one goes on from there."""
MOST_NEW = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One decision with its chat and message, where it has them. `headline` is the reason
    that tells most; `head` is a short line, the text stays folded until asked for (FEED-05)."""

    event: int
    kind: str
    verdict: str
    headline: Reason
    occurred_at: datetime
    decided_at: datetime
    account: AccountName
    source: str
    target: EmployeeId | None
    chat: ChatFacts | None
    message: Message | None
    also: tuple[Message, ...]  # sent in the same breath: a text's file
    head: str
    rule: str = ""  # what the rule that matched is called

    @property
    def direction(self) -> Direction | None:
        return self.message.direction if self.message else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """A page may be short, and `next` say where to look on: it looks at a bounded part only."""

    entries: tuple[Entry, ...]
    next: FeedPlace | None


def list_feed(
    db: Connection, viewer: Viewer, wanted: FeedWanted, start: FeedPlace | None, limit: int
) -> FeedPage:
    if viewer.reads_none:
        return FeedPage(entries=(), next=None)
    sieve = viewer.sieve(db)
    narrowed = replace(wanted, sieve=None if sieve is None else viewer.settled(db, sieve))
    place = start
    found: list[Entry] = []
    for look_at in _LOOKS:
        part = stretch(db, narrowed, place, _BATCH, look_at)
        for entry in _readable(db, viewer, part.rows):
            if _fits(entry, wanted):
                found.append(entry)
                if len(found) > limit:
                    return FeedPage(entries=tuple(found[:limit]), next=_place(found[limit - 1]))
        place = part.last
        if place is None:
            break
    return FeedPage(entries=tuple(found), next=place)


def count_newer(db: Connection, viewer: Viewer, wanted: FeedWanted, after: int) -> int:
    """How many entries of this feed were decided after the decision of this number; no more than
    `MOST_NEW` are looked at."""
    if viewer.reads_none:
        return 0
    narrowed = replace(wanted, sieve=viewer.sieve(db))
    rows = newer(db, narrowed, after, MOST_NEW)
    return sum(_fits(entry, wanted) for entry in _readable(db, viewer, rows))


def accounts_of_sources(policy: Policy, sources: Iterable[str]) -> frozenset[AccountName] | None:
    """Of all that are ticked; None where none is, which narrows nothing (FEED-04)."""
    named = [source for source in sources if source]
    found = (accounts_of_source(policy, source) for source in named)
    return frozenset().union(*found) if named else None


def entry_of(db: Connection, viewer: Viewer, row: FeedRow) -> Entry | None:
    """The entry of one decision; None when it is not for these eyes."""
    return next(_readable(db, viewer, (row,)), None)


def accounts_of_source(policy: Policy, source: str) -> frozenset[AccountName]:
    """The accounts whose connector is this source; an account's own name will do as well."""
    return frozenset(
        name for name, account in policy.accounts.items() if source in (account.connector, name)
    )


def source_of(policy: Policy, account: AccountName) -> str:
    found = policy.accounts.get(account)
    return found.connector if found else account


def _place(entry: Entry) -> FeedPlace:
    return FeedPlace(at=entry.occurred_at, id=entry.event)


def _readable(db: Connection, viewer: Viewer, rows: tuple[FeedRow, ...]) -> Iterator[Entry]:
    chats = viewer.readable(db, [row.conversation for row in rows if row.conversation])
    messages = _messages(db, rows)
    for row in rows:
        if row.conversation in chats or (row.conversation is None and viewer.reads_all):
            chat = chats.get(row.conversation) if row.conversation else None
            shown = tuple(viewer.shown(message) for message in messages.get(row.id, ()))
            yield _entry(viewer.policy, row, chat, shown)


def _messages(db: Connection, rows: tuple[FeedRow, ...]) -> Mapping[int, tuple[Message, ...]]:
    """The messages of each decision, its own one first."""
    events = {(row.account, row.event_key): row for row in rows if row.message}
    sent = messages_sent_by(db, events)
    named = {
        row.id: tuple(dict.fromkeys([row.message, *sent.get(event, ())]))
        for event, row in events.items()
        if row.message
    }
    found = messages_by_id(db, [name for names in named.values() for name in names])
    return {
        event: tuple(found[name] for name in names if name in found)
        for event, names in named.items()
    }


def _entry(
    policy: Policy, row: FeedRow, chat: ChatFacts | None, messages: tuple[Message, ...]
) -> Entry:
    message = messages[0] if messages else None
    record = decode(Record, row.record)
    return Entry(
        event=row.id,
        kind=row.kind,
        verdict=row.verdict,
        headline=headline_of(record),
        occurred_at=row.occurred_at,
        decided_at=row.decided_at,
        account=row.account,
        source=source_of(policy, row.account),
        target=row.target,
        chat=chat,
        message=message,
        also=messages[1:],
        head=head_of(row.kind, chat, message, policy),
        rule=rule_of(record),
    )


def headline_of(record: Record) -> Reason:
    """The first reason; where the client went to somebody, not that he was known already."""
    first, *others = record.reasons
    if record.target is None or first.code is not ReasonCode.CONTACT_FOUND or not others:
        return first
    return others[0]


def _fits(entry: Entry, wanted: FeedWanted) -> bool:
    """The store's sieve lets too much through; here it is asked exactly."""
    if wanted.channel is not None:
        if entry.chat is None or entry.chat.conversation.channel != wanted.channel:
            return False
    if wanted.messenger is not None:
        if entry.chat is None or entry.chat.conversation.messenger is not wanted.messenger:
            return False
    if wanted.employee is None:
        return True
    author = entry.message.author if entry.message else None
    return wanted.employee in (entry.target, author)
