"""What messages add up to: how many came and left, how they arrived, how soon one was answered."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import inf

from bridge.domain.conversations import answers
from bridge.domain.messaging import ChatKind, Direction, MessageStatus
from bridge.domain.names import ChannelName, ConversationId, EmployeeId, MessageId
from bridge.domain.records import Conversation, Message

HOUR_SPAN, DAY_SPAN = 4, 96
"""Quarters of an hour in an hour, and in a day of UTC."""
QUARTER = timedelta(minutes=15)
"""Every zone's day begins on one."""
EVERYBODY = EmployeeId("")
NO_CHANNEL = ChannelName("")
PROMISES = (300, 900, 3600, 4 * 3600, 24 * 3600)
"""Within how many seconds answers are asked for."""
# Waits below so many seconds are told in steps of so many.
_STEPS = ((120, 1), (600, 5), (3600, 30), (6 * 3600, 180), (24 * 3600, 900), (inf, 3600))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_CAUSE = 80
# What may name a client: addresses, links, and numbers as long as phones.
_TELLING = re.compile(r"\S+@\S+|https?://\S+|\+?\d[\d ()./-]{5,}\d")


class Turn(StrEnum):
    """Which part a message has in the exchange with a client."""

    ASKS = "asks"
    ANSWERS = "answers"
    NEITHER = "neither"  # of a machine, in vain, or in a group


class What(StrEnum):
    IN = "in"
    SENT = "sent"  # whatever became of it
    OUT = "out"  # `detail` is its Outcome
    FAILED = "failed"  # `detail` is why
    ANSWER = "answer"  # `detail` is after how many seconds, a little rounded


class Outcome(StrEnum):
    """How far a message of ours has got; NONE is of a client's."""

    NONE = ""
    WAITING = "waiting"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"


_OUTCOME = {
    MessageStatus.RECEIVED: Outcome.NONE,
    MessageStatus.QUEUED: Outcome.WAITING,
    MessageStatus.SENT: Outcome.SENT,
    MessageStatus.DELIVERED: Outcome.DELIVERED,
    MessageStatus.READ: Outcome.READ,
    MessageStatus.PLAYED: Outcome.READ,
    MessageStatus.FAILED: Outcome.FAILED,
    MessageStatus.UNKNOWN: Outcome.UNKNOWN,
}


