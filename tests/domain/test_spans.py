"""How long a plan holds: month ends, leap years, summer time, zones."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.spans import Span, SpanUnit, end_of, last_day, term

DAYS, MONTHS, YEARS = SpanUnit.DAYS, SpanUnit.MONTHS, SpanUnit.YEARS


@pytest.mark.parametrize(
    ("first", "count", "unit", "last"),
    [
        ("2026-01-01", 1, DAYS, "2026-01-02"),
        ("2026-12-31", 1, DAYS, "2027-01-01"),
        ("2028-02-28", 1, DAYS, "2028-02-29"),
        ("2026-01-15", 1, MONTHS, "2026-02-15"),
        ("2026-01-31", 1, MONTHS, "2026-02-28"),
        ("2028-01-31", 1, MONTHS, "2028-02-29"),
        ("2026-03-31", 1, MONTHS, "2026-04-30"),
        ("2026-08-31", 6, MONTHS, "2027-02-28"),
        ("2026-11-30", 1, MONTHS, "2026-12-30"),
        ("2026-12-31", 2, MONTHS, "2027-02-28"),
        ("2026-12-01", 1, MONTHS, "2027-01-01"),
        ("2026-05-31", 12, MONTHS, "2027-05-31"),
        ("2028-02-29", 12, MONTHS, "2029-02-28"),
        ("2028-02-29", 1, YEARS, "2029-02-28"),
        ("2028-02-29", 4, YEARS, "2032-02-29"),
        ("2026-12-31", 1, YEARS, "2027-12-31"),
    ],
)
def test_the_last_day_of_a_span(first: str, count: int, unit: SpanUnit, last: str) -> None:
    """RSL-07."""
    span = Span(count=count, unit=unit)
    assert last_day(date.fromisoformat(first), span) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("day", "zone", "ends"),
    [
        ("2026-06-30", "UTC", "2026-07-01T00:00"),
        ("2026-06-30", "Europe/Madrid", "2026-06-30T22:00"),
        ("2026-12-31", "Europe/Madrid", "2026-12-31T23:00"),
        ("2026-12-31", "America/Mexico_City", "2027-01-01T06:00"),
        ("2026-12-31", "Pacific/Kiritimati", "2026-12-31T10:00"),
        ("2026-12-31", "Asia/Kathmandu", "2026-12-31T18:15"),
        # The day on which the clocks go forward, and back: of 23 and of 25 hours.
        ("2026-03-29", "Europe/Madrid", "2026-03-29T22:00"),
        ("2026-10-25", "Europe/Madrid", "2026-10-25T23:00"),
        # Where summer time begins at midnight: there is none, the day begins at one.
        ("2026-04-23", "Africa/Cairo", "2026-04-23T22:00"),
        # Where it ends at midnight: the hour before comes twice.
        ("2026-10-29", "Africa/Cairo", "2026-10-29T22:00"),
        # Where midnight comes twice: the first of the two.
        ("2026-10-31", "America/Havana", "2026-11-01T04:00"),
    ],
)
def test_a_day_counts_whole_where_the_reseller_is(day: str, zone: str, ends: str) -> None:
    found = end_of(date.fromisoformat(day), ZoneInfo(zone))
    assert found == datetime.fromisoformat(ends).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "last"),
    [
        ("2026-05-31T23:30", "UTC", "2026-06-30"),
        ("2026-05-31T23:30", "Europe/Madrid", "2026-07-01"),
        ("2026-05-31T23:30", "America/Mexico_City", "2026-06-30"),
        ("2026-06-01T03:00", "America/Mexico_City", "2026-06-30"),
    ],
)
def test_the_first_day_is_that_of_the_resellers_clock(now: str, zone: str, last: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    found = term(Span(count=1, unit=MONTHS), moment, ZoneInfo(zone))
    assert found.last_day == date.fromisoformat(last)


ZONES = ("UTC", "Europe/Madrid", "America/Mexico_City", "Africa/Cairo", "Asia/Kathmandu")


@settings(max_examples=150)
@given(
    now=st.datetimes(
        min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
        max_value=datetime(2040, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    zone=st.sampled_from(ZONES),
    count=st.integers(1, 60),
    unit=st.sampled_from(SpanUnit),
)
def test_a_term_ends_at_the_beginning_of_a_day_and_never_before_its_last(
    now: datetime, zone: str, count: int, unit: SpanUnit
) -> None:
    there = ZoneInfo(zone)
    found = term(Span(count=count, unit=unit), now, there)
    assert found.ends_at > now
    after = found.ends_at.astimezone(there).date()
    assert after == found.last_day + timedelta(days=1)
    assert (found.ends_at - timedelta(microseconds=1)).astimezone(there).date() == found.last_day
