"""The tests in the YAML must speak of what exists, or they would prove nothing."""

from collections.abc import Iterator

from bridge.domain.distribution import EVERYBODY
from bridge.policy.checks.checked import Check, Checked
from bridge.policy.codes import Code
from bridge.policy.findings import Finding, did_you_mean
from bridge.policy.paths import item, under
from bridge.policy.routing_tests import Given, RoutingTest


def tests_name_what_exists(checked: Checked) -> Iterator[Finding]:
    for index, test in enumerate(checked.tests):
        path = item("tests", index)
        yield from _expected(checked, test, under(path, "expect"))
        yield from given_names_what_exists(checked, test.given, under(path, "given"))


def _expected(checked: Checked, test: RoutingTest, path: str) -> Iterator[Finding]:
    target, rule = test.expect.target, test.expect.rule
    if target is not None and target not in checked.policy.employees:
        yield checked.unknown_employee(under(path, "target"), target)
    ids = [known.id for known in checked.policy.rules]
    if rule is not None and rule not in ids:
        said, hint = f"there is no rule {rule}", did_you_mean(rule, ids)
        yield checked.error(Code.UNKNOWN_RULE, under(path, "rule"), said, hint)


def given_names_what_exists(checked: Checked, given: Given, path: str) -> Iterator[Finding]:
    policy = checked.policy
    channel = policy.channels.get(given.channel) if given.channel else None
    if given.channel is not None and channel is None:
        yield checked.unknown_channel(under(path, "channel"), given.channel)
    if channel is not None and given.messenger not in (None, channel.messenger):
        said = f"{given.channel} is a {channel.messenger} channel"
        yield checked.error(Code.WRONG_VALUE, under(path, "messenger"), said, "remove it")
    for who in sorted(given.away - set(policy.employees)):
        yield checked.unknown_employee(under(path, "away"), who)
    for pool in given.turn:
        if pool not in policy.pools and pool != EVERYBODY:
            said, hint = f"{pool} is not a pool", did_you_mean(pool, [*policy.pools, EVERYBODY])
            yield checked.error(Code.UNKNOWN_POOL, under(path, "turn"), said, hint)


CHECKS: tuple[Check, ...] = (tests_name_what_exists,)
