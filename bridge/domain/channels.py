"""Which channel a message leaves from, and why (CHN-01 to CHN-07)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.domain.facts import ChannelFacts
from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.names import ChannelName
from bridge.domain.people import Employee
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason, ReasonCode

USABLE = frozenset({ChannelState.ACTIVE, ChannelState.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChoice:
    """`channel` of None: refused, `reason` says why. `tried` tells what was passed over."""

    channel: ChannelName | None
    reason: Reason
    tried: tuple[tuple[ChannelName, Reason], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A message that wants to leave. `chat_channel` is set for a reply in that chat."""

    employee: Employee
    messenger: Messenger
    chat_channel: ChannelName | None = None
    requested: ChannelName | None = None
    last_inbound_at: datetime | None = None


def pick_channel(
    wish: Wish, policy: Policy, states: Mapping[ChannelName, ChannelFacts], now: datetime
) -> ChannelChoice:
    """The channel named by the writer, else the chat's own, else his priority channel, else the
    only ones left. What was named and can't be used is refused; a default falls back."""
    if wish.requested is not None:
        against = _against(wish.requested, wish, policy, states, now)
        if against is not None:
            return ChannelChoice(channel=None, reason=against)
        return _chosen(wish.requested, ReasonCode.CHANNEL_CHOSEN, "chosen by the writer", ())
    tried: list[tuple[ChannelName, Reason]] = []
    for name, reason in _defaults(wish, policy):
        against = _against(name, wish, policy, states, now)
        if against is None:
            return _chosen(name, reason.code, reason.detail, tried)
        if name == wish.chat_channel and against.code in _REFUSES_REPLY:
            return ChannelChoice(channel=None, reason=against, tried=((name, against),))
        tried.append((name, against))
    reason = Reason(ReasonCode.CHANNEL_NONE, "no channel of this messenger can be used")
    return ChannelChoice(channel=None, reason=tried[0][1] if tried else reason, tried=tuple(tried))


def offers_priority(employee: Employee, policy: Policy) -> frozenset[Messenger]:
    """Messengers for which he has several channels, so that a priority makes sense (CHN-01)."""
    counts: dict[Messenger, int] = {}
    for name, channel in policy.channels.items():
        if employee.has_channel(name):
            counts[channel.messenger] = counts.get(channel.messenger, 0) + 1
    return frozenset(messenger for messenger, count in counts.items() if count > 1)


# A reply whose own channel refuses for these reasons would be as wrong on another channel.
_REFUSES_REPLY = frozenset({ReasonCode.CHANNEL_NO_ACCESS, ReasonCode.WINDOW_CLOSED})


def _defaults(wish: Wish, policy: Policy) -> Sequence[tuple[ChannelName, Reason]]:
    found: list[tuple[ChannelName, Reason]] = []
    if wish.chat_channel is not None:
        detail = "a reply stays on the channel of the chat"
        found.append((wish.chat_channel, Reason(ReasonCode.CHANNEL_OF_CHAT, detail)))
    priority = wish.employee.priority_channel.get(wish.messenger)
    if priority is not None and wish.messenger in offers_priority(wish.employee, policy):
        detail = "the writer's priority channel"
        found.append((priority, Reason(ReasonCode.CHANNEL_REP_DEFAULT, detail)))
    others = [
        name
        for name, channel in policy.channels.items()
        if channel.messenger is wish.messenger and wish.employee.has_channel(name)
    ]
    only = len(others) == 1 and not found
    code = ReasonCode.CHANNEL_ONLY_REACHABLE if only else ReasonCode.CHANNEL_FALLBACK
    detail = "the only channel of this messenger" if only else "another channel of the messenger"
    taken = {name for name, _ in found}
    found.extend((name, Reason(code, detail)) for name in others if name not in taken)
    return found


def _against(
    name: ChannelName,
    wish: Wish,
    policy: Policy,
    states: Mapping[ChannelName, ChannelFacts],
    now: datetime,
) -> Reason | None:
    """The first thing that speaks against this channel."""
    if name not in policy.channels and name != wish.chat_channel:
        return Reason(ReasonCode.CHANNEL_UNKNOWN, f"there is no channel {name} in accounts.yaml")
    if not wish.employee.has_channel(name):
        return Reason(ReasonCode.CHANNEL_NO_ACCESS, f"the writer has no access to {name}")
    channel = policy.channels.get(name)
    if channel is not None and channel.messenger is not wish.messenger:
        return Reason(ReasonCode.CHANNEL_UNKNOWN, f"{name} is not a {wish.messenger} channel")
    state = states.get(name, ChannelFacts(name=name))
    if state.state not in USABLE:
        return Reason(ReasonCode.CHANNEL_INACTIVE, f"{name} is {state.state}")
    return _window(name, wish, state, now)


def _window(name: ChannelName, wish: Wish, state: ChannelFacts, now: datetime) -> Reason | None:
    last = wish.last_inbound_at if name == wish.chat_channel else None
    if last is None and not state.can_write_first:
        return Reason(ReasonCode.CANNOT_WRITE_FIRST, f"on {name} the client has to write first")
    if state.window_hours is None:
        return None
    if last is None or now - last > timedelta(hours=state.window_hours):
        return Reason(
            ReasonCode.WINDOW_CLOSED,
            f"the client's last message on {name} is older than {state.window_hours} hours; "
            "only an approved template may be sent",
        )
    return None


def _chosen(
    name: ChannelName,
    code: ReasonCode,
    detail: str,
    tried: Sequence[tuple[ChannelName, Reason]],
) -> ChannelChoice:
    return ChannelChoice(channel=name, reason=Reason(code, detail), tried=tuple(tried))
