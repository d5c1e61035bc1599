"""Trying a policy out, and the tests that admins write into the YAML."""

from pathlib import Path

import pytest

from bridge.domain import phones
from bridge.domain.decisions import Verdict
from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.policy import ClientCondition, Policy
from bridge.domain.reasons import ReasonCode
from bridge.policy.codes import Code
from bridge.policy.routing_tests import Given
from bridge.policy.trial import trial
from bridge.policy.trial_runs import TestResult, coverage, findings_of, run_tests
from tests.policy.building import WHOLE, loaded, only

ANA = EmployeeId("ana@acme.example")
BRUNO = EmployeeId("bruno@acme.example")
LUIS = EmployeeId("luis@acme.example")
RULES = """
rules:
  - {id: mx, when: {client: new, country: MX}, to: [{pool: north}, {employee: luis@acme.example}]}
  - {id: tg, when: {messenger: telegram}, to: [{employee: luis@acme.example}]}
pools: {north: [ana@acme.example, bruno@acme.example]}
"""


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    return loaded(tmp_path, a=WHOLE, b=RULES).policy


@pytest.mark.parametrize(
    ("given", "target", "reason"),
    [
        (Given(), ANA, ReasonCode.TARGET_IN_TURN),
        (Given(country="MX"), ANA, ReasonCode.TARGET_RULE),
        (Given(country="MX", turn={"north": ANA}, channel=ChannelName("wa")), BRUNO,
         ReasonCode.TARGET_RULE),
        (Given(country="MX", channel=ChannelName("wa-north"), turn={"north": ANA}), ANA,
         ReasonCode.TARGET_RULE),
        (Given(country="MX", inactive=frozenset({ANA, BRUNO})), LUIS, ReasonCode.TARGET_RULE),
        (Given(country="ES", messenger=Messenger.TELEGRAM), LUIS, ReasonCode.TARGET_RULE),
        (Given(inactive=frozenset({ANA}), messenger=Messenger.SMS), LUIS,
         ReasonCode.TARGET_DEFAULT),
        (Given(client=ClientCondition.KNOWN, owner=BRUNO), BRUNO, ReasonCode.TARGET_OWNER),
        (Given(client=ClientCondition.KNOWN, owner=ANA, deal_owner=BRUNO), BRUNO,
         ReasonCode.TARGET_OWNER),
        (Given(client=ClientCondition.KNOWN, lead_owner=BRUNO), BRUNO, ReasonCode.TARGET_OWNER),
        (Given(client=ClientCondition.KNOWN, messenger=Messenger.WHATSAPP), None,
         ReasonCode.TARGET_NOBODY),
    ],
)  # fmt: skip
def test_a_trial_decides_as_the_rules_do(
    policy: Policy, given: Given, target: EmployeeId | None, reason: ReasonCode
) -> None:
    decision = trial(policy, given)
    assert decision.verdict is Verdict.APPLIED
    assert decision.target == target
    assert reason in [r.code for r in decision.reasons]


def test_the_same_trial_gives_the_same_decision(policy: Policy) -> None:
    assert trial(policy, Given(country="MX")) == trial(policy, Given(country="MX"))


def test_a_trial_needs_no_channels(tmp_path: Path) -> None:
    bare = loaded(tmp_path, a="employees: {ana@acme.example: {role: manager}}").policy
    assert trial(bare, Given()).target is None


def test_an_example_phone_tells_its_country() -> None:
    told = {country for country in phones.COUNTRIES if phones.example(country)}
    assert all(phones.country(phones.example(country)) == country for country in told)
    assert phones.COUNTRIES - told <= {"EH", "MF"}


def results(folder: Path, tests: str, rules: str = RULES) -> tuple[TestResult, ...]:
    read = loaded(folder, a=WHOLE, b=rules, c=f"tests: [{tests}]")
    return run_tests(read.policy, read.tests)


@pytest.mark.parametrize(
    "test",
    [
        "{name: a, given: {country: MX}, expect: {target: ana@acme.example, rule: mx}}",
        "{name: a, given: {country: MX}, expect: {reason: rule}}",
        "{name: a, given: {client: known}, expect: {target: nobody, reason: nobody}}",
        "{name: a, given: {owner: ana@acme.example}, expect: {reason: contact.found}}",
    ],
)
def test_a_test_that_holds_passes(tmp_path: Path, test: str) -> None:
    result = only_result(results(tmp_path, test))
    assert (result.passed, result.differences, result.diverged) == (True, (), "")


def only_result(found: tuple[TestResult, ...]) -> TestResult:
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("given", "expect", "differences", "diverged"),
    [
        ("country: DE", "rule: mx", [("rule", "mx", "none")],
         "rule mx wants country MX, which is DE"),
        ("country: MX", "rule: tg", [("rule", "tg", "mx")], "rule mx matched before it"),
        ("owner: ana@acme.example", "rule: mx", [("rule", "mx", "none")],
         "no rule was asked: ana@acme.example owns the contact in the CRM"),
        ("country: MX, channel: tg", "target: bruno@acme.example",
         [("target", "bruno@acme.example", "ana@acme.example")],
         "bruno@acme.example: has no access to tg (candidate.no_channel_access)"),
        ("country: ES", "target: nobody", [("target", "nobody", "ana@acme.example")],
         "ana@acme.example is next in turn of all who take new clients"),
        ("country: ES", "reason: default", [("reason", "default", "distribution.in_turn")],
         "ana@acme.example is next in turn of all who take new clients"),
    ],
)  # fmt: skip
def test_a_test_that_fails_says_what_came_and_where_it_parted(
    tmp_path: Path, given: str, expect: str, differences: list[tuple[str, str, str]], diverged: str
) -> None:
    wa = given if "channel" in given else f"{given}, channel: wa"
    result = only_result(results(tmp_path, f"{{name: a, given: {{{wa}}}, expect: {{{expect}}}}}"))
    assert [(d.what, d.expected, d.actual) for d in result.differences] == differences
    assert result.diverged == diverged


def test_a_failed_test_is_a_finding_at_its_place(tmp_path: Path) -> None:
    test = "{name: too far, given: {country: DE, channel: wa}, expect: {rule: mx}}"
    finding = only(findings_of(results(tmp_path, test)))
    assert (finding.code, finding.place) == (Code.TEST_FAILED, f"{tmp_path}/c.yaml:1:9")
    assert finding.message == "too far: rule is none, not mx"


def test_coverage_tells_the_rules_that_no_test_reaches(tmp_path: Path) -> None:
    test = "{name: a, given: {country: MX}, expect: {rule: mx}}"
    read = loaded(tmp_path, a=WHOLE, b=RULES, c=f"tests: [{test}]")
    found = coverage(run_tests(read.policy, read.tests), read.policy)
    assert (found.reached, found.unreached, found.percent) == (("mx",), ("tg",), 50.0)


def test_without_rules_everything_is_covered(tmp_path: Path) -> None:
    policy = loaded(tmp_path, a=WHOLE).policy
    assert coverage((), policy).percent == 100.0
