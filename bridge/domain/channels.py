"""Which channel a message leaves from, and why (CHN-01 to CHN-07, WS-04)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.domain.facts import ChannelFacts
from bridge.domain.messaging import ChannelState, ChatKind, Messenger
from bridge.domain.names import ChannelName
from bridge.domain.people import Employee
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import ClientWishes
from bridge.domain.templates import MARKETING, MessageTemplate, offered, usable_on

USABLE = frozenset({ChannelState.ACTIVE, ChannelState.UNKNOWN})
States = Mapping[ChannelName, ChannelFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChoice:
    """`channel` of None: refused, `reason` says why. `tried` tells what was passed over."""

    channel: ChannelName | None
    reason: Reason
    tried: tuple[tuple[ChannelName, Reason], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the client stands on one channel. `has_chat`: he has an address there."""

    last_inbound_at: datetime | None = None
    wishes: ClientWishes = field(default_factory=ClientWishes)
    has_chat: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A message that wants to leave. `chat_channel` is set for a reply in that chat.

    `there` is how the client stands on the messenger's other channels; `by_number`: his address
    is his number, which every channel of the messenger can write to. `templates` are all that
    may be offered.
    """

    employee: Employee
    messenger: Messenger
    chat_channel: ChannelName | None = None
    requested: ChannelName | None = None
    last_inbound_at: datetime | None = None
    wishes: ClientWishes = field(default_factory=ClientWishes)
    kind: ChatKind = ChatKind.DIRECT
    by_number: bool = True
    there: Mapping[ChannelName, Standing] = field(default_factory=dict)
    template: MessageTemplate | None = None
    templates: tuple[MessageTemplate, ...] = ()

    def standing(self, name: ChannelName) -> Standing:
        if name == self.chat_channel:
            return Standing(last_inbound_at=self.last_inbound_at, wishes=self.wishes)
        return self.there.get(name, Standing(has_chat=False))


def pick_channel(wish: Wish, policy: Policy, states: States, now: datetime) -> ChannelChoice:
    """The channel named by the writer, else the chat's own, else his priority channel, else the
    only ones left. What was named and can't be used is refused; a default falls back."""
    default = _default(wish, policy, states, now)
    if wish.requested is None:
        return default
    against = _against(wish.requested, wish, policy, states, now)
    if against is not None:
        return ChannelChoice(channel=None, reason=against)
    detail = f"chosen by {wish.employee.id}; {_instead(wish.requested, default)}"
    return _chosen(wish.requested, Reason(ReasonCode.CHANNEL_CHOSEN, detail), ())


def offers_priority(employee: Employee, policy: Policy) -> frozenset[Messenger]:
    """Messengers for which he has several channels, so that a priority makes sense (CHN-01)."""
    counts: dict[Messenger, int] = {}
    for name, channel in policy.channels.items():
        if employee.has_channel(name):
            counts[channel.messenger] = counts.get(channel.messenger, 0) + 1
    return frozenset(messenger for messenger, count in counts.items() if count > 1)


def open_until(wish: Wish, name: ChannelName, states: States) -> datetime | None:
    """When free text stops to pass on this channel; None where there is no such time."""
    hours, last = _state(name, states).window_hours, wish.standing(name).last_inbound_at
    return None if hours is None or last is None else last + timedelta(hours=hours)


# A reply whose own channel refuses for these reasons would be as wrong on another channel.
_REFUSES_REPLY = frozenset(
    {
        ReasonCode.CHANNEL_NO_ACCESS,
        ReasonCode.WINDOW_CLOSED,
        ReasonCode.CHAT_BLOCKED,
        ReasonCode.MARKETING_BLOCKED,
        ReasonCode.TEMPLATE_ELSEWHERE,
    }
)
# What keeps a message from a client, as against a channel that does not work.
_UNREACHABLE = _REFUSES_REPLY | {
    ReasonCode.CANNOT_WRITE_FIRST,
    ReasonCode.CHANNEL_UNREACHABLE,
}


def _default(wish: Wish, policy: Policy, states: States, now: datetime) -> ChannelChoice:
    against = {
        name: _against(name, wish, policy, states, now) for name, _ in _defaults(wish, policy)
    }
    tried: list[tuple[ChannelName, Reason]] = []
    for name, reason in _defaults(wish, policy):
        refusal = against[name]
        if refusal is None:
            return _chosen(name, _told(reason, against), tried)
        tried.append((name, refusal))
        if name == wish.chat_channel and refusal.code in _REFUSES_REPLY:
            return ChannelChoice(channel=None, reason=refusal, tried=tuple(tried))
    reason = Reason(ReasonCode.CHANNEL_NONE, "no channel of this messenger can be used")
    return ChannelChoice(channel=None, reason=tried[0][1] if tried else reason, tried=tuple(tried))


def _told(reason: Reason, against: Mapping[ChannelName, Reason | None]) -> Reason:
    """The last resort of several is the only one by which the client can be reached."""
    refusals = [refusal.code for refusal in against.values() if refusal is not None]
    alone = bool(refusals) and len(refusals) == len(against) - 1
    if reason.code is ReasonCode.CHANNEL_FALLBACK and alone and _UNREACHABLE.issuperset(refusals):
        detail = "the only channel on which the client can be reached"
        return Reason(ReasonCode.CHANNEL_ONLY_REACHABLE, detail)
    return reason


