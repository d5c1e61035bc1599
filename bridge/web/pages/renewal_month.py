"""The calendar of renewals: one month as a table of weeks."""

from calendar import Calendar
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from babel import Locale
from babel.dates import format_skeleton
from flask import Response

from bridge.pipeline.renewals.viewing import Eyes, Seen
from bridge.store.engine import reading
from bridge.web.languages import language, zone
from bridge.web.pages.asking import asked
from bridge.web.pages.renewal_words import STATE_TONES, STATES
from bridge.web.pages.visiting import Visit
from bridge.web.problems import invalid

MOST = 500
"""Renewals of one month; the list has the others."""
_SHOWN_A_DAY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """`more`: so many renewals of it stand in the list alone."""

    date: date
    is_within: bool
    is_today: bool
    renewals: tuple[Seen, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    name: str
    weekdays: tuple[str, ...]
    weeks: tuple[tuple[Day, ...], ...]
    before: str
    after: str
    count: int
    is_cut: bool


def show(visit: Visit) -> Response:
    """`?month=2026-12`, else the present one."""
    today = visit.now.astimezone(zone()).date()
    first = _month(asked("month"), today)
    days = [day for week in _weeks(first) for day in week]
    with reading(visit.site.parts.engine) as db:
        eyes = Eyes(db, visit.principal.person, visit.policy, visit.now)
        found = eyes.calendar(days[0], days[-1], None, MOST + 1)
    return visit.render(
        "renewals_month.html",
        month=month_of(first, today, found[:MOST], is_cut=len(found) > MOST),
        states=STATES,
        tones=STATE_TONES,
    )


def month_of(first: date, today: date, found: Sequence[Seen], *, is_cut: bool) -> Month:
    """Whole weeks that hold the month beginning with `first`."""
    by_day: dict[date, list[Seen]] = defaultdict(list)
    for one in found:
        if one.renewal.reading.renews_on is not None:
            by_day[one.renewal.reading.renews_on].append(one)
    weeks = tuple(
        tuple(
            Day(
                date=day,
                is_within=day.month == first.month,
                is_today=day == today,
                renewals=tuple(by_day[day][:_SHOWN_A_DAY]),
                more=max(0, len(by_day[day]) - _SHOWN_A_DAY),
            )
            for day in week
        )
        for week in _weeks(first)
    )
    return Month(
        name=format_skeleton("yMMMM", first, locale=language()),
        weekdays=tuple(format_skeleton("EEE", day.date, locale=language()) for day in weeks[0]),
        weeks=weeks,
        before=f"{first - timedelta(days=1):%Y-%m}",
        after=f"{first + timedelta(days=31):%Y-%m}",
        count=sum(_is_in(one, first) for one in found),
        is_cut=is_cut,
    )


def _is_in(one: Seen, first: date) -> bool:
    day = one.renewal.reading.renews_on
    return day is not None and (day.year, day.month) == (first.year, first.month)


def _weeks(first: date) -> list[list[date]]:
    begins = Locale(language()).first_week_day
    return Calendar(firstweekday=begins).monthdatescalendar(first.year, first.month)


def _month(given: str, today: date) -> date:
    if not given:
        return today.replace(day=1)
    try:
        found = date.fromisoformat(f"{given}-01")
    except ValueError as error:
        raise invalid("is a month such as 2026-12", field="month", status=400) from error
    if not 2000 <= found.year <= 2199:
        raise invalid("is too far away", field="month", status=400)
    return found
