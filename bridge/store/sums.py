"""What messages add up to: by day, and altogether, of any stretch of time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, literal, select

from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.numbers import EVERYBODY, HOUR_SPAN, What, pieces
from bridge.store.among import among
from bridge.store.schema import SUMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Days of equal length, one after the other: the first is number `day` and begins with
    `quarter`; each has `length` quarters of an hour."""

    day: int
    quarter: int
    days: int
    length: int

    @property
    def end(self) -> int:
        return self.quarter + self.days * self.length

    @property
    def span(self) -> int:
        """By what its days can be added up."""
        is_on_hours = self.quarter % HOUR_SPAN == 0 and self.length % HOUR_SPAN == 0
        return HOUR_SPAN if is_on_hours else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySum:
    day: int
    what: What
    channel: ChannelName
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    person: EmployeeId
    what: What
    channel: ChannelName
    detail: str
    n: int


def by_day(db: Connection, person: EmployeeId, stretches: Sequence[Stretch]) -> tuple[DaySum, ...]:
    """What came and what left. One query for each stretch: there is more than one only where clocks
    were put forward or back."""
    return tuple(one for stretch in stretches for one in _of_stretch(db, person, stretch))


def totals(
    db: Connection,
    people: Collection[EmployeeId],
    what: Collection[What],
    begin: int,
    end: int,
) -> tuple[Total, ...]:
    """Of these people, from the quarter `begin` until just before `end`; the same may come several
    times, each a part of it."""
    sums = SUMS.c
    named = (sums.person, sums.what, sums.channel, sums.detail)
    found: list[Total] = []
    for span, since, until in pieces(begin, end):
        rows = db.execute(
            select(*named, func.sum(sums.n))
            .where(among(sums.person, people), among(sums.what, [one.value for one in what]))
            .where(sums.span == span, sums.quarter >= since, sums.quarter < until)
            .group_by(*named)
        )
        found.extend(
            Total(
                person=EmployeeId(person),
                what=What(kind),
                channel=ChannelName(channel),
                detail=detail,
                n=int(n),
            )
            for person, kind, channel, detail, n in rows
        )
    return tuple(found)


def people(db: Connection) -> tuple[EmployeeId, ...]:
    """Everybody who ever wrote for us, found by leaping from one to the next."""
    first = select(func.min(SUMS.c.person).label("person")).cte(recursive=True)
    following = select(func.min(SUMS.c.person)).where(SUMS.c.person > first.c.person)
    found = first.union_all(select(following.scalar_subquery()).where(first.c.person.is_not(None)))
    every = db.scalars(select(found.c.person).where(found.c.person.is_not(None)))
    return tuple(EmployeeId(person) for person in every if person != EVERYBODY)


def _of_stretch(db: Connection, person: EmployeeId, stretch: Stretch) -> list[DaySum]:
    sums = SUMS.c
    # SQLAlchemy's own `//` is floor(): on PostgreSQL that would make fractions first.
    day = (sums.quarter - literal(stretch.quarter)).op("/", precedence=8)(literal(stretch.length))
    counted = (
        select(day.label("day"), sums.what, sums.channel, sums.n)
        .where(sums.person == person, among(sums.what, [What.IN.value, What.SENT.value]))
        .where(sums.span == stretch.span)
        .where(sums.quarter >= stretch.quarter, sums.quarter < stretch.end)
        .subquery()
    )
    named = (counted.c.day, counted.c.what, counted.c.channel)
    rows = db.execute(select(*named, func.sum(counted.c.n)).group_by(*named))
    return [
        DaySum(day=stretch.day + day, what=What(what), channel=ChannelName(channel), n=int(n))
        for day, what, channel, n in rows
    ]
