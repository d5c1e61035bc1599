"""Twilio's error codes: which hold the account, which are tried again, which end a message."""

from datetime import UTC, datetime, timedelta

import pytest
import responses

from bridge.ports import AccountDown, Outcome, Rejected, RetryAt
from connectors.twilio.outbound import TwilioOutbound
from connectors.twilio.refusals import _FINAL
from tests.connectors.twilio.building import NOW, SID, account, delivery, sending

API = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages.json"


def answered(
    code: int | str | None, status: int = 400, *, attempt: int = 1, **headers: str
) -> Outcome:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {} if code is None else {"code": code, "message": "To +34600000001", "status": status}
    with responses.RequestsMock() as mock:
        mock.post(API, json=body, status=status, headers=named)
        (outcome,) = TwilioOutbound(account()).deliver([delivery(sending(), attempt=attempt)])
    return outcome


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (20003, 401),
        (None, 401),
        (20003, 403),
        (20005, 403),
        (20006, 403),
        (20008, 403),
        (30002, 400),
        (None, 403),
        (None, 404),
        (20404, 404),
    ],
)
def test_what_is_about_the_account_holds_it_until_a_person_acts(
    code: int | None, status: int
) -> None:
    outcome = answered(code, status)
    assert isinstance(outcome, AccountDown)
    assert outcome.until is None


@pytest.mark.parametrize(("code", "status"), [(20429, 429), (None, 429), (14107, 400)])
def test_a_rate_holds_the_account_for_a_moment(code: int | None, status: int) -> None:
    outcome = answered(code, status)
    assert isinstance(outcome, AccountDown)
    assert outcome.until == NOW + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("told", "seconds"), [("30", 30), ("1", 5), ("x", 5), ("999999999999", 86_400)]
)
def test_a_rate_is_waited_for_as_long_as_twilio_asks(told: str, seconds: int) -> None:
    outcome = answered(20429, 429, retry_after=told)
    assert isinstance(outcome, AccountDown)
    assert outcome.until == NOW + timedelta(seconds=seconds)


def test_the_days_limit_holds_until_midnight() -> None:
    outcome = answered(63038, 429)
    assert isinstance(outcome, AccountDown)
    assert outcome.until == datetime(2025, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("code", [21611, 30001, 63018])
@pytest.mark.parametrize(("attempt", "seconds"), [(1, 30), (3, 120), (99, 30 * 64)])
def test_what_passes_by_itself_is_tried_again_later_and_later(
    code: int, attempt: int, seconds: int
) -> None:
    outcome = answered(code, 429 if code == 63018 else 400, attempt=attempt)
    assert isinstance(outcome, RetryAt)
    assert outcome.when == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("status", [408, 423, 425])
def test_a_passing_status_is_tried_again(status: int) -> None:
    assert isinstance(answered(None, status), RetryAt)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (21211, "correct it"),
        (21610, "START"),
        (21614, "no mobile number"),
        (21606, "bridge doctor"),
        (63007, "bridge doctor"),
        (63016, "template"),
        (63024, "another way"),
        (21408, "Geo permissions"),
    ],
)
def test_a_refusal_for_good_says_what_to_do(code: int, advice: str) -> None:
    outcome = answered(code)
    assert isinstance(outcome, Rejected)
    assert outcome.reason == str(code)
    assert advice in outcome.detail


@pytest.mark.parametrize("code", [99999, None, "x", "<script>", "2" * 50, True])
def test_a_code_that_we_do_not_know_is_a_refusal_all_the_same(code: int | str | None) -> None:
    outcome = answered(code, 422)
    assert isinstance(outcome, Rejected)
    assert outcome.reason == ("99999" if code == 99999 else "HTTP_422")


def test_twilios_words_are_never_shown_as_they_quote_the_number() -> None:
    for code in (21211, 21610, 63038, 20003, 20429, 12345):
        assert "34600000001" not in repr(answered(code))


def test_every_advice_is_a_sentence_without_an_end() -> None:
    assert all(advice and not advice.endswith(".") for advice in _FINAL.values())
