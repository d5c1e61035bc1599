"""When renewal notices are due: days, month ends, time zones, and what has moved meanwhile."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.renewing import (
    Renewal,
    RenewalState,
    RenewalWord,
    Said,
    follow,
)
from bridge.domain.renewing_policy import RenewalSchedule
from bridge.domain.renewing_schedule import (
    StepKind,
    all_due,
    day_of,
    deadline,
    moment,
    step_named,
    steps,
    still_due,
)
from tests.domain.building import NOW
from tests.domain.renewals import DUE, reading, renewal

MADRID, NEW_YORK, SANTIAGO = (
    ZoneInfo(name) for name in ("Europe/Madrid", "America/New_York", "America/Santiago")
)
SCHEDULE = RenewalSchedule()


def at(day: date, zone: tzinfo = UTC, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=zone).astimezone(UTC)


def names(known: Renewal, now: datetime, *done: str, zone: tzinfo = UTC) -> list[str]:
    return [due.step.name for due in still_due(known, done, SCHEDULE, zone, now)]


def test_steps_in_the_order_in_which_they_fall_due() -> None:
    assert [step.name for step in steps(SCHEDULE)] == ["45d", "14d", "safety-7d", "3d"]
    without = replace(SCHEDULE, safety=0)
    assert [step.kind for step in steps(without)] == [StepKind.NOTICE] * 3
    assert step_named("60d", SCHEDULE) is None


@pytest.mark.parametrize(
    ("renews_on", "days", "day"),
    [
        (date(2026, 3, 31), 31, date(2026, 2, 28)),
        (date(2028, 3, 1), 1, date(2028, 2, 29)),
        (date(2027, 3, 1), 1, date(2027, 2, 28)),
        (date(2026, 1, 14), 14, date(2025, 12, 31)),
        (date(2028, 2, 29), 45, date(2028, 1, 15)),
        (date(2026, 12, 31), 45, date(2026, 11, 16)),
        (date(2026, 6, 30), 0, date(2026, 6, 30)),
    ],
)
def test_days_before_month_ends_and_leap_days(renews_on: date, days: int, day: date) -> None:
    schedule = replace(SCHEDULE, reminders=(days,), safety=0)
    assert day_of(steps(schedule)[0], renews_on, schedule) == day


def test_reminders_count_back_from_the_deadline_where_there_is_one() -> None:
    """PX-09: 45 days before the renewal nothing can be changed any more."""
    schedule = replace(SCHEDULE, deadline=45)
    assert deadline(DUE, schedule) == date(2026, 5, 16)
    days = [due.day for due in all_due(renewal(), schedule, UTC)]
    assert days == [date(2026, 4, 1), date(2026, 5, 2), date(2026, 5, 9), date(2026, 5, 13)]


@pytest.mark.parametrize(
    ("day", "hour", "zone", "utc"),
    [
        (date(2026, 1, 15), "09:00", MADRID, "2026-01-15T08:00"),
        (date(2026, 7, 15), "09:00", MADRID, "2026-07-15T07:00"),
        (date(2026, 3, 29), "02:30", MADRID, "2026-03-29T01:30"),  # left out: an hour later
        (date(2026, 10, 25), "02:30", MADRID, "2026-10-25T00:30"),  # twice: the first
        (date(2026, 3, 8), "02:30", NEW_YORK, "2026-03-08T07:30"),
        (date(2026, 11, 1), "01:30", NEW_YORK, "2026-11-01T05:30"),
        (date(2026, 9, 6), "00:00", SANTIAGO, "2026-09-06T04:00"),  # there is no midnight
        (date(2026, 1, 1), "00:00", ZoneInfo("Pacific/Kiritimati"), "2025-12-31T10:00"),
    ],
)
def test_the_hour_of_a_place(day: date, hour: str, zone: tzinfo, utc: str) -> None:
    found = moment(day, replace(SCHEDULE, at=hour), zone)
    assert found.isoformat(timespec="minutes") == f"{utc}+00:00"


def test_each_step_is_due_once_its_moment_has_come() -> None:
    first = at(date(2026, 5, 16))
    before, after = names(renewal(), first - timedelta(seconds=1)), names(renewal(), first)
    assert before == after == ["45d", "14d", "safety-7d", "3d"]
    due = still_due(renewal(), (), SCHEDULE, UTC, first)[0]
    assert due.at == first
    assert names(renewal(), first, "45d") == ["14d", "safety-7d", "3d"]


def test_of_several_that_were_missed_the_latest_alone_is_made_up_for() -> None:
    late = at(date(2026, 6, 28))
    assert names(renewal(), late) == ["safety-7d", "3d"]
    assert names(renewal(), late, "safety-7d", "3d") == []


def test_the_renewals_own_day_counts_whole_and_then_it_is_over() -> None:
    assert names(renewal(), at(DUE, hour=23)) == ["safety-7d", "3d"]
    assert names(renewal(), at(DUE + timedelta(days=1), hour=0)) == []
    # Where the client is, the day is another.
    still = at(DUE + timedelta(days=1), hour=1)
    assert names(renewal(), still, zone=NEW_YORK) == ["safety-7d", "3d"]


@pytest.mark.parametrize(
    "state",
    [
        RenewalState.RENEWED,
        RenewalState.CONFIRMED,
        RenewalState.CANCELLATION_REQUESTED,
        RenewalState.CANCELLED,
    ],
)
def test_reminders_stop(state: RenewalState) -> None:
    """PX-09: after the client renewed, or asked to leave."""
    assert names(renewal(state=state), at(date(2026, 5, 16))) == []


def test_a_client_who_left_and_one_without_a_date_have_no_notices() -> None:
    now = at(date(2026, 5, 16))
    assert names(renewal(gone=True), now) == []
    assert names(renewal(renews_on=None), now) == []


def test_the_schedule_follows_the_date() -> None:
    moved = follow(renewal(), reading(renews_on=date(2027, 6, 30)))
    days = [due.day for due in still_due(moved, (), SCHEDULE, UTC, at(DUE))]
    assert days[0] == date(2027, 5, 16)


def test_a_renewed_client_is_open_again_for_his_next_date() -> None:
    said = follow(renewal(), reading(state=RenewalState.RENEWED))
    assert said.state is RenewalState.RENEWED
    moved = follow(said, reading(state=RenewalState.RENEWED, renews_on=date(2027, 6, 30)))
    assert moved.state is RenewalState.PENDING
    at_once = follow(renewal(), reading(state=RenewalState.RENEWED, renews_on=date(2027, 6, 30)))
    assert at_once.state is RenewalState.PENDING
    corrected = follow(said, reading(state=RenewalState.RENEWED, renews_on=date(2026, 6, 28)))
    assert corrected.state is RenewalState.RENEWED


def test_who_wants_to_leave_wants_that_on_every_date() -> None:
    leaving = follow(renewal(), reading(state=RenewalState.CANCELLATION_REQUESTED))
    moved = follow(
        leaving,
        reading(state=RenewalState.CANCELLATION_REQUESTED, renews_on=date(2027, 6, 30)),
    )
    assert moved.state is RenewalState.CANCELLATION_REQUESTED


def test_a_persons_word_holds_for_the_date_that_it_was_said_of() -> None:
    said = Said(word=RenewalWord.RENEWED, renews_on=DUE, by="employee:ana", at=NOW)
    known = replace(renewal(), said=said)
    assert (known.state, known.is_handled) == (RenewalState.RENEWED, True)
    moved = follow(known, reading(renews_on=date(2027, 6, 30)))
    assert (moved.state, moved.is_handled) == (RenewalState.PENDING, False)


def test_at_it_is_no_end_reminders_go_on() -> None:
    said = Said(word=RenewalWord.HANDLED, renews_on=DUE, by="employee:ana", at=NOW)
    known = replace(renewal(), said=said)
    assert (known.state, known.is_handled) == (RenewalState.PENDING, True)


@settings(max_examples=60, deadline=None)
@given(
    reminders=st.lists(st.integers(0, 120), min_size=1, max_size=5, unique=True),
    safety=st.integers(0, 60),
    looks=st.lists(st.integers(-24 * 130, 48), min_size=1, max_size=20),
    zone=st.sampled_from([UTC, MADRID, NEW_YORK, SANTIAGO]),
)
def test_whenever_clocks_look_no_step_comes_twice_and_the_last_one_comes(
    reminders: list[int], safety: int, looks: list[int], zone: tzinfo
) -> None:
    """However late and however often: each step at most once, never before its time, and nothing
    is open once somebody has looked after the last of them."""
    schedule = replace(SCHEDULE, reminders=tuple(sorted(reminders, reverse=True)), safety=safety)
    done: list[str] = []
    last = datetime.min.replace(tzinfo=UTC)
    for hours in sorted(looks):
        now = at(DUE) + timedelta(hours=hours)
        for due in still_due(renewal(), done, schedule, zone, now):
            if due.at <= now:
                assert due.step.name not in done
                done.append(due.step.name)
                last = now
        is_over = now.astimezone(zone).date() > DUE
        open_now = [x for x in still_due(renewal(), done, schedule, zone, now) if x.at <= now]
        assert open_now == []
        assert not (is_over and last == now)
