"""How the house answers, in numbers: everybody's for those who look after it, else one's own."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.numbers import (
    EVERYBODY,
    PROMISES,
    Outcome,
    What,
    moment_of,
    percentile,
    share_below,
)
from bridge.store import counted, listing, sums, turns
from bridge.store.sums import DaySum, Total
from bridge.web.counting import count
from bridge.web.days import Days
from bridge.web.viewer import Viewer

MOST_CAUSES = 20
Waits = Mapping[int, int]  # seconds: how many


@dataclass(frozen=True, slots=True, kw_only=True)
class DayVolume:
    """What came and left on one day, on all channels."""

    day: date
    received: int
    sent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelVolume:
    """`received` and `sent` by day, as the days of the whole."""

    channel: ChannelName
    label: str
    received: tuple[int, ...]
    sent: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How soon clients had an answer, in seconds; None where nobody was answered. `within` are the
    shares (0 to 1) that were answered in less than each of PROMISES."""

    name: str
    count: int
    median: int | None
    ninety: int | None
    within: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How far the messages of a channel have got. `arrived` is the share (0 to 1) that did not
    fail, of those whose end is known; None where none is."""

    channel: ChannelName
    label: str
    waiting: int
    sent: int
    delivered: int
    read: int
    failed: int
    unknown: int
    arrived: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    cause: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Turns that one had in a pool; `share` of all turns there (0 to 1), None where only his own
    are known."""

    pool: str
    employee: EmployeeId
    name: str
    turns: int
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """`whose` is empty where they are everybody's. `uncounted` messages will be counted in a
    moment."""

    whose: str
    zone: str
    since: date
    until: date
    days: tuple[DayVolume, ...]
    channels: tuple[ChannelVolume, ...]
    answers: Answers
    people: tuple[Answers, ...]
    teams: tuple[Answers, ...]
    delivery: tuple[Delivery, ...]
    failures: tuple[Failure, ...]
    rotation: tuple[Share, ...]
    unanswered: int
    unanswered_is_more: bool
    uncounted: int

    @property
    def is_empty(self) -> bool:
        return not any(day.received or day.sent for day in self.days)


def numbers(db: Connection, viewer: Viewer, days: Days, zone: str) -> Numbers:
    """Salespeople get what they wrote themselves; nobody without a role gets anything."""
    whose = EVERYBODY if viewer.reads_all else viewer.employee.id
    found = sums.by_day(db, whose, days.stretches())
    ended = sums.totals(db, [whose], (What.OUT, What.FAILED), days.begin, days.end)
    waits = _waits(db, viewer, days)
    unanswered, more = _unanswered(db, viewer)
    return Numbers(
        whose=whose,
        zone=zone,
        since=days.dates[0],
        until=days.dates[-1],
        days=_by_day(days.dates, found),
        channels=_by_channel(viewer, days.dates, found),
        answers=_answers("", _together(waits.values())),
        people=_people(viewer, waits),
        teams=_teams(viewer, waits),
        delivery=_delivery(viewer, ended),
        failures=_failures(ended),
        rotation=_rotation(db, viewer, days),
        unanswered=unanswered,
        unanswered_is_more=more,
        uncounted=counted.waiting(db),
    )


def _unanswered(db: Connection, viewer: Viewer) -> tuple[int, bool]:
    """Now; who reads all needs no chat to be looked into."""
    if viewer.reads_all:
        return listing.unanswered(db), False
    found = count(db, viewer)
    return found.red + found.grey, found.more


def _waits(db: Connection, viewer: Viewer, days: Days) -> Mapping[EmployeeId, Waits]:
    me = (viewer.employee.id,)
    people = (*sums.people(db), EVERYBODY) if viewer.reads_all else me
    found: defaultdict[EmployeeId, Counter[int]] = defaultdict(Counter)
    for one in sums.totals(db, people, (What.ANSWER,), days.begin, days.end):
        found[one.person][int(one.detail)] += one.n
    return found


def _by_day(dates: Sequence[date], found: Iterable[DaySum]) -> tuple[DayVolume, ...]:
    received, sent = Counter[int](), Counter[int]()
    for one in found:
        if one.what is What.IN:
            received[one.day] += one.n
        else:
            sent[one.day] += one.n
    return tuple(
        DayVolume(day=day, received=received[place], sent=sent[place])
        for place, day in enumerate(dates)
    )