def _instead(requested: ChannelName, default: ChannelChoice) -> str:
    if default.channel == requested:
        return f"the default is the same: {default.reason.detail}"
    if default.channel is None:
        return f"there is no default: {default.reason.detail}"
    return f"the default would have been {default.channel}: {default.reason.detail}"


def _defaults(wish: Wish, policy: Policy) -> Sequence[tuple[ChannelName, Reason]]:
    found: list[tuple[ChannelName, Reason]] = []
    if wish.chat_channel is not None:
        detail = "a reply stays on the channel of the chat"
        found.append((wish.chat_channel, Reason(ReasonCode.CHANNEL_OF_CHAT, detail)))
    if wish.kind is ChatKind.GROUP:
        return found
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
    name: ChannelName, wish: Wish, policy: Policy, states: States, now: datetime
) -> Reason | None:
    """The first thing that speaks against this channel."""
    return (
        _not_the_writers(name, wish, policy)
        or _not_the_chats(name, wish, policy)
        or _not_working(name, states)
        or _unwanted(name, wish)
        or _other_templates(name, wish, policy, states)
        or _window(name, wish, policy, states, now)
    )


def _not_the_writers(name: ChannelName, wish: Wish, policy: Policy) -> Reason | None:
    if name not in policy.channels and name != wish.chat_channel:
        return Reason(ReasonCode.CHANNEL_UNKNOWN, f"there is no channel {name} in accounts.yaml")
    if not wish.employee.has_channel(name):
        return Reason(ReasonCode.CHANNEL_NO_ACCESS, f"the writer has no access to {name}")
    channel = policy.channels.get(name)
    if channel is not None and channel.messenger is not wish.messenger:
        return Reason(ReasonCode.CHANNEL_UNKNOWN, f"{name} is not a {wish.messenger} channel")
    return None


def _not_the_chats(name: ChannelName, wish: Wish, policy: Policy) -> Reason | None:
    """Another channel knows no group of this one, and a client only by what it can address."""
    if wish.chat_channel is None or name == wish.chat_channel:
        return None
    if wish.kind is ChatKind.GROUP:
        return Reason(ReasonCode.GROUP_STAYS, "what is said in a group stays in its chat")
    own, there = policy.channels.get(wish.chat_channel), policy.channels.get(name)
    same = own is not None and there is not None and own.account == there.account
    if wish.by_number or same or wish.standing(name).has_chat:
        return None
    detail = f"the client has never written on {name}, and has no address there"
    return Reason(ReasonCode.CHANNEL_UNREACHABLE, detail)


def _not_working(name: ChannelName, states: States) -> Reason | None:
    state = _state(name, states)
    if state.state in USABLE:
        return None
    return Reason(ReasonCode.CHANNEL_INACTIVE, f"{name} is {state.state}")


def _unwanted(name: ChannelName, wish: Wish) -> Reason | None:
    wishes = wish.standing(name).wishes
    if wishes.blocked:
        detail = f"the client wants to hear nothing more on {name}: wait until he writes again"
        return Reason(ReasonCode.CHAT_BLOCKED, detail)
    advertises = wish.template is not None and wish.template.category == MARKETING
    if wishes.no_marketing and advertises:
        detail = f"the client wants no advertising on {name}: other templates and answers pass"
        return Reason(ReasonCode.MARKETING_BLOCKED, detail)
    return None


def _other_templates(
    name: ChannelName, wish: Wish, policy: Policy, states: States
) -> Reason | None:
    template, channel = wish.template, policy.channels.get(name)
    if template is None:
        return None
    state = _state(name, states)
    account = channel.account if channel else state.account
    channel_id = channel.id if channel else state.channel_id
    if account is not None and template.fits(account, channel_id):
        return None
    return Reason(ReasonCode.TEMPLATE_ELSEWHERE, f"{name} has no template {template.label}")


def _window(
    name: ChannelName, wish: Wish, policy: Policy, states: States, now: datetime
) -> Reason | None:
    state, last = _state(name, states), wish.standing(name).last_inbound_at
    if last is None and not state.can_write_first:
        return Reason(ReasonCode.CANNOT_WRITE_FIRST, f"on {name} the client has to write first")
    if state.window_hours is None or wish.template is not None:
        return None
    if last is not None and now - last <= timedelta(hours=state.window_hours):
        return None
    wrote = f"wrote last more than {state.window_hours} hours ago" if last else "has never written"
    detail = f"the client {wrote} on {name}; {_way_out(name, wish, policy)}"
    return Reason(ReasonCode.WINDOW_CLOSED, detail)


def _way_out(name: ChannelName, wish: Wish, policy: Policy) -> str:
    channel = policy.channels.get(name)
    found = usable_on(wish.templates, channel.account, channel.id) if channel else ()
    if not found:
        return "only an approved template may be sent, and none is known: wait for him to write"
    return f"only an approved template may be sent: {offered(found)}"


def _state(name: ChannelName, states: States) -> ChannelFacts:
    return states.get(name, ChannelFacts(name=name))


def _chosen(
    name: ChannelName, reason: Reason, tried: Sequence[tuple[ChannelName, Reason]]
) -> ChannelChoice:
    return ChannelChoice(channel=name, reason=reason, tried=tuple(tried))
