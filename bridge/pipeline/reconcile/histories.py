"""What a vendor has on its list and we never heard of: it walks the one walk, through the inbox."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from bridge import codec
from bridge.domain.effects import SendMessage
from bridge.domain.errors import PayloadInvalid
from bridge.domain.events import Event, MessageReceived, MessageSent, MessageStatusChanged
from bridge.domain.names import AccountName, EventKey
from bridge.pipeline.drain import after, drain
from bridge.pipeline.event_keys import vendor_message_of
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.reconcile.asking import Task
from bridge.pipeline.reconcile.findings import About, Finding, State
from bridge.ports import RawRequest, Recalled
from bridge.store import decisions, inbox
from bridge.store.engine import reading, writing
from bridge.store.reconciling import HISTORY
from bridge.store.records import messages_by_vendor_id

UNDER_WAY = timedelta(minutes=2)  # by webhook, perhaps
_AT_ONCE = 100
_LOOK_SECONDS = 0.5
_NO_LIST = (
    "the vendor keeps no list of messages: what its webhooks could not deliver can't be asked for"
)
_UNREAD = "it lists what can't be read: {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _New:
    """A body with events that were never decided."""

    recalled: Recalled
    events: tuple[Event, ...]


class Histories:
    """`looked_at` counts what the vendor has listed."""

    def __init__(self, task: Task, account: AccountName) -> None:
        self._task = task
        self._account = account
        self.looked_at = 0

    def findings(self) -> Iterator[Finding]:
        connector = self._task.parts.vendors.connector(self._account)
        if connector.history is None:
            if SendMessage in connector.delivers and connector.methods:
                yield self._finding(self._account, State.LEFT, _NO_LIST)
            return
        history = connector.history(self._task.parts.active().accounts[self._account])
        until = self._task.until - UNDER_WAY
        listed = self._task.patience.call(
            self._account, 1, lambda: history.recall(self._task.since, until)
        )
        self.looked_at = len(listed)
        for start in range(0, len(listed), _AT_ONCE):
            yield from self._compared(listed[start : start + _AT_ONCE])
            self._task.progress(About.MESSAGE, min(start + _AT_ONCE, len(listed)), len(listed))

    def _compared(self, listed: Sequence[Recalled]) -> Iterator[Finding]:
        parsed: list[_New] = []
        for recalled in listed:
            try:
                events = self._events(recalled)
            except PayloadInvalid as error:
                yield self._unread(str(error))
                continue
            parsed.append(_New(recalled=recalled, events=events))
        with reading(self._task.parts.engine) as db:
            new = _never_heard_of(db, self._account, parsed)
        missing = [event for one in new for event in one.events]
        if self._task.dry_run:
            yield from (self._of(event, State.WOULD_MEND) for event in missing)
        elif new:
            self._take_in(new)
            yield from self._decided(missing)

    def _events(self, recalled: Recalled) -> tuple[Event, ...]:
        request = RawRequest(
            method=HISTORY,
            url="",
            headers=recalled.headers,
            body=recalled.body,
            received_at=recalled.at,
        )
        return self._task.parts.vendors.inbound(self._account).parse(request).events

    def _take_in(self, new: Sequence[_New]) -> None:
        rows = [
            inbox.NewRow(
                lane=lane(Way.IN, self._account),
                account=self._account,
                received_at=one.recalled.at,
                method=HISTORY,
                url="",
                headers=codec.encode(dict(one.recalled.headers)),
                body=one.recalled.body,
            )
            for one in new
        ]
        with writing(self._task.parts.engine) as db:
            inbox.append(db, rows)

    def _decided(self, events: Sequence[Event]) -> Iterator[Finding]:
        """Decided by the workers, and by this process as one of them."""
        name = lane(Way.IN, self._account)
        self._task.parts.bell.ring(name)
        end = time.monotonic() + self._task.patience_seconds
        left = self._undecided(events)
        while left and time.monotonic() < end:
            filled = drain(self._task.parts, name, over=after(_LOOK_SECONDS))
            for other in filled:
                self._task.parts.bell.ring(other)
            before, left = left, self._undecided(events)
            if left and len(left) == len(before):
                self._task.wait(_LOOK_SECONDS)
        for event in events:
            waits = event.event_key in left
            yield self._of(event, State.UNDER_WAY if waits else State.MENDED)

    def _undecided(self, events: Sequence[Event]) -> frozenset[EventKey]:
        keys = [(self._account, event.event_key) for event in events]
        with reading(self._task.parts.engine) as db:
            known = decisions.known(db, keys)
        return frozenset(key for _, key in set(keys) - known.settled - known.parked)

    def _of(self, event: Event, state: State) -> Finding:
        said = f"{type(event).__name__} of {event.occurred_at:%Y-%m-%d %H:%M} UTC never came"
        return self._finding(event.event_key, state, said)

    def _unread(self, why: str) -> Finding:
        todo = "look at the vendor's own list of messages, and report it with the connector's name"
        return self._finding(self._account, State.OPEN, _UNREAD.format(why), todo)

    def _finding(self, subject: str, state: State, detail: str, todo: str = "") -> Finding:
        return Finding(
            about=About.MESSAGE,
            account=self._account,
            subject=subject,
            state=state,
            detail=detail,
            todo=todo,
        )


def _never_heard_of(db: Connection, account: AccountName, parsed: Sequence[_New]) -> list[_New]:
    """Those with events that were never decided, and that are not about what others do on the
    vendor's account: a status of a message that we do not know says nothing to us."""
    events = [event for one in parsed for event in one.events]
    known = decisions.known(db, [(account, event.event_key) for event in events])
    heard_of = known.settled | known.parked
    ids = [(account, named) for event in events if (named := vendor_message_of(event))]
    stored = messages_by_vendor_id(db, ids)
    seen: set[EventKey] = set()
    new = []
    for one in parsed:
        fresh = tuple(
            event
            for event in one.events
            if (account, event.event_key) not in heard_of
            and event.event_key not in seen
            and _says_something(event, stored, account)
        )
        seen.update(event.event_key for event in fresh)
        if fresh:
            new.append(_New(recalled=one.recalled, events=fresh))
    return new


def _says_something(
    event: Event, stored: Mapping[tuple[AccountName, str], object], account: AccountName
) -> bool:
    match event:
        case MessageReceived() | MessageSent():
            return (account, event.message_id) not in stored
        case MessageStatusChanged():
            return (account, event.message_id) in stored
        case _:
            return True
