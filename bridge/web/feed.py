"""The activity feed: what happened, each entry with the decision that says why (FEED-04 to 07)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from bridge.codec import decode
from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import Direction
from bridge.domain.names import AccountName, EmployeeId
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import Message
from bridge.pipeline.ledger import Record
from bridge.store.feed import FeedRow, FeedWanted, feed_rows, messages_sent_by
from bridge.store.records import messages_by_id
from bridge.web.viewer import Viewer
from bridge.web.wording import head_of

_BATCH = 100


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

    @property
    def direction(self) -> Direction | None:
        return self.message.direction if self.message else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPlace:
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    entries: tuple[Entry, ...]
    next: FeedPlace | None


def list_feed(
    db: Connection, viewer: Viewer, wanted: FeedWanted, start: FeedPlace | None, limit: int
) -> FeedPage:
    found = list(islice(_from(db, viewer, wanted, start), limit + 1))
    more = FeedPlace(before=found[limit - 1].event) if len(found) > limit else None
    return FeedPage(entries=tuple(found[:limit]), next=more)


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


def _from(
    db: Connection, viewer: Viewer, wanted: FeedWanted, start: FeedPlace | None
) -> Iterator[Entry]:
    if viewer.reads_none:
        return
    narrowed = replace(wanted, sieve=viewer.sieve(db))
    before = start.before if start else None
    while True:
        rows = feed_rows(db, narrowed, before, _BATCH)
        yield from (e for e in _readable(db, viewer, rows) if _fits(e, wanted))
        if len(rows) < _BATCH:
            return
        before = rows[-1].id


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
    return Entry(
        event=row.id,
        kind=row.kind,
        verdict=row.verdict,
        headline=headline_of(decode(Record, row.record)),
        occurred_at=row.occurred_at,
        decided_at=row.decided_at,
        account=row.account,
        source=source_of(policy, row.account),
        target=row.target,
        chat=chat,
        message=message,
        also=messages[1:],
        head=head_of(row.kind, chat, message, policy),
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
    if wanted.employee is None:
        return True
    author = entry.message.author if entry.message else None
    return wanted.employee in (entry.target, author)
