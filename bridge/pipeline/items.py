"""What a stored request holds: events, and items that no event could be made of."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bridge.domain.decisions import Decision, Verdict
from bridge.domain.errors import EventUnsupported, PayloadInvalid
from bridge.domain.events import Event
from bridge.domain.names import AccountName, EventKey
from bridge.domain.reasons import Reason, ReasonCode
from bridge.ports import Inbound, Parsed, Rejected
from bridge.store.work import InboxRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A parsed inbox row. `trouble` is why it has to be looked at by a person."""

    row: InboxRow
    events: tuple[Event, ...]
    noted: tuple[Decision, ...]  # of items that no event could be made of
    trouble: str = ""

    def each(self) -> Iterator["Items"]:
        """The same items, one at a time."""
        for note in self.noted:
            yield Items(row=self.row, events=(), noted=(note,))
        for event in self.events:
            yield Items(row=self.row, events=(event,), noted=())


def read(row: InboxRow, inbound: Inbound, now: datetime) -> Items:
    """Every item of the request comes to something: an event, or a decision that names why not."""
    try:
        parsed = inbound.parse(row.request)
    except PayloadInvalid as error:
        reason = Reason(ReasonCode.EVENT_PAYLOAD_INVALID, str(error))
        return Items(row=row, events=(), noted=(_note(row, "$", reason, now),), trouble=str(error))
    except EventUnsupported as error:
        reason = Reason(ReasonCode.EVENT_UNSUPPORTED, str(error))
        return Items(row=row, events=(), noted=(_note(row, "$", reason, now),))
    return Items(
        row=row,
        events=parsed.events,
        noted=tuple(_notes(row, parsed, now)),
        trouble="; ".join(f"{r.path}: {r.detail or r.reason}" for r in parsed.rejected),
    )


def _notes(row: InboxRow, parsed: Parsed, now: datetime) -> Iterator[Decision]:
    for item in parsed.rejected:
        yield _note(row, item.path, _why_rejected(item), now)
    for place, word in enumerate(parsed.ignored):
        reason = Reason(ReasonCode.EVENT_IGNORED, word)
        yield _note(row, f"ignored:{place}:{word}", reason, now)


def _why_rejected(item: Rejected) -> Reason:
    return Reason(ReasonCode.EVENT_REJECTED, f"{item.path}: {item.detail or item.reason}")


def _note(row: InboxRow, place: str, reason: Reason, now: datetime) -> Decision:
    """The record of an item without an event: keyed by the body, so that the same one sent twice
    is noted once."""
    digest = hashlib.sha256(row.request.body).hexdigest()[:24]
    ignored = reason.code in (ReasonCode.EVENT_IGNORED, ReasonCode.EVENT_UNSUPPORTED)
    return Decision(
        event_key=EventKey(f"body:{digest}:{place}"),
        account=AccountName(row.account),
        kind="Item",
        verdict=Verdict.IGNORED if ignored else Verdict.REJECTED,
        reasons=(reason,),
        decided_at=now,
        occurred_at=row.request.received_at,
    )
