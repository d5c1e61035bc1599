"""Days as the reader's calendar has them, and what they are called."""

from datetime import date, datetime, timedelta

from babel.dates import format_date, format_skeleton, format_timedelta
from babel.units import format_unit

from bridge.domain.spans import Span, SpanUnit
from bridge.web.languages import _, language, zone


def day_of(when: datetime) -> date:
    return when.astimezone(zone()).date()


def name_of_day(day: date, today: date) -> str:
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    if day.year == today.year:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone())
        return str(format_skeleton("MMMMEEEEd", noon, tzinfo=zone(), locale=language()))
    return str(format_date(day, "full", locale=language()))


_UNITS = {
    SpanUnit.DAYS: "duration-day",
    SpanUnit.MONTHS: "duration-month",
    SpanUnit.YEARS: "duration-year",
}


def held_for(span: Span) -> str:
    """How long a plan holds, as it was sold: twelve months stay twelve months."""
    return str(format_unit(span.count, _UNITS[span.unit], locale=language()))


def span_of(span: timedelta) -> str:
    """How long, in the largest unit that fits."""
    return str(format_timedelta(span, locale=language()))
