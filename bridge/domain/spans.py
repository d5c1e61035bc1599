"""How long a plan holds: days, months or years, counted on the calendar of a place."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

_MONTHS_OF_A_YEAR = 12


class SpanUnit(StrEnum):
    DAYS = "d"
    MONTHS = "mo"
    YEARS = "y"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    count: int
    unit: SpanUnit

    def __str__(self) -> str:
        """As plans.yaml has it: `30d`, `12mo`, `1y`."""
        return f"{self.count}{self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """`last_day` counts whole; `ends_at` is the moment after it, where the clocks stood then."""

    last_day: date
    ends_at: datetime


def term(span: Span, now: datetime, zone: tzinfo) -> Term:
    """What is granted now holds so long."""
    day = last_day(now.astimezone(zone).date(), span)
    return Term(last_day=day, ends_at=end_of(day, zone))


def last_day(first: date, span: Span) -> date:
    """The same day of a later month; its last one where it has no such day."""
    match span.unit:
        case SpanUnit.DAYS:
            return first + timedelta(days=span.count)
        case SpanUnit.MONTHS:
            return _months_later(first, span.count)
        case SpanUnit.YEARS:
            return _months_later(first, span.count * _MONTHS_OF_A_YEAR)


def end_of(day: date, zone: tzinfo) -> datetime:
    """The first moment of the day after; where summer time leaves midnight out, the moment of the
    change, and where it comes twice, the first of the two."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)


def _months_later(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, _MONTHS_OF_A_YEAR)
    year = first.year + years
    return date(year, month + 1, min(first.day, _days_of(year, month + 1)))


def _days_of(year: int, month: int) -> int:
    after = date(year + month // _MONTHS_OF_A_YEAR, month % _MONTHS_OF_A_YEAR + 1, 1)
    return (after - timedelta(days=1)).day