# Charts by day want hours, where the reader's day begins on one; totals want days and their edges.
_SPANS: Mapping[What, tuple[int, ...]] = {
    What.IN: (1, HOUR_SPAN),
    What.SENT: (1, HOUR_SPAN),
    What.OUT: (1, DAY_SPAN),
    What.FAILED: (1, DAY_SPAN),
    What.ANSWER: (1, DAY_SPAN),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What one message counts as. `person` is who wrote it for us, EVERYBODY where nobody knows;
    `answered_after` in seconds, None where it answers nobody."""

    message: MessageId
    conversation: ConversationId
    at: datetime
    channel: ChannelName
    turn: Turn
    person: EmployeeId
    outcome: Outcome
    cause: str = ""
    answered_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What is added up by: `span` quarters of an hour, of which `quarter` is the first."""

    person: EmployeeId
    what: What
    span: int
    quarter: int
    channel: ChannelName
    detail: str


def quarter_of(when: datetime) -> int:
    return (when - _EPOCH) // QUARTER


def moment_of(quarter: int) -> datetime:
    """When it begins."""
    return _EPOCH + quarter * QUARTER


def counted(message: Message, conversation: Conversation) -> Counted:
    """Without `answered_after`, which the messages beside it tell."""
    is_ours = message.direction is Direction.OUT
    outcome = _OUTCOME[message.status] if is_ours else Outcome.NONE
    return Counted(
        message=message.id,
        conversation=message.conversation,
        at=message.occurred_at,
        channel=conversation.channel,
        turn=_turn(message, conversation),
        person=(message.author or EVERYBODY) if is_ours else EVERYBODY,
        outcome=Outcome.WAITING if is_ours and outcome is Outcome.NONE else outcome,
        cause=cause_of(message.error) if outcome is Outcome.FAILED else "",
    )


def cause_of(error: str) -> str:
    """What a vendor said, without what may be a client's."""
    line = _TELLING.sub("…", " ".join(error.split()))
    return line if len(line) <= _LONGEST_CAUSE else line[: _LONGEST_CAUSE - 1].rstrip() + "…"


def answered(chat: Iterable[Counted], dismissed: Sequence[datetime]) -> Iterator[Counted]:
    """The messages of one chat in the order of their times, each answer with how long the client
    has waited for it; who wrote and needed no answer has not waited."""
    waits: datetime | None = None
    ends = sorted(dismissed)
    for one in sorted(chat, key=_in_order):
        while ends and ends[0] < one.at:
            waits = None if waits is not None and waits <= ends[0] else waits
            ends.pop(0)
        after = None
        if one.turn is Turn.ASKS:
            waits = waits or one.at
        elif one.turn is Turn.ANSWERS and waits is not None:
            after, waits = int((one.at - waits).total_seconds()), None
        yield replace(one, answered_after=after)


def sums_of(one: Counted) -> Counter[Sum]:
    """What one message adds to which sums: to everybody's, and to those of who wrote it. Answers
    are added up by person alone: who wants all of them takes everybody's."""
    quarter = quarter_of(one.at)
    return Counter(
        Sum(
            person=person,
            what=what,
            span=span,
            quarter=quarter - quarter % span,
            channel=NO_CHANNEL if what is What.ANSWER else one.channel,
            detail=detail,
        )
        for what, detail in _parts(one)
        for person in _whose(one, what)
        for span in _SPANS[what]
    )


def pieces(begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Spans that make up the quarters from `begin` until just before `end`: as (span, first, end),
    whole days of UTC where there are any."""
    first, last = -(-begin // DAY_SPAN) * DAY_SPAN, end // DAY_SPAN * DAY_SPAN
    if first >= last:
        yield 1, begin, end
        return
    for span, since, until in ((1, begin, first), (DAY_SPAN, first, last), (1, last, end)):
        if since < until:
            yield span, since, until


def rounded(seconds: int) -> int:
    """A wait with at most one twentieth taken off; what is promised is never rounded across."""
    return next(seconds - seconds % step for below, step in _STEPS if seconds < below)


def share_below(waits: Mapping[int, int], bound: int) -> float | None:
    """Which part of the waits (seconds: how many) were shorter; None where there were none."""
    total = sum(waits.values())
    return sum(n for wait, n in waits.items() if wait < bound) / total if total else None


def percentile(waits: Mapping[int, int], percent: int) -> int | None:
    """The shortest wait that so many percent did not exceed; None where there were none."""
    left = -(-sum(waits.values()) * percent // 100)
    for wait in sorted(waits):
        left -= waits[wait]
        if left <= 0 < waits[wait]:
            return wait
    return None


def _turn(message: Message, conversation: Conversation) -> Turn:
    if conversation.kind is ChatKind.GROUP:
        return Turn.NEITHER
    if message.direction is Direction.IN:
        return Turn.ASKS
    return Turn.ANSWERS if answers(message) else Turn.NEITHER


def _in_order(one: Counted) -> tuple[datetime, bool, MessageId]:
    """Of the same moment the question goes first."""
    return one.at, one.turn is not Turn.ASKS, one.message


def _whose(one: Counted, what: What) -> tuple[EmployeeId, ...]:
    if what is What.ANSWER:
        return (one.person,)
    return tuple(dict.fromkeys((EVERYBODY, one.person)))


def _parts(one: Counted) -> Iterator[tuple[What, str]]:
    if one.outcome is Outcome.NONE:
        yield What.IN, ""
        return
    yield What.SENT, ""
    yield What.OUT, one.outcome.value
    if one.outcome is Outcome.FAILED:
        yield What.FAILED, one.cause
    if one.answered_after is not None:
        yield What.ANSWER, str(rounded(one.answered_after))
