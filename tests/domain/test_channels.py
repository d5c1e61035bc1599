"""Which channel a message leaves from, and why (CHN-01 to CHN-06, WS-04, WZ-15)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.channels import ChannelChoice, Wish, offers_priority, pick_channel
from bridge.domain.facts import ChannelFacts
from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.names import ChannelName
from bridge.domain.people import Employee, Role
from bridge.domain.policy import Policy
from tests.domain.building import ANA, NOW, POLICY, TG, WA, WA_NORTH

WHATSAPP, TELEGRAM = Messenger.WHATSAPP, Messenger.TELEGRAM
HOUR = timedelta(hours=1)


def writer(*channels: ChannelName, **priority: ChannelName) -> Employee:
    """`channels` of nothing: all of them."""
    return Employee(
        id=ANA,
        role=Role.SALESPERSON,
        channels=frozenset(channels) if channels else None,
        priority_channel={Messenger(word): name for word, name in priority.items()},
    )


def picked(
    who: Employee,
    *,
    by: Policy = POLICY,
    states: Mapping[ChannelName, ChannelFacts] | None = None,
    messenger: Messenger = WHATSAPP,
    **wish: Any,
) -> ChannelChoice:
    given = Wish(employee=who, messenger=messenger, **wish)
    return pick_channel(given, by, states or {}, NOW)


def outcome(choice: ChannelChoice) -> tuple[ChannelName | None, str]:
    return choice.channel, choice.reason.code.value


def state(name: ChannelName, word: ChannelState = ChannelState.ACTIVE, **changed: Any) -> Any:
    return {name: ChannelFacts(name=name, state=word, **changed)}


@pytest.mark.parametrize(
    ("who", "wish", "expected"),
    [
        (writer(whatsapp=WA_NORTH), {}, (WA_NORTH, "channel.rep_default")),
        (writer(whatsapp=WA), {}, (WA, "channel.rep_default")),
        (writer(whatsapp=WA), {"chat_channel": WA_NORTH}, (WA_NORTH, "channel.of_chat")),
        (writer(whatsapp=WA), {"requested": WA_NORTH}, (WA_NORTH, "channel.chosen")),
        (writer(WA), {}, (WA, "channel.only_reachable")),
        (writer(), {}, (WA, "channel.fallback_same_messenger")),
        (writer(TG), {}, (None, "channel.none")),
        (writer(WA), {"requested": WA_NORTH}, (None, "channel.no_access")),
        (writer(WA), {"chat_channel": WA_NORTH}, (None, "channel.no_access")),
        (writer(), {"requested": ChannelName("nowhere")}, (None, "channel.unknown")),
        (writer(), {"requested": TG}, (None, "channel.unknown")),
    ],
)
def test_where_a_message_leaves_from(
    who: Employee, wish: dict[str, Any], expected: tuple[ChannelName | None, str]
) -> None:
    """CHN-02, CHN-03, CHN-04, CHN-05."""
    assert outcome(picked(who, **wish)) == expected


def test_choosing_another_channel_once_leaves_the_default() -> None:
    """CHN-04."""
    who = writer(whatsapp=WA)
    assert [picked(who, requested=WA_NORTH).channel, picked(who).channel] == [WA_NORTH, WA]


def test_each_salesperson_has_his_own_priority() -> None:
    """CHN-02."""
    assert [picked(writer(whatsapp=name)).channel for name in (WA, WA_NORTH)] == [WA, WA_NORTH]


def test_messengers_have_separate_priorities() -> None:
    """CHN-06."""
    second = ChannelName("tg-second")
    there = POLICY.channels[TG]
    by = Policy(channels={**POLICY.channels, second: there})
    who = writer(whatsapp=WA_NORTH, telegram=second)
    chosen = [picked(who, by=by, messenger=word).channel for word in (WHATSAPP, TELEGRAM)]
    assert chosen == [WA_NORTH, second]


@pytest.mark.parametrize(
    ("who", "offered"),
    [
        (writer(), {WHATSAPP}),
        (writer(WA, WA_NORTH), {WHATSAPP}),
        (writer(WA, TG), set()),
        (writer(WA), set()),
    ],
)
def test_a_priority_is_offered_where_there_is_a_choice(
    who: Employee, offered: set[Messenger]
) -> None:
    """CHN-01."""
    assert offers_priority(who, POLICY) == offered


def test_a_priority_without_a_choice_is_ignored() -> None:
    """CHN-01: the only channel is taken as such."""
    assert outcome(picked(writer(WA, whatsapp=WA))) == (WA, "channel.only_reachable")


@pytest.mark.parametrize("word", [s for s in ChannelState if s not in ("active", "unknown")])
def test_a_priority_channel_that_does_not_work_falls_back(word: ChannelState) -> None:
    """WZ-15, with the reason why it was passed over."""
    choice = picked(writer(whatsapp=WA), states=state(WA, word))
    assert outcome(choice) == (WA_NORTH, "channel.fallback_same_messenger")
    assert [(name, reason.code.value) for name, reason in choice.tried] == [
        (WA, "channel.inactive")
    ]


def test_a_channel_of_unknown_state_is_tried() -> None:
    assert picked(writer(WA), states=state(WA, ChannelState.UNKNOWN)).channel == WA


def test_what_was_named_is_refused_not_replaced() -> None:
    choice = picked(writer(), requested=WA, states=state(WA, ChannelState.BLOCKED))
    assert outcome(choice) == (None, "channel.inactive")


def test_a_reply_moves_on_when_its_channel_does_not_work() -> None:
    """WZ-15."""
    choice = picked(writer(), chat_channel=WA, states=state(WA, ChannelState.UNREACHABLE))
    assert choice.channel == WA_NORTH


def test_without_any_working_channel_the_send_is_refused_with_the_first_cause() -> None:
    choice = picked(writer(WA), states=state(WA, ChannelState.UNPAID))
    assert outcome(choice) == (None, "channel.inactive")


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (NOW - 23 * HOUR, (WA, "channel.of_chat")),
        (NOW - 24 * HOUR, (WA, "channel.of_chat")),
        (NOW - 25 * HOUR, (None, "channel.window_closed")),
        (None, (None, "channel.window_closed")),
    ],
)
def test_a_reply_needs_an_open_window(last: Any, expected: tuple[ChannelName | None, str]) -> None:
    """WS-04: refused before the call; another channel would be as wrong."""
    states = state(WA, window_hours=24)
    choice = picked(writer(), chat_channel=WA, last_inbound_at=last, states=states)
    assert outcome(choice) == expected


def test_the_window_is_of_the_chats_channel_only() -> None:
    choice = picked(writer(), chat_channel=WA, requested=WA_NORTH, last_inbound_at=NOW - 99 * HOUR)
    assert choice.channel == WA_NORTH


def test_where_the_client_has_to_write_first_nobody_else_does() -> None:
    """WS-04: Instagram and the plan "Inbox"."""
    states = {**state(WA, can_write_first=False), **state(WA_NORTH, can_write_first=False)}
    assert outcome(picked(writer(), states=states)) == (None, "channel.cannot_write_first")


def test_once_the_client_wrote_he_may_be_answered() -> None:
    states = state(WA, can_write_first=False)
    choice = picked(writer(), chat_channel=WA, last_inbound_at=NOW - HOUR, states=states)
    assert choice.channel == WA


def test_a_chat_on_a_channel_that_is_not_in_the_configuration_is_answered_there() -> None:
    """WZ-16: a channel that accounts.yaml does not name yet."""
    unnamed = ChannelName("chat-main:id-new")
    assert outcome(picked(writer(), chat_channel=unnamed)) == (unnamed, "channel.of_chat")
