"""A decision: what is to be done about one event, and why; also why not otherwise."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bridge.domain.changes import Change
from bridge.domain.effects import Effect
from bridge.domain.names import AccountName, ConversationId, EmployeeId, EventKey, RecordId
from bridge.domain.reasons import Reason
from bridge.domain.subjects import Subject


class Verdict(StrEnum):
    """`PARKED` is the one that does not last: what the event is about is not there yet."""

    APPLIED = "applied"
    PARKED = "parked"
    IGNORED = "ignored"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One condition of a rule."""

    name: str
    expected: str
    actual: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTried:
    id: str
    label: str
    matched: bool
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who could have got the client; `reason` is the first thing that spoke against him,
    or for him when `chosen`."""

    employee: EmployeeId
    chosen: bool
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class FactUsed:
    """A fact that the decision stood on. `age_seconds` of None: our own, it does not age."""

    name: str
    value: str
    as_of: datetime | None = None
    age_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An effect, who carries it out, and in which order.

    Effects of one `ordering_key` are delivered one after the other; `urgent` ones (owner changes)
    go before the rest of their lane. What must exist before it follows from the records it names.
    """

    account: AccountName
    effect: Effect
    ordering_key: str
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Made by `route`; the pipeline carries it out as a whole or not at all."""

    event_key: EventKey
    account: AccountName
    kind: str  # name of the event's class
    verdict: Verdict
    reasons: tuple[Reason, ...]  # the first one is the headline
    decided_at: datetime
    occurred_at: datetime
    target: EmployeeId | None = None
    conversation: ConversationId | None = None
    contact: RecordId | None = None
    subject: Subject | None = None
    rules: tuple[RuleTried, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    facts: tuple[FactUsed, ...] = ()
    changes: tuple[Change, ...] = ()
    effects: tuple[Planned, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Not yet: what this event depends on is still open; the row is held until `until`."""

    until: datetime
    reason: Reason
