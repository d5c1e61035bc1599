"""The reader's days: each from midnight to midnight by the clock of his zone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bridge.domain.numbers import quarter_of
from bridge.store.sums import Stretch


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Days in a row, today's the last. `quarters` are those that each begins with, and the one
    after the last day's end."""

    zone: tzinfo
    dates: tuple[date, ...]
    quarters: tuple[int, ...]

    @property
    def begin(self) -> int:
        return self.quarters[0]

    @property
    def end(self) -> int:
        return self.quarters[-1]

    def stretches(self) -> tuple[Stretch, ...]:
        """Days of the same length together: most have 24 hours, two a year 23 and 25."""
        return tuple(_stretches(self.quarters))


def days_until(now: datetime, count: int, zone: tzinfo) -> Days:
    """The last `count` days, today included."""
    today = now.astimezone(zone).date()
    first = today - timedelta(days=count - 1)
    dates = tuple(first + timedelta(days=number) for number in range(count))
    ends = (*dates, today + timedelta(days=1))
    return Days(zone=zone, dates=dates, quarters=tuple(_midnight(day, zone) for day in ends))


def zone_named(name: str) -> tzinfo | None:
    """None for what is no zone's name."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _midnight(day: date, zone: tzinfo) -> int:
    """The quarter of an hour in which a day begins: where its midnight is skipped, the moment that
    clocks are put forward to."""
    return quarter_of(datetime.combine(day, time(), zone).astimezone(UTC))


def _stretches(quarters: Sequence[int]) -> Iterator[Stretch]:
    day, length = 0, 0
    for number, (one, following) in enumerate(pairwise(quarters)):
        if number and following - one != length:
            yield _stretch(day, number, quarters, length)
            day = number
        length = following - one
    yield _stretch(day, len(quarters) - 1, quarters, length)


def _stretch(day: int, until: int, quarters: Sequence[int], length: int) -> Stretch:
    return Stretch(day=day, quarter=quarters[day], days=until - day, length=length)
