"""/channels: what they are, whether they work, who may use them."""

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.channels import offers_priority
from bridge.domain.facts import ChannelFacts
from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.names import AccountName, ChannelName, EmployeeId
from bridge.domain.people import Employee
from bridge.domain.policy import ChannelPolicy, Policy
from bridge.store.engine import reading
from bridge.store.mirror import channel_facts
from bridge.web.api.routing import Call, Nothing, get
from bridge.web.feed import source_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelUser:
    """`is_priority`: he writes first from here. `offers_priority`: he has several channels of this
    messenger, so that a priority can be chosen for him (CHN-01)."""

    employee: EmployeeId
    can_write: bool
    is_priority: bool
    offers_priority: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelShape:
    """`window_hours`: free text passes only so long after the client's last message."""

    name: ChannelName
    label: str
    messenger: Messenger
    account: AccountName
    source: str
    state: ChannelState
    as_of: datetime | None
    window_hours: int | None
    can_write_first: bool
    users: tuple[ChannelUser, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    items: tuple[ChannelShape, ...]


def list_all(call: Call, _: Nothing) -> Channels:
    policy = call.site.policy
    with reading(call.site.parts.engine) as db:
        states = channel_facts(db, policy)
    items = [
        _channel(policy, channel, states.get(name, ChannelFacts(name=name)))
        for name, channel in sorted(policy.channels.items())
    ]
    return Channels(items=tuple(items))


def _channel(policy: Policy, channel: ChannelPolicy, state: ChannelFacts) -> ChannelShape:
    return ChannelShape(
        name=state.name,
        label=channel.label,
        messenger=channel.messenger,
        account=channel.account,
        source=source_of(policy, channel.account),
        state=state.state,
        as_of=state.as_of,
        window_hours=state.window_hours,
        can_write_first=state.can_write_first,
        users=tuple(
            _user(policy, employee, state.name, channel.messenger)
            for employee in sorted(policy.employees.values(), key=lambda e: e.id)
            if employee.has_channel(state.name)
        ),
    )


def _user(
    policy: Policy, employee: Employee, name: ChannelName, messenger: Messenger
) -> ChannelUser:
    offered = messenger in offers_priority(employee, policy)
    return ChannelUser(
        employee=employee.id,
        can_write=employee.may_write_at_all,
        is_priority=offered and employee.priority_channel.get(messenger) == name,
        offers_priority=offered,
    )


ROUTES = (
    get(
        "/channels",
        list_all,
        Nothing,
        Channels,
        "The channels, their state, and who may use them",
    ),
)
