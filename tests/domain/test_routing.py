"""The one door: channels that fail, and what this version does nothing with (WZ-15, WZ-16)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.changes import SetChannelState
from bridge.domain.decisions import Verdict
from bridge.domain.events import (
    ChannelChanged,
    ClientChanged,
    UnitsUsed,
)
from bridge.domain.facts import ChannelFacts
from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.names import ChannelName, CrmId, EventKey
from bridge.domain.reasons import ReasonCode
from tests.domain.building import (
    ANA,
    CHAT,
    CRM,
    LUIS,
    NOW,
    WA,
    codes,
    conversation_after,
    decide,
    facts,
    messages_after,
    received,
    told_of,
    where,
    without,
)

WORKS = ChannelFacts(name=WA, state=ChannelState.ACTIVE, as_of=NOW - timedelta(hours=1))
FAILS = ChannelFacts(name=WA, state=ChannelState.BLOCKED, as_of=NOW - timedelta(hours=1))


def changed(state: ChannelState) -> ChannelChanged:
    return ChannelChanged(
        event_key=EventKey("c1"), occurred_at=NOW, account=CHAT, channel_id="id-wa", state=state
    )


@pytest.mark.parametrize(
    ("known", "state", "told"),
    [
        (WORKS, ChannelState.BLOCKED, True),
        (None, ChannelState.UNPAID, True),
        (FAILS, ChannelState.UNPAID, False),
        (FAILS, ChannelState.ACTIVE, False),
        (WORKS, ChannelState.ACTIVE, False),
        (WORKS, ChannelState.UNKNOWN, False),
    ],
)
def test_managers_are_told_once_when_a_channel_stops(
    known: ChannelFacts | None, state: ChannelState, told: bool
) -> None:
    """WZ-15."""
    decision = decide(changed(state), facts(channel=known))
    assert (LUIS in told_of(decision)) is told
    kept = [x for x in decision.changes if isinstance(x, SetChannelState)]
    assert [(x.state, x.as_of, x.channel_id) for x in kept] == [(state, NOW, "id-wa")]


def test_a_manager_who_left_is_not_told() -> None:
    given = facts(channel=WORKS, directory=without(LUIS))
    assert told_of(decide(changed(ChannelState.BLOCKED), given)) == {}


def test_a_late_state_of_a_channel_is_not_believed() -> None:
    newer = ChannelFacts(name=WA, state=ChannelState.ACTIVE, as_of=NOW + timedelta(seconds=1))
    decision = decide(changed(ChannelState.BLOCKED), facts(channel=newer))
    assert (codes(decision), decision.changes) == ([ReasonCode.MIRROR_OLDER], ())


def event(kind: type[Any], **fields: Any) -> Any:
    return kind(event_key=EventKey("e1"), occurred_at=NOW, **fields)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (event(ClientChanged, account=CRM, client=CrmId("9")), ReasonCode.EVENT_UNSUPPORTED),
        (event(UnitsUsed, account=CRM, client=CrmId("9"), units=1), ReasonCode.EVENT_IGNORED),
    ],
)
def test_what_nothing_is_done_with_is_ignored_with_a_reason(given: Any, code: ReasonCode) -> None:
    """WZ-16."""
    decision = decide(given, facts())
    assert (decision.verdict, codes(decision)) == (Verdict.IGNORED, [code])
    assert (decision.changes, decision.effects) == ((), ())


@pytest.mark.parametrize("messenger", list(Messenger))
def test_every_messenger_is_served(messenger: Messenger) -> None:
    """WZ-16: unknown chat types too."""
    decision = decide(received(chat=where(messenger=messenger)), facts())
    assert (decision.target, conversation_after(decision).messenger) == (ANA, messenger)


def test_a_message_without_anything_is_kept() -> None:
    """WZ-16: no text, no file, no name, no phone."""
    bare = received(text="", chat=where(name=None, phone=None))
    assert len(messages_after(decide(bare, facts()))) == 1


def _known(number: int, word: ChannelState = ChannelState.ACTIVE) -> ChannelFacts:
    return ChannelFacts(
        name=ChannelName(f"c{number}"),
        state=word,
        as_of=NOW - timedelta(hours=1),
        account=CHAT,
        channel_id=f"id-{number}",
        plain_id=f"+1 555-000{number}",
    )


@pytest.mark.parametrize(
    ("plain_id", "channels"),
    [("", ["id-1", "id-2"]), ("15550002", ["id-2"]), ("15550009", [])],
)
def test_a_channel_told_of_without_its_id_is_found_by_its_number(
    plain_id: str, channels: list[str]
) -> None:
    event = replace(changed(ChannelState.BLOCKED), channel_id="", plain_id=plain_id)
    decision = decide(event, facts(account_channels=(_known(1), _known(2))))
    kept = [x.channel_id for x in decision.changes if isinstance(x, SetChannelState)]
    assert kept == channels
    assert (LUIS in told_of(decision)) is bool(channels)


def test_news_of_a_channel_that_leave_its_state_keep_it() -> None:
    event = replace(changed(ChannelState.ACTIVE), state=None, detail="FLAGGED")
    decision = decide(event, facts(channel=FAILS))
    kept = [(x.state, x.detail) for x in decision.changes if isinstance(x, SetChannelState)]
    assert kept == [(ChannelState.BLOCKED, "FLAGGED")]
    assert told_of(decision) == {}
