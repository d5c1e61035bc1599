"""What messages add up to: by day, and by person, of any stretch of time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, literal, select

from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.numbers import EVERYBODY, What
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySum:
    day: int
    what: What
    channel: ChannelName
    detail: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSum:
    person: EmployeeId
    channel: ChannelName
    detail: str
    n: int


def by_day(
    db: Connection, person: EmployeeId, what: Collection[What], stretches: Sequence[Stretch]
) -> tuple[DaySum, ...]:
    """One query for each stretch: there is more than one only where clocks were put forward or
    back."""
    return tuple(one for stretch in stretches for one in _of_stretch(db, person, what, stretch))


def by_person(
    db: Connection, people: Collection[EmployeeId], what: What, begin: int, end: int
) -> tuple[PersonSum, ...]:
    """Of these people, from the quarter `begin` until just before `end`."""
    sums = SUMS.c
    rows = db.execute(
        select(sums.person, sums.channel, sums.detail, func.sum(sums.n))
        .where(among(sums.person, people), sums.what == what.value)
        .where(sums.quarter >= begin, sums.quarter < end)
        .group_by(sums.person, sums.channel, sums.detail)
    )
    return tuple(
        PersonSum(person=EmployeeId(person), channel=ChannelName(channel), detail=detail, n=int(n))
        for person, channel, detail, n in rows
    )


def people(db: Connection) -> tuple[EmployeeId, ...]:
    """Everybody who ever wrote for us, found by leaping from one to the next."""
    first = select(func.min(SUMS.c.person).label("person")).cte(recursive=True)
    following = select(func.min(SUMS.c.person)).where(SUMS.c.person > first.c.person)
    found = first.union_all(select(following.scalar_subquery()).where(first.c.person.is_not(None)))
    every = db.scalars(select(found.c.person).where(found.c.person.is_not(None)))
    return tuple(EmployeeId(person) for person in every if person != EVERYBODY)


def _of_stretch(
    db: Connection, person: EmployeeId, what: Collection[What], stretch: Stretch
) -> list[DaySum]:
    sums = SUMS.c
    # SQLAlchemy's own `//` is floor(): on PostgreSQL that would make fractions first.
    day = (sums.quarter - literal(stretch.quarter)).op("/", precedence=8)(literal(stretch.length))
    counted = (
        select(day.label("day"), sums.what, sums.channel, sums.detail, sums.n)
        .where(sums.person == person, among(sums.what, [one.value for one in what]))
        .where(sums.quarter >= stretch.quarter, sums.quarter < stretch.end)
        .subquery()
    )
    named = (counted.c.day, counted.c.what, counted.c.channel, counted.c.detail)
    rows = db.execute(select(*named, func.sum(counted.c.n)).group_by(*named))
    return [
        DaySum(
            day=stretch.day + day,
            what=What(what),
            channel=ChannelName(channel),
            detail=detail,
            n=int(n),
        )
        for day, what, channel, detail, n in rows
    ]
