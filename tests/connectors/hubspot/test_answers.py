"""Statuses and bodies of HubSpot, each turned into what happens next."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from bridge.domain.errors import (
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
)
from bridge.ports import AccountDown, Done, Outcome, Rejected, RetryAt, Unknown
from connectors.http import HttpAnswer
from connectors.hubspot.answers import checked
from connectors.hubspot.batches import BatchCall, Row, waves
from connectors.hubspot.client import Inputs
from connectors.hubspot.outcomes import Exists, outcome_of
from tests.connectors.hubspot.building import NOW


def answer(status: int, body: Any, headers: dict[str, str] | None = None) -> HttpAnswer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpAnswer(status=status, headers=headers or {}, body=raw)


def outcome(given: HttpAnswer, operation: str = "hubspot: create contacts") -> Outcome:
    with pytest.raises(
        (CredentialsInvalid, DeliveryRejected, DeliveryTransient, OutcomeUnknown)
    ) as raised:
        checked(operation, given, NOW)
    return outcome_of(raised.value, NOW)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("given", "until"),
    [
        (answer(429, {"policyName": "TEN_SECONDLY_ROLLING"}), at(10)),
        (answer(429, {"policyName": "SECONDLY"}), at(1)),
        (answer(429, {"policyName": "DAILY"}), at(3600)),
        (answer(429, {"category": "RATE_LIMITS"}), at(10)),
        (answer(429, b"<html>"), at(10)),
        (answer(429, {}, {"retry-after": "42"}), at(42)),
        (answer(403, {"policyName": "DAILY"}), at(3600)),
        (answer(403, {"category": "RATE_LIMITS"}), at(10)),
        (answer(403, {"errorType": "RATE_LIMIT"}), at(10)),
        (answer(477, {}, {"retry-after": "86400"}), at(86400)),
        (answer(477, {}), at(300)),
        (answer(401, {"category": "INVALID_AUTHENTICATION"}), None),
    ],
)
def test_what_holds_the_account(given: HttpAnswer, until: datetime | None) -> None:
    found = outcome(given)
    assert isinstance(found, AccountDown)
    assert found.until == until


def test_the_daily_quota_is_asked_for_again_at_midnight_at_the_latest() -> None:
    late = NOW.replace(hour=23, minute=30)
    with pytest.raises(DeliveryTransient) as raised:
        checked("hubspot: x", answer(429, {"policyName": "DAILY"}), late)
    assert raised.value.retry_at == late + timedelta(minutes=30)


def test_a_full_search_waits_a_second() -> None:
    found = outcome(answer(429, {"category": "RATE_LIMITS"}), "hubspot: contacts search")
    assert isinstance(found, AccountDown)
    assert found.until == at(1)


@pytest.mark.parametrize(("status", "seconds"), [(423, 2), (408, 5), (425, 5)])
def test_what_holds_only_the_row(status: int, seconds: int) -> None:
    found = outcome(answer(status, {}))
    assert isinstance(found, RetryAt)
    assert found.when == at(seconds)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (answer(403, {"category": "MISSING_SCOPES"}), "scope_missing"),
        (answer(404, {"category": "OBJECT_NOT_FOUND"}), "record_missing"),
        (answer(400, {"errors": [{"code": "PROPERTY_DOESNT_EXIST"}]}), "property_missing"),
        (answer(400, {"category": "VALIDATION_ERROR"}), "refused"),
        (answer(400, b"\xff\xfe not JSON"), "refused"),
        (answer(403, b"<html>"), "refused"),
        (answer(414, []), "refused"),
    ],
)
def test_what_is_refused(given: HttpAnswer, reason: str) -> None:
    found = outcome(given)
    assert isinstance(found, Rejected)
    assert found.reason == reason


@pytest.mark.parametrize(
    "given",
    [
        answer(500, {}),
        answer(502, b"<html>"),
        answer(504, b""),
        answer(302, b""),
        answer(200, b"<html>"),
        answer(201, b""),
        answer(200, b"null"),
        answer(200, b"[]"),
        answer(200, b"\xff"),
    ],
)
def test_what_nobody_knows(given: HttpAnswer) -> None:
    assert isinstance(outcome(given), Unknown)


def test_a_refusal_says_codes_and_properties_and_never_the_message() -> None:
    body = {
        "category": "VALIDATION_ERROR",
        "message": 'Property values were not valid: [{"message":"+34600000001 is odd",'
        '"error":"INVALID_LONG","name":"phone"}]',
        "errors": [{"code": "INVALID_LONG", "context": {"propertyName": ["phone"]}}],
    }
    found = outcome(answer(400, body))
    assert isinstance(found, Rejected)
    assert "VALIDATION_ERROR INVALID_LONG (property phone)" in found.detail
    assert "600000001" not in found.detail


ROWS = [
    Row(place=n, name=f"n{n}", body={"id": f"n{n}"}, mark_property="key", mark=f"n{n}")
    for n in range(3)
]


def write(*answers: HttpAnswer, rows: list[Row] = ROWS, mended: bool = False) -> list[Outcome]:
    left, mends = list(answers), [True] if mended else []

    def send(inputs: Inputs) -> HttpAnswer:
        return left.pop(0)

    def mend() -> bool:
        return bool(mends and mends.pop())

    call = BatchCall(operation="hubspot: create x", send=send, now=NOW, mend=mend)
    outcomes = call.write(rows)
    assert left == []
    return [outcomes[row.place] for row in rows]


def result(number: int, **more: Any) -> dict[str, Any]:
    return {"id": str(100 + number), "properties": {"key": f"n{number}"}, **more}


def done(number: int) -> Done:
    return Done(vendor_ids={"id": str(100 + number)})


def test_results_out_of_order_find_their_rows_by_trace() -> None:
    results = [
        {"id": str(100 + n), "properties": {}, "objectWriteTraceId": f"bridge-{n}"}
        for n in (2, 0, 1)
    ]
    assert write(answer(201, {"results": results})) == [done(0), done(1), done(2)]


def test_results_without_traces_find_their_rows_by_their_key() -> None:
    results = [result(n) for n in (1, 2, 0)]
    assert write(answer(201, {"results": results})) == [done(0), done(1), done(2)]


def test_an_entry_is_known_by_the_mark_in_its_text() -> None:
    row = Row(place=0, name="m", body={}, mark_property="body", mark="[bridge:0123456789]")
    results = [{"id": "100", "properties": {"body": "<p>hi [bridge:0123456789]</p>"}}]
    assert write(answer(201, {"results": results}), rows=[row]) == [done(0)]


@pytest.mark.parametrize("status", [200, 201, 207])
def test_errors_on_any_2xx_are_seen(status: int) -> None:
    error = {"category": "VALIDATION_ERROR", "context": {"objectWriteTraceId": ["bridge-1"]}}
    body = {"results": [result(0), result(2)], "numErrors": 1, "errors": [error]}
    first, second, third = write(answer(status, body))
    assert (first, third) == (done(0), done(2))
    assert isinstance(second, Rejected)


def test_an_error_that_names_no_row_belongs_to_the_one_without_a_result() -> None:
    body = {"results": [result(0), result(2)], "errors": [{"category": "VALIDATION_ERROR"}]}
    assert isinstance(write(answer(207, body))[1], Rejected)


def test_a_row_that_no_result_and_no_error_names_is_unknown() -> None:
    assert isinstance(write(answer(201, {"results": [result(0), result(2)]}))[1], Unknown)


@pytest.mark.parametrize(
    ("category", "kind"),
    [("RATE_LIMITS", RetryAt), ("INTERNAL_ERROR", Unknown), ("OBJECT_NOT_FOUND", Rejected)],
)
def test_errors_of_a_row_are_told_apart(category: str, kind: type[Outcome]) -> None:
    error = {"category": category, "context": {"objectWriteTraceId": ["bridge-1"]}}
    body = {"results": [result(0), result(2)], "errors": [error]}
    assert isinstance(write(answer(207, body))[1], kind)


def test_a_batch_refused_as_a_whole_is_halved_until_the_bad_one_stands_alone() -> None:
    bad = answer(400, {"category": "VALIDATION_ERROR"})
    answers = (bad, answer(201, {"results": [result(0)]}), bad, bad)
    last = answer(201, {"results": [result(2)]})
    first, second, third = write(*answers, last)
    assert (first, third) == (done(0), done(2))
    assert isinstance(second, Rejected)


def test_what_was_mended_goes_again_as_a_whole() -> None:
    bad = answer(400, {"category": "VALIDATION_ERROR"})
    good = answer(201, {"results": [result(n) for n in range(3)]})
    assert write(bad, good, mended=True) == [done(0), done(1), done(2)]


def test_a_limit_that_strikes_while_halving_stops_the_rest() -> None:
    bad = answer(400, {"category": "VALIDATION_ERROR"})
    limit = answer(429, {"policyName": "DAILY"})
    assert [type(one) for one in write(bad, limit)] == [AccountDown] * 3


def test_a_contact_that_exists_under_another_key_is_named_by_its_id() -> None:
    body = {"category": "CONFLICT", "message": "Contact already exists. Existing ID: 51"}
    (found,) = write(answer(409, body), rows=ROWS[:1])
    assert isinstance(found, Exists)
    assert found.existing == "51"


def test_waves_never_hold_a_name_twice_nor_more_than_a_hundred() -> None:
    rows = [
        Row(place=n, name=f"n{n % 120}", body={}, mark_property="id", mark="") for n in range(260)
    ]
    found = list(waves(rows))
    assert all(len({row.name for row in wave}) == len(wave) <= 100 for wave in found)
    places: dict[str, list[int]] = {}
    for wave in found:
        for row in wave:
            places.setdefault(row.name, []).append(row.place)
    assert all(order == sorted(order) for order in places.values())
    assert sum(map(len, found)) == 260
