"""Month ends, leap days, summer time both ways, zones east and west of everybody: when plans end,
when renewals are reminded of, and until when a lead may be accepted."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.decisions import Verdict
from bridge.domain.effects import SendEmail
from bridge.domain.partner_leads import LeadState
from bridge.domain.renewing_schedule import all_due, still_due
from bridge.domain.reseller_clients import ClientStatus, Told, due_telling
from bridge.domain.reselling_policy import HintRules
from bridge.domain.spans import Span, SpanUnit, Term, term
from tests.domain.partner_building import (
    PETRA,
    after,
    assigned,
    decide,
    expired,
    facts,
    lead,
    mail,
    policy,
    refused,
    to_user,
)
from tests.domain.renewals import renewal
from tests.domain.reselling.building import client
from tests.domain.test_renewal_schedule import SCHEDULE

AUCKLAND, SAO_PAULO = ZoneInfo("Pacific/Auckland"), ZoneInfo("America/Sao_Paulo")
DAY, MONTH, YEAR = SpanUnit.DAYS, SpanUnit.MONTHS, SpanUnit.YEARS
INSTANT = timedelta(microseconds=1)
HINTS = HintRules(ending=timedelta(days=14))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("granted", "zone", "count", "unit", "last", "ends"),
    [
        # Half an hour apart, on both sides of Auckland's midnight before a month's last day.
        ("2026-03-30T10:30", AUCKLAND, 1, MONTH, "2026-04-30", "2026-04-30T12:00"),
        ("2026-03-30T11:30", AUCKLAND, 1, MONTH, "2026-04-30", "2026-04-30T12:00"),
        ("2026-03-31T11:30", AUCKLAND, 1, MONTH, "2026-05-01", "2026-05-01T12:00"),
        # The last day is the one on which the clocks go back, and forward.
        ("2026-03-05T12:00", AUCKLAND, 30, DAY, "2026-04-05", "2026-04-05T12:00"),
        ("2026-08-27T12:00", AUCKLAND, 30, DAY, "2026-09-27", "2026-09-27T11:00"),
        # Leap days, from the day before and from the day itself.
        ("2028-01-31T10:59", AUCKLAND, 1, MONTH, "2028-02-29", "2028-02-29T11:00"),
        ("2028-01-31T11:00", AUCKLAND, 1, MONTH, "2028-03-01", "2028-03-01T11:00"),
        ("2028-02-29T12:00", AUCKLAND, 1, YEAR, "2029-03-01", "2029-03-01T11:00"),
        ("2028-02-29T02:59", SAO_PAULO, 1, YEAR, "2029-02-28", "2029-03-01T03:00"),
        ("2028-02-29T03:00", SAO_PAULO, 1, YEAR, "2029-02-28", "2029-03-01T03:00"),
        ("2028-02-29T03:00", SAO_PAULO, 4, YEAR, "2032-02-29", "2032-03-01T03:00"),
        ("2026-01-31T12:00", SAO_PAULO, 1, MONTH, "2026-02-28", "2026-03-01T03:00"),
        ("2026-12-31T02:30", SAO_PAULO, 1, DAY, "2026-12-31", "2027-01-01T03:00"),
        ("2026-12-31T23:59", UTC, 1, DAY, "2027-01-01", "2027-01-02T00:00"),
        ("2028-02-28T00:00", UTC, 1, DAY, "2028-02-29", "2028-03-01T00:00"),
    ],
)
def test_a_plan_holds_until_the_last_moment_of_its_last_day_there(
    granted: str, zone: tzinfo, count: int, unit: SpanUnit, last: str, ends: str
) -> None:
    """RSL-07, RSL-11, RSL-27: to the instant; what is told of its end is told then, and not
    before."""
    found = term(Span(count=count, unit=unit), utc(granted), zone)
    assert found == Term(last_day=date.fromisoformat(last), ends_at=utc(ends))
    holder = client(term=found)
    assert holder.status(found.ends_at - INSTANT) is ClientStatus.ACTIVE
    assert holder.status(found.ends_at) is ClientStatus.EXPIRED
    near = found.ends_at - HINTS.ending
    assert due_telling(holder, HINTS, near - INSTANT) is Told.NOTHING
    assert due_telling(holder, HINTS, near) is Told.ENDING
    assert due_telling(holder, HINTS, found.ends_at) is Told.EXPIRED


@pytest.mark.parametrize(
    ("renews_on", "days", "hour", "zone", "due"),
    [
        # The day before the clocks go back, that day, and the hour that comes twice.
        (date(2026, 4, 5), 1, "09:00", AUCKLAND, "2026-04-03T20:00"),
        (date(2026, 4, 6), 1, "09:00", AUCKLAND, "2026-04-04T21:00"),
        (date(2026, 4, 6), 1, "02:30", AUCKLAND, "2026-04-04T13:30"),
        # Forward: the hour that is left out.
        (date(2026, 9, 28), 1, "09:00", AUCKLAND, "2026-09-26T20:00"),
        (date(2026, 9, 28), 1, "02:30", AUCKLAND, "2026-09-26T14:30"),
        # Over a year's end, and counted back over a leap day.
        (date(2027, 1, 1), 1, "00:00", AUCKLAND, "2026-12-30T11:00"),
        (date(2028, 3, 30), 30, "09:00", AUCKLAND, "2028-02-28T20:00"),
        (date(2028, 3, 1), 1, "09:00", SAO_PAULO, "2028-02-29T12:00"),
        (date(2027, 3, 1), 1, "09:00", SAO_PAULO, "2027-02-28T12:00"),
        (date(2026, 5, 31), 30, "23:30", SAO_PAULO, "2026-05-02T02:30"),
        (date(2026, 3, 31), 30, "00:00", UTC, "2026-03-01T00:00"),
    ],
)
def test_a_reminder_is_due_at_the_hour_of_the_place(
    renews_on: date, days: int, hour: str, zone: tzinfo, due: str
) -> None:
    """PX-09."""
    schedule = replace(SCHEDULE, reminders=(days,), safety=0, at=hour)
    (found,) = all_due(renewal(renews_on=renews_on), schedule, zone)
    assert found.at == utc(due)


@pytest.mark.parametrize(
    ("renews_on", "zone", "over"),
    [
        (date(2026, 6, 30), AUCKLAND, "2026-06-30T12:00"),
        (date(2026, 6, 30), UTC, "2026-07-01T00:00"),
        (date(2026, 6, 30), SAO_PAULO, "2026-07-01T03:00"),
        (date(2026, 4, 5), AUCKLAND, "2026-04-05T12:00"),
        (date(2026, 9, 27), AUCKLAND, "2026-09-27T11:00"),
        (date(2028, 2, 29), SAO_PAULO, "2028-03-01T03:00"),
    ],
)
def test_a_renewal_is_reminded_of_until_its_own_day_is_over_there(
    renews_on: date, zone: tzinfo, over: str
) -> None:
    coming, end = renewal(renews_on=renews_on), utc(over)
    assert still_due(coming, (), SCHEDULE, zone, end - INSTANT) != ()
    assert still_due(coming, (), SCHEDULE, zone, end) == ()


@pytest.mark.parametrize(
    ("given", "until"),
    [
        # So many hours, whatever clocks do in Auckland, Berlin or New York meanwhile.
        ("2026-04-04T12:00", "2026-04-07T12:00"),
        ("2026-09-26T12:00", "2026-09-29T12:00"),
        ("2026-03-28T23:30", "2026-03-31T23:30"),
        ("2026-10-24T23:30", "2026-10-27T23:30"),
        ("2028-02-28T00:00", "2028-03-02T00:00"),
        ("2027-02-27T00:00", "2027-03-02T00:00"),
        ("2026-12-30T18:00", "2027-01-02T18:00"),
    ],
)
def test_a_lead_may_be_accepted_for_three_whole_days(given: str, until: str) -> None:
    """PX-05, PRM-22: to the instant; the mail says until when, in a time that is the same
    everywhere."""
    rules = policy(email=mail(notify=True, text="{accept_until}"))
    decided = decide(assigned(lead(), to=to_user(PETRA)), facts(lead(), utc(given)), rules)
    offered = after(decided)
    assert offered.offered_until == utc(until)
    (letter,) = [x.effect for x in decided.effects if isinstance(x.effect, SendEmail)]
    assert (letter.recipient, letter.text) == (PETRA, f"{until.replace('T', ' ')} UTC")
    too_early = decide(expired(offered), facts(offered, utc(until) - INSTANT))
    assert refused(too_early) == "lead.not_offered"
    in_time = decide(expired(offered), facts(offered, utc(until)))
    assert (in_time.verdict, after(in_time).state) == (Verdict.APPLIED, LeadState.RETURNED)
