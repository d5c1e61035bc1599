"""Runs the tests in the YAML: what was expected, what came, and where the two parted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bridge.domain.decisions import Decision
from bridge.domain.policy import Policy
from bridge.domain.reasons import ReasonCode
from bridge.policy.codes import Code
from bridge.policy.findings import Finding, error
from bridge.policy.routing_tests import Expect, RoutingTest
from bridge.policy.trial import trial

_TARGETS = (
    ReasonCode.TARGET_OWNER,
    ReasonCode.TARGET_RULE,
    ReasonCode.TARGET_IN_TURN,
    ReasonCode.TARGET_FIRST_TO_ANSWER,
    ReasonCode.TARGET_DEFAULT,
    ReasonCode.TARGET_FALLBACK,
    ReasonCode.TARGET_NOBODY,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`what` is `rule`, `reason` or `target`."""

    what: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """`diverged` says at which step the decision left the expected way; empty when it passed."""

    __test__ = False  # its name makes pytest take it for a test

    test: RoutingTest
    decision: Decision
    differences: tuple[Difference, ...]
    diverged: str

    @property
    def passed(self) -> bool:
        return not self.differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Which rules the tests reach; `percent` is 100 where there are no rules."""

    reached: tuple[str, ...]
    unreached: tuple[str, ...]
    percent: float


def run_tests(policy: Policy, tests: Sequence[RoutingTest]) -> tuple[TestResult, ...]:
    return tuple(_run(policy, test) for test in tests)


def coverage(results: Sequence[TestResult], policy: Policy) -> Coverage:
    """A rule is reached when a test's client met all of its conditions in its turn."""
    decided = {rule.id for result in results for rule in result.decision.rules if rule.matched}
    ids = [rule.id for rule in policy.rules]
    reached = tuple(rule for rule in ids if rule in decided)
    percent = 100.0 * len(reached) / len(ids) if ids else 100.0
    unreached = tuple(rule for rule in ids if rule not in decided)
    return Coverage(reached=reached, unreached=unreached, percent=percent)


def findings_of(results: Sequence[TestResult]) -> tuple[Finding, ...]:
    """One error for each test that does not hold, at its place in the YAML."""
    return tuple(
        error(
            Code.TEST_FAILED,
            result.test.place,
            "tests",
            f"{result.test.name}: "
            + "; ".join(f"{d.what} is {d.actual}, not {d.expected}" for d in result.differences),
            result.diverged,
        )
        for result in results
        if not result.passed
    )


def _run(policy: Policy, test: RoutingTest) -> TestResult:
    decision = trial(policy, test.given)
    differences = tuple(_differences(test.expect, decision))
    diverged = _diverged(test.expect, decision) if differences else ""
    return TestResult(test=test, decision=decision, differences=differences, diverged=diverged)


def _differences(expect: Expect, decision: Decision) -> Iterator[Difference]:
    rule, reason, target = _rule(decision), _reason(decision), decision.target or "nobody"
    if expect.rule is not None and expect.rule != rule:
        yield Difference(what="rule", expected=expect.rule, actual=rule or "none")
    codes = [given.code for given in decision.reasons]
    if expect.reason is not None and expect.reason not in codes:
        yield Difference(what="reason", expected=expect.reason, actual=reason)
    wanted = "nobody" if expect.nobody else expect.target
    if wanted is not None and wanted != target:
        yield Difference(what="target", expected=wanted, actual=target)


def _rule(decision: Decision) -> str | None:
    """The rule that decided: one may match and yet find nobody in its chain."""
    if _reason(decision) != ReasonCode.TARGET_RULE:
        return None
    return next((rule.id for rule in decision.rules if rule.matched), None)


def _reason(decision: Decision) -> str:
    """The reason of the target, or, where there is none, the headline."""
    found = next((r.code for r in decision.reasons if r.code in _TARGETS), None)
    return found or decision.reasons[0].code


def _diverged(expect: Expect, decision: Decision) -> str:
    """The first step that went another way than the test expects."""
    return _at_rules(expect, decision) or _at_people(expect, decision) or decision.reasons[0].detail


def _at_rules(expect: Expect, decision: Decision) -> str:
    wanted = next((rule for rule in decision.rules if rule.id == expect.rule), None)
    if wanted is not None and not wanted.matched:
        check = next(check for check in wanted.checks if not check.holds)
        return f"rule {wanted.id} wants {check.name} {check.expected}, which is {check.actual}"
    took = next((rule for rule in decision.rules if rule.matched), None)
    if expect.rule is not None and wanted is None:
        return f"rule {took.id} matched before it" if took else _headline(decision)
    return ""


def _at_people(expect: Expect, decision: Decision) -> str:
    wanted = next((c for c in decision.candidates if c.employee == expect.target), None)
    if wanted is not None and not wanted.chosen:
        return f"{wanted.employee}: {wanted.reason.detail} ({wanted.reason.code})"
    return ""


def _headline(decision: Decision) -> str:
    reason = next((r for r in decision.reasons if r.code in _TARGETS), decision.reasons[0])
    return f"no rule was asked: {reason.detail}"
