"""Channels of accounts.yaml: known to the vendor, working, and with somebody who may write."""

from collections.abc import Iterator, Sequence

from bridge.domain.messaging import ChannelState
from bridge.domain.names import AccountName, ChannelName
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.pipeline.doctor.points import Point, fine, wrong
from bridge.ports import ChannelReading


def check_writers(policy: Policy, directory: Directory) -> tuple[Point, ...]:
    """Channels on which nobody could answer."""
    points = tuple(
        wrong("writers", f"nobody may write on {name}", "give it to a salesperson or a manager")
        for name in policy.channels
        if not _has_writer(policy, directory, name)
    )
    return points or (fine("writers", "every channel has somebody who may write"),)


def check_states(
    policy: Policy, account: AccountName, readings: Sequence[ChannelReading]
) -> tuple[Point, ...]:
    """The account's channels as just read from the vendor (WZ-15)."""
    points = tuple(_states(policy, account, readings))
    count = sum(channel.account == account for channel in policy.channels.values())
    return points or (fine(f"channels of {account}", f"{count} of accounts.yaml work"),)


def _states(
    policy: Policy, account: AccountName, readings: Sequence[ChannelReading]
) -> Iterator[Point]:
    check = f"channels of {account}"
    by_id = {reading.channel_id: reading for reading in readings}
    for name, channel in policy.channels.items():
        found = by_id.get(channel.id)
        if channel.account != account:
            continue
        if found is None:
            todo = f"correct the channel's id; the vendor has: {', '.join(by_id) or 'none'}"
            yield wrong(check, f"the vendor knows no channel {name}", todo)
        elif found.state is not ChannelState.ACTIVE:
            todo = "mend it in the vendor's pages; messages leave from another channel meanwhile"
            yield wrong(check, f"{name} is {found.state}", todo)
        elif found.messenger is not channel.messenger:
            said = f"{name} is {found.messenger}, accounts.yaml says {channel.messenger}"
            yield wrong(check, said, "correct its messenger in accounts.yaml")


def _has_writer(policy: Policy, directory: Directory, channel: ChannelName) -> bool:
    for employee in policy.employees.values():
        person = directory.by_email(employee.id)
        left = person is not None and not person.active
        if employee.may_write_at_all and employee.has_channel(channel) and not left:
            return True
    return False
