"""Entries by the day on which they happened, as the reader's calendar has it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from bridge.web.days_said import day_of, name_of_day
from bridge.web.feed import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """`goes_on`: the page before ended with this day, so its name stands there already."""

    day: date
    name: str
    entries: tuple[Entry, ...]
    goes_on: bool


def days_of(entries: Iterable[Entry], now: datetime, after: datetime | None) -> tuple[Day, ...]:
    """In their order; `after` is when the last entry of the page before happened."""
    last = None if after is None else day_of(after)
    return tuple(
        Day(day=day, name=name_of_day(day, day_of(now)), entries=tuple(some), goes_on=day == last)
        for day, some in groupby(entries, key=lambda entry: day_of(entry.occurred_at))
    )
