"""Entries by the day on which they happened, as the reader's calendar has it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from babel.dates import format_date, format_skeleton

from bridge.web.feed import Entry
from bridge.web.languages import _, language, zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """`goes_on`: the page before ended with this day, so its name stands there already."""

    day: date
    name: str
    entries: tuple[Entry, ...]
    goes_on: bool


def days_of(entries: Iterable[Entry], now: datetime, after: datetime | None) -> tuple[Day, ...]:
    """In their order; `after` is when the last entry of the page before happened."""
    last = None if after is None else _day(after)
    return tuple(
        Day(day=day, name=_name(day, _day(now)), entries=tuple(some), goes_on=day == last)
        for day, some in groupby(entries, key=lambda entry: _day(entry.occurred_at))
    )


def _day(when: datetime) -> date:
    return when.astimezone(zone()).date()


def _name(day: date, today: date) -> str:
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    if day.year == today.year:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone())
        return str(format_skeleton("MMMMEEEEd", noon, tzinfo=zone(), locale=language()))
    return str(format_date(day, "full", locale=language()))
