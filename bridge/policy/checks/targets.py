"""Everybody who is named to get clients must be there, may write, and have the channel."""

from collections.abc import Iterator

from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.policy import Rule, Target
from bridge.policy.checks.checked import Check, Checked
from bridge.policy.codes import Code
from bridge.policy.findings import Finding, did_you_mean
from bridge.policy.paths import item, under


def receivers_can_receive(checked: Checked) -> Iterator[Finding]:
    for path, employee in _receivers(checked):
        if employee not in checked.policy.employees:
            yield checked.unknown_employee(path, employee)
        elif not checked.policy.employees[employee].may_write_at_all:
            role = checked.policy.employees[employee].role
            said = f"{employee} has role {role} and may not write to clients"
            yield checked.error(Code.CANNOT_WRITE, path, said, "name a salesperson or a manager")


def _receivers(checked: Checked) -> Iterator[tuple[str, EmployeeId]]:
    policy = checked.policy
    for pool, members in policy.pools.items():
        for index, member in enumerate(members):
            yield item(under("pools", pool), index), member
    for path, _, target in _targets(checked):
        if target.employee is not None:
            yield under(path, "employee"), target.employee
    if policy.default is not None:
        yield "default.employee", policy.default
    if policy.ownership.fallback is not None:
        yield "ownership.fallback", policy.ownership.fallback


def _targets(checked: Checked) -> Iterator[tuple[str, Rule, Target]]:
    for index, rule in enumerate(checked.policy.rules):
        for position, target in enumerate(rule.to):
            yield item(under(item("rules", index), "to"), position), rule, target


def targets_have_the_channels(checked: Checked) -> Iterator[Finding]:
    """A rule's clients can only go to people who have the channel that they wrote on."""
    for path, rule, target in _targets(checked):
        channels = channels_of(checked, rule)
        members = _people(checked, target)
        without = [m for m in members if not _has_one(checked, m, channels)]
        if not channels or not without:
            continue
        names = ", ".join(sorted(channels))
        said = f"{', '.join(without)}: no access to {names}"
        if len(without) == len(members):
            hint = "give him the channel, or narrow the rule"
            yield checked.error(Code.NO_CHANNEL_ACCESS, path, said, hint)
        else:
            yield checked.warning(Code.NO_CHANNEL_ACCESS, path, said, "he is passed over")


def channels_of(checked: Checked, rule: Rule) -> frozenset[ChannelName]:
    """The known channels whose clients a rule can match."""
    channels = checked.policy.channels.items()
    return frozenset(
        name
        for name, channel in channels
        if (not rule.when.channels or name in rule.when.channels)
        and (not rule.when.messengers or channel.messenger in rule.when.messengers)
    )


def _people(checked: Checked, target: Target) -> tuple[EmployeeId, ...]:
    """Those of a target who are employees at all; the others have a finding of their own."""
    named = (
        (target.employee,) if target.employee else checked.policy.pools.get(target.pool or "", ())
    )
    return tuple(e for e in named if e in checked.policy.employees)


def _has_one(checked: Checked, employee: EmployeeId, channels: frozenset[ChannelName]) -> bool:
    return any(checked.policy.employees[employee].has_channel(channel) for channel in channels)


def default_has_the_channels(checked: Checked) -> Iterator[Finding]:
    """The default gets clients of every channel, also where he can't answer them."""
    default = checked.policy.employees.get(checked.policy.default or EmployeeId(""))
    if default is None:
        return
    lacking = [name for name in sorted(checked.policy.channels) if not default.has_channel(name)]
    if lacking:
        said = f"{default.id} gets clients of {', '.join(lacking)} too and has no access to it"
        yield checked.warning(Code.NO_CHANNEL_ACCESS, "default.employee", said)


def there_is_a_default(checked: Checked) -> Iterator[Finding]:
    if checked.policy.default is None and checked.policy.employees:
        said = "there is no default: a client whom nobody may take stays with nobody"
        hint = "add default: {employee: …} to routing.yaml"
        yield checked.warning(Code.NO_DEFAULT, "employees", said, hint)


def pools_are_used(checked: Checked) -> Iterator[Finding]:
    used = {target.pool for _, _, target in _targets(checked)}
    for pool, members in checked.policy.pools.items():
        path = under("pools", pool)
        if not members:
            yield checked.error(Code.EMPTY_POOL, path, "has nobody in it", "add an employee")
        if pool not in used:
            yield checked.warning(Code.UNUSED_POOL, path, "no rule names this pool")


def pools_exist(checked: Checked) -> Iterator[Finding]:
    for path, _, target in _targets(checked):
        if target.pool is not None and target.pool not in checked.policy.pools:
            hint = did_you_mean(target.pool, checked.policy.pools) or "add it under pools"
            said = f"{target.pool} is not a pool"
            yield checked.error(Code.UNKNOWN_POOL, under(path, "pool"), said, hint)


CHECKS: tuple[Check, ...] = (
    receivers_can_receive,
    targets_have_the_channels,
    default_has_the_channels,
    there_is_a_default,
    pools_are_used,
    pools_exist,
)
