"""Weights of pools and absences of people, as they stand in the YAML."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.domain.names import EmployeeId
from bridge.domain.people import Away, MissedTurns
from bridge.policy.codes import Code
from bridge.policy.reading import policy_of
from bridge.policy.routing_tests import Given
from bridge.policy.trial import Standing, trial, trial_among
from bridge.policy.trial_runs import run_tests
from tests.policy.building import WHOLE, loaded, only, refused

ANA, BRUNO, LUIS = (EmployeeId(f"{who}@acme.example") for who in ("ana", "bruno", "luis"))
RULE = "rules: [{id: all, to: [{pool: north}]}]\n"
HEAVY = RULE + "pools: {north: [ana@acme.example, {employee: bruno@acme.example, weight: 2}]}\n"
AWAY = WHOLE.replace("gets_new_clients: true", "gets_new_clients: true, away: {AWAY}")


def test_members_of_a_pool_have_weights(tmp_path: Path) -> None:
    policy = loaded(tmp_path, a=WHOLE, b=HEAVY).policy
    assert policy.pools == {"north": (ANA, BRUNO)}
    assert policy.weights == {"north": {BRUNO: 2}}


def test_a_policy_of_before_weights_is_still_read() -> None:
    old = policy_of('{"pools": {"north": ["ana@acme.example"]}}')
    assert (old.pools, old.weights) == ({"north": (ANA,)}, {})


@pytest.mark.parametrize("weight", ["0", "101", "-1", "1.5", "two"])
def test_a_weight_is_a_whole_number_up_to_a_hundred(tmp_path: Path, weight: str) -> None:
    finding = only(refused(tmp_path, a=WHOLE, b=HEAVY.replace("2}", f"{weight}}}")))
    assert (finding.code, finding.path) == (Code.WRONG_VALUE, "pools.north[1].weight")
    assert "whole number from 1 to 100" in finding.message


@pytest.mark.parametrize("second", ["ANA@acme.example", "{employee: ana@acme.example, weight: 3}"])
def test_nobody_stands_twice_in_a_pool(tmp_path: Path, second: str) -> None:
    pools = RULE + f"pools: {{north: [ana@acme.example, {second}]}}"
    finding = only(refused(tmp_path, a=WHOLE, b=pools))
    assert (finding.code, finding.message) == (Code.WRONG_VALUE, "ana@acme.example stands twice")


def test_a_member_with_a_weight_must_be_an_employee_too(tmp_path: Path) -> None:
    pools = RULE + "pools: {north: [{employee: anna@acme.example, weight: 3}]}"
    finding = only(refused(tmp_path, a=WHOLE, b=pools))
    assert (finding.code, finding.path) == (Code.UNKNOWN_EMPLOYEE, "pools.north[0]")


@pytest.mark.parametrize(
    ("away", "zone", "expected"),
    [
        ("until: 2026-12-24", "UTC", Away(until=datetime(2026, 12, 25, tzinfo=UTC))),
        (
            "from: 2026-12-14, until: 2026-12-24, turns: owe",
            "Europe/Madrid",
            Away(
                since=datetime(2026, 12, 13, 23, tzinfo=UTC),
                until=datetime(2026, 12, 24, 23, tzinfo=UTC),
                turns=MissedTurns.OWE,
            ),
        ),
        (
            "until: 2026-12-24T12:00",
            "America/Mexico_City",
            Away(until=datetime(2026, 12, 24, 18, tzinfo=UTC)),
        ),
        (
            "until: 2026-12-24T12:00+02:00",
            "America/Mexico_City",
            Away(until=datetime(2026, 12, 24, 10, tzinfo=UTC)),
        ),
    ],
)
def test_days_of_an_absence_are_the_houses_and_the_last_counts_whole(
    tmp_path: Path, away: str, zone: str, expected: Away
) -> None:
    found = loaded(tmp_path, a=AWAY.replace("AWAY", away), b=f"time_zone: {zone}").policy
    assert found.employees[ANA].away == expected


@pytest.mark.parametrize(
    ("away", "path"),
    [
        ("until: tomorrow", "until"),
        ("until: 2026-02-30", "until"),
        ("until: 24.12.2026", "until"),
        ("until: 2026-12-24, turns: later", "turns"),
        ("from: 2026-12-25, until: 2026-12-24", "from"),
    ],
)
def test_an_absence_that_makes_no_sense_is_refused(tmp_path: Path, away: str, path: str) -> None:
    finding = only(refused(tmp_path, a=AWAY.replace("AWAY", away)))
    assert (finding.code, finding.path) == (
        Code.WRONG_VALUE,
        f'employees["ana@acme.example"].away.{path}',
    )


@pytest.mark.parametrize("zone", ["Madrid", "America", "../etc/passwd", "/etc/localtime", "UTC+2"])
def test_a_time_zone_is_one_of_the_worlds(tmp_path: Path, zone: str) -> None:
    finding = only(refused(tmp_path, a=WHOLE, b=f"time_zone: {zone}"))
    assert (finding.code, finding.path) == (Code.WRONG_VALUE, "time_zone")


def test_in_a_test_away_are_those_it_names_and_nobody_else(tmp_path: Path) -> None:
    away = AWAY.replace("AWAY", "until: 2999-12-24")
    tests = """
tests:
  - {name: here, given: {country: ES}, expect: {target: ana@acme.example}}
  - {name: away, given: {country: ES, away: ana@acme.example}, expect: {reason: default}}
"""
    read = loaded(tmp_path, a=away, b=tests)
    assert [result.passed for result in run_tests(read.policy, read.tests)] == [True, True]


def test_a_test_may_only_send_employees_away(tmp_path: Path) -> None:
    tests = "tests: [{name: a, given: {away: [nobody@x.io]}, expect: {target: nobody}}]"
    assert only(refused(tmp_path, a=WHOLE, b=tests)).code is Code.UNKNOWN_EMPLOYEE


@pytest.mark.parametrize(
    ("now", "target"),
    [
        (datetime(2026, 12, 13, 23, 59, tzinfo=UTC), ANA),
        (datetime(2026, 12, 14, tzinfo=UTC), LUIS),
        (datetime(2026, 12, 24, 23, 59, tzinfo=UTC), LUIS),
        (datetime(2026, 12, 25, tzinfo=UTC), ANA),
    ],
)
def test_asked_about_a_real_client_todays_absences_count(
    tmp_path: Path, now: datetime, target: EmployeeId
) -> None:
    policy = loaded(tmp_path, a=AWAY.replace("AWAY", "from: 2026-12-14, until: 2026-12-24")).policy
    assert trial_among(policy, Given(country="ES"), Standing(now=now)).target == target
    assert trial(policy, Given(country="ES")).target == ANA


def test_a_turn_that_is_given_counts_with_its_weights(tmp_path: Path) -> None:
    policy = loaded(tmp_path, a=WHOLE, b=HEAVY).policy
    turns = [None, ANA, BRUNO]
    given = [Given(turn={"north": last} if last else {}) for last in turns]
    assert [trial(policy, one).target for one in given] == [BRUNO, BRUNO, ANA]
