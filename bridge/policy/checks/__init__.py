"""The semantic lint: what is well written and yet wrong."""

from collections.abc import Mapping

from bridge.domain.policy import Policy
from bridge.policy.checks import (
    accounts,
    notifications,
    partners,
    people,
    plans,
    renewals,
    rules,
    signing_in,
    targets,
    tests,
)
from bridge.policy.checks.checked import Check, Checked
from bridge.policy.findings import Finding
from bridge.policy.routing_tests import RoutingTest
from bridge.ports import Connector

CHECKS: tuple[Check, ...] = (
    *accounts.CHECKS,
    *people.CHECKS,
    *notifications.CHECKS,
    *targets.CHECKS,
    *rules.CHECKS,
    *partners.CHECKS,
    *renewals.CHECKS,
    *plans.CHECKS,
    *signing_in.CHECKS,
    *tests.CHECKS,
)


def lint(
    policy: Policy,
    routing_tests: tuple[RoutingTest, ...],
    connectors: Mapping[str, Connector],
    places: Mapping[str, str],
) -> tuple[Finding, ...]:
    """Errors and warnings, in no particular order; needs no network and no environment."""
    checked = Checked(policy=policy, tests=routing_tests, connectors=connectors, places=places)
    return tuple(finding for check in CHECKS for finding in check(checked))
