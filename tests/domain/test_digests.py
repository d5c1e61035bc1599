"""When a digest is due, also where the clock is changed, and what it says (NOT-01)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.digests import Waiting, digest_mail, latest_due
from bridge.domain.policy import Digest, DigestEvery
from tests.domain.building import ANA, NOW

MADRID, NEPAL = ZoneInfo("Europe/Madrid"), ZoneInfo("Asia/Kathmandu")
DAILY, NIGHTLY = Digest(at="08:00"), Digest(at="02:30")
HOURLY = Digest(every=DigestEvery.HOUR, at="08:15")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+00:00")


@pytest.mark.parametrize(
    ("digest", "zone", "now", "due"),
    [
        (DAILY, UTC, "03-05T07:59:59", "03-04T08:00"),
        (DAILY, UTC, "03-05T08:00:00", "03-05T08:00"),
        (DAILY, MADRID, "03-05T07:00:00", "03-05T07:00"),
        (DAILY, MADRID, "07-05T06:00:00", "07-05T06:00"),
        (DAILY, MADRID, "07-05T05:59:00", "07-04T06:00"),
        (DAILY, MADRID, "03-29T06:00:00", "03-29T06:00"),
        (DAILY, MADRID, "10-25T07:00:00", "10-25T07:00"),
        # 02:30 of 29 March does not exist, 02:30 of 25 October is there twice.
        (NIGHTLY, MADRID, "03-29T01:29:00", "03-28T01:30"),
        (NIGHTLY, MADRID, "03-29T01:30:00", "03-29T01:30"),
        (NIGHTLY, MADRID, "03-29T23:00:00", "03-29T01:30"),
        (NIGHTLY, MADRID, "10-25T00:30:00", "10-25T00:30"),
        (NIGHTLY, MADRID, "10-25T01:30:00", "10-25T00:30"),
        (HOURLY, MADRID, "03-29T01:14:59", "03-29T00:15"),
        (HOURLY, MADRID, "03-29T01:15:00", "03-29T01:15"),
        (HOURLY, NEPAL, "03-05T08:30:00", "03-05T08:30"),
        (HOURLY, NEPAL, "03-05T08:29:00", "03-05T07:30"),
    ],
)
def test_the_latest_digest_that_is_due(digest: Digest, zone: ZoneInfo, now: str, due: str) -> None:
    assert latest_due(digest, utc(now), zone) == utc(due)


@given(
    now=st.integers(0, 4 * 365 * 24 * 60).map(
        lambda n: utc("01-01T00:00:00") + timedelta(minutes=n)
    ),
    minutes=st.integers(0, 1439),
    every=st.sampled_from(DigestEvery),
    zone=st.sampled_from(["Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_each_period_has_one_moment_and_periods_only_go_on(
    now: datetime, minutes: int, every: DigestEvery, zone: str
) -> None:
    """Whatever is done to the clock: from one moment to the next it is due or it is not."""
    digest = Digest(every=every, at=f"{minutes // 60:02}:{minutes % 60:02}")
    due = latest_due(digest, now, ZoneInfo(zone))
    assert due <= now
    assert latest_due(digest, due, ZoneInfo(zone)) == due
    longest = timedelta(hours=26) if every is DigestEvery.DAY else timedelta(hours=2)
    assert now - due < longest
    assert latest_due(digest, now + timedelta(minutes=1), ZoneInfo(zone)) >= due


@pytest.mark.parametrize(
    ("waiting", "worth"),
    [
        (Waiting(), False),
        (Waiting(grey=9), False),
        (Waiting(red=1), True),
        (Waiting(told=1), True),
    ],
)
def test_nothing_to_tell_is_no_mail(waiting: Waiting, worth: bool) -> None:
    assert waiting.is_worth_a_mail is worth


def test_a_digest_counts_and_links() -> None:
    mail = digest_mail(ANA, Waiting(red=3, grey=2, told=5), NOW, "https://bridge.example")
    assert (mail.recipient, mail.employee, mail.conversation) == (ANA, ANA, None)
    assert mail.subject == "Clients wait for your answer"
    assert "Clients who wait for your answer: 3" in mail.text
    assert "https://bridge.example/conversations?unanswered=1" in mail.text
    assert mail.key == digest_mail(ANA, Waiting(red=1), NOW, "").key


def test_what_was_not_counted_is_not_claimed() -> None:
    assert "more than 900" in digest_mail(ANA, Waiting(red=900, more=True), NOW, "").text
