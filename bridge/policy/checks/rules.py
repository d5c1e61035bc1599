"""Rules as a whole: their ids, and those that can never come to their turn."""

from collections.abc import Iterator

from bridge.domain.messaging import Messenger
from bridge.domain.policy import Policy, When
from bridge.policy.checks.checked import Check, Checked
from bridge.policy.checks.targets import channels_of
from bridge.policy.codes import Code
from bridge.policy.findings import Finding
from bridge.policy.paths import item, place_of, under


def ids_are_distinct(checked: Checked) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, rule in enumerate(checked.policy.rules):
        if first.setdefault(rule.id, index) != index:
            place = place_of(under(item("rules", first[rule.id]), "id"), checked.places)
            said = f"{rule.id} is the id of an earlier rule too ({place})"
            path = under(item("rules", index), "id")
            yield checked.error(Code.DUPLICATE_RULE, path, said, "give it another id")


def channels_exist(checked: Checked) -> Iterator[Finding]:
    for index, rule in enumerate(checked.policy.rules):
        for channel in sorted(rule.when.channels):
            if channel not in checked.policy.channels:
                path = under(under(item("rules", index), "when"), "channel")
                yield checked.unknown_channel(path, channel)


def conditions_can_hold(checked: Checked) -> Iterator[Finding]:
    for index, rule in enumerate(checked.policy.rules):
        known = rule.when.channels <= set(checked.policy.channels)
        if rule.when.channels and known and not channels_of(checked, rule):
            messengers = ", ".join(sorted(rule.when.messengers))
            said = f"no channel of the rule is one of {messengers}: it never matches"
            path = under(item("rules", index), "when")
            yield checked.warning(Code.RULE_NEVER_MATCHES, path, said)


def every_rule_has_a_turn(checked: Checked) -> Iterator[Finding]:
    rules = checked.policy.rules
    for index, rule in enumerate(rules):
        earlier = next(
            (r for r in rules[:index] if _covers(r.when, rule.when, checked.policy)), None
        )
        if earlier is not None:
            said = f"rule {earlier.id} before it takes everything that {rule.id} would"
            hint = f"move {rule.id} before {earlier.id}, or remove it"
            yield checked.warning(Code.SHADOWED_RULE, item("rules", index), said, hint)


def _covers(earlier: When, later: When, policy: Policy) -> bool:
    """Whether every client who meets `later` meets `earlier` too."""
    return (
        earlier.client in (None, later.client)
        and _within(later.countries, earlier.countries)
        and _within(later.channels, earlier.channels)
        and _within(_messengers(later, policy), earlier.messengers)
    )


def _within(narrow: frozenset[str], wide: frozenset[str]) -> bool:
    """No words mean no condition."""
    return not wide or (bool(narrow) and narrow <= wide)


def _messengers(when: When, policy: Policy) -> frozenset[Messenger]:
    """The messengers that are left by the channels too."""
    if when.messengers or not when.channels <= set(policy.channels):
        return when.messengers
    return frozenset(policy.channels[channel].messenger for channel in when.channels)


CHECKS: tuple[Check, ...] = (
    ids_are_distinct,
    channels_exist,
    conditions_can_hold,
    every_rule_has_a_turn,
)