def _by_channel(
    viewer: Viewer, dates: Sequence[date], found: Sequence[DaySum]
) -> tuple[ChannelVolume, ...]:
    counts: Counter[tuple[ChannelName, What, int]] = Counter()
    for one in found:
        counts[one.channel, one.what, one.day] += one.n
    volumes = (
        ChannelVolume(
            channel=name,
            label=viewer.policy.channel_label(name),
            received=tuple(counts[name, What.IN, day] for day in range(len(dates))),
            sent=tuple(counts[name, What.SENT, day] for day in range(len(dates))),
        )
        for name in sorted({one.channel for one in found})
    )
    return tuple(sorted(volumes, key=lambda one: -sum(one.received) - sum(one.sent)))


def _answers(name: str, waits: Waits) -> Answers:
    return Answers(
        name=name,
        count=sum(waits.values()),
        median=percentile(waits, 50),
        ninety=percentile(waits, 90),
        within=tuple(share_below(waits, promise) for promise in PROMISES),
    )


def _people(viewer: Viewer, waits: Mapping[EmployeeId, Waits]) -> tuple[Answers, ...]:
    named = [_answers(name_of(viewer, person), mine) for person, mine in waits.items() if person]
    return tuple(
        sorted((one for one in named if one.count), key=lambda one: (-one.count, one.name))
    )


def _teams(viewer: Viewer, waits: Mapping[EmployeeId, Waits]) -> tuple[Answers, ...]:
    """A pool is a team; who is in several counts in each. One's own team is others' numbers."""
    if not viewer.reads_all:
        return ()
    return tuple(
        _answers(name, _together(waits.get(person, {}) for person in members))
        for name, members in sorted(viewer.policy.pools.items())
    )


def _together(many: Iterable[Waits]) -> Waits:
    every: Counter[int] = Counter()
    for waits in many:
        every.update(waits)
    return every


def _delivery(viewer: Viewer, found: Iterable[Total]) -> tuple[Delivery, ...]:
    counts: defaultdict[ChannelName, Counter[str]] = defaultdict(Counter)
    for one in found:
        if one.what is What.OUT:
            counts[one.channel][one.detail] += one.n
    return tuple(_delivered(viewer, name, counts[name]) for name in sorted(counts))


def _delivered(viewer: Viewer, name: ChannelName, of: Counter[str]) -> Delivery:
    arrived = of[Outcome.SENT] + of[Outcome.DELIVERED] + of[Outcome.READ]
    ended = arrived + of[Outcome.FAILED]
    return Delivery(
        channel=name,
        label=viewer.policy.channel_label(name),
        waiting=of[Outcome.WAITING],
        sent=of[Outcome.SENT],
        delivered=of[Outcome.DELIVERED],
        read=of[Outcome.READ],
        failed=of[Outcome.FAILED],
        unknown=of[Outcome.UNKNOWN],
        arrived=arrived / ended if ended else None,
    )


def _failures(found: Iterable[Total]) -> tuple[Failure, ...]:
    counts: Counter[str] = Counter()
    for one in found:
        if one.what is What.FAILED:
            counts[one.detail] += one.n
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Failure(cause=cause, count=n) for cause, n in ordered[:MOST_CAUSES])


def _rotation(db: Connection, viewer: Viewer, days: Days) -> tuple[Share, ...]:
    since, until = moment_of(days.begin), moment_of(days.end)
    taken = turns.shares(db, since, until)
    totals: Counter[str] = Counter()
    for pool, _, n in taken:
        totals[pool] += n
    return tuple(
        Share(
            pool=pool,
            employee=employee,
            name=name_of(viewer, employee),
            turns=n,
            share=n / totals[pool] if viewer.reads_all else None,
        )
        for pool, employee, n in taken
        if viewer.reads_all or employee == viewer.employee.id
    )


def name_of(viewer: Viewer, employee: EmployeeId) -> str:
    person = viewer.directory.by_email(employee)
    return person.name if person and person.name else employee
