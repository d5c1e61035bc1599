"""Employees: their channels, and what nobody is there to do."""

from collections.abc import Iterator

from bridge.domain.channels import offers_priority
from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName
from bridge.domain.people import Employee, Role
from bridge.policy.checks.checked import Check, Checked, employee_path
from bridge.policy.codes import Code
from bridge.policy.findings import Finding


def channels_exist(checked: Checked) -> Iterator[Finding]:
    for employee in checked.policy.employees.values():
        for channel in sorted(employee.channels or ()):
            if channel not in checked.policy.channels:
                yield checked.unknown_channel(employee_path(employee.id, "channels"), channel)


def priorities_fit(checked: Checked) -> Iterator[Finding]:
    for employee in checked.policy.employees.values():
        for messenger, channel in sorted(employee.priority_channel.items()):
            finding = _priority(checked, employee, messenger, channel)
            if finding is not None:
                yield finding


def _priority(
    checked: Checked, employee: Employee, messenger: Messenger, name: ChannelName
) -> Finding | None:
    """What is wrong with one priority channel (CHN-01, CHN-05, CHN-06)."""
    path = employee_path(employee.id, "priority_channel", messenger)
    channel = checked.policy.channels.get(name)
    if channel is None:
        return checked.unknown_channel(path, name)
    if channel.messenger is not messenger:
        said = f"{name} is a {channel.messenger} channel, not {messenger}"
        return checked.error(
            Code.PRIORITY_MESSENGER, path, said, _his(checked, employee, messenger)
        )
    if not employee.has_channel(name):
        said = f"{name} is not among his channels"
        return checked.error(Code.PRIORITY_NOT_HIS, path, said, _his(checked, employee, messenger))
    if messenger not in offers_priority(employee, checked.policy):
        said = f"he has only one {messenger} channel, so there is nothing to choose: ignored"
        return checked.warning(Code.PRIORITY_USELESS, path, said, "remove it")
    return None


def _his(checked: Checked, employee: Employee, messenger: Messenger) -> str:
    channels = checked.policy.channels.items()
    his = [n for n, c in channels if c.messenger is messenger and employee.has_channel(n)]
    return f"his {messenger} channels are: {', '.join(his) or 'none'}"


def absences_end_after_they_begin(checked: Checked) -> Iterator[Finding]:
    for employee in checked.policy.employees.values():
        away = employee.away
        if away is not None and away.since is not None and away.since >= away.until:
            path = employee_path(employee.id, "away", "from")
            said = "the absence begins after its end"
            yield checked.error(Code.WRONG_VALUE, path, said, "let it begin before `until`")


def somebody_manages(checked: Checked) -> Iterator[Finding]:
    """Nobody is silently made a manager; the admin is told to do it (ROL-12)."""
    people = checked.policy.employees.values()
    if not people or any(e.role is Role.MANAGER for e in people):
        return
    hint = "give the admin who sets this up role: manager"
    yield checked.warning(Code.NO_MANAGER, "employees", "nobody sees all chats", hint)


def somebody_hears(checked: Checked) -> Iterator[Finding]:
    """The setting is of managers alone (NOT-07)."""
    people = checked.policy.employees.values()
    if checked.policy.managers_hear_all_chats and not any(e.role is Role.MANAGER for e in people):
        path = "notifications.managers_hear_all_chats"
        said = "nobody is a manager, so nobody hears more"
        yield checked.warning(Code.NOBODY_HEARS, path, said)


def somebody_gets_new_clients(checked: Checked) -> Iterator[Finding]:
    """Without anybody new clients wait, visible to managers (NEW-07)."""
    people = checked.policy.employees.values()
    if people and not any(e.gets_new_clients and e.may_write_at_all for e in people):
        said = "nobody gets new clients: they go by rules and default only"
        hint = "add gets_new_clients: true to somebody who may write"
        yield checked.warning(Code.NOBODY_GETS_NEW_CLIENTS, "employees", said, hint)


def who_gets_may_write(checked: Checked) -> Iterator[Finding]:
    for employee in checked.policy.employees.values():
        if employee.gets_new_clients and not employee.may_write_at_all:
            path = employee_path(employee.id, "gets_new_clients")
            said = f"role {employee.role} may not write, so he is given nobody"
            yield checked.warning(Code.CANNOT_WRITE, path, said, "remove it")


CHECKS: tuple[Check, ...] = (
    channels_exist,
    priorities_fit,
    absences_end_after_they_begin,
    somebody_manages,
    somebody_hears,
    somebody_gets_new_clients,
    who_gets_may_write,
)
