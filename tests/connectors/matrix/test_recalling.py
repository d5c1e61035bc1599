"""A room's history reads as the homeserver pushes it, and gives the same event keys."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.domain.effects import JoinChat
from bridge.domain.errors import OutcomeUnknown
from bridge.domain.events import MessageReceived
from bridge.domain.messaging import Messenger
from bridge.ports import Delivery
from connectors.matrix import recalling
from connectors.matrix.inbound import MatrixInbound
from connectors.matrix.outbound import MatrixOutbound
from connectors.matrix.recalling import MatrixHistory
from tests.connectors.matrix.building import EVA, NOW, USER, account, request
from tests.connectors.matrix.door import Door
from tests.connectors.matrix.stand_in import StandIn

MINUTE = timedelta(minutes=1)


def recalled(
    stand_in: StandIn, since: timedelta = 60 * MINUTE, until: timedelta = -MINUTE
) -> list[Any]:
    now = datetime.now(UTC)
    listed = MatrixHistory(account(stand_in.url)).recall(now - since, now - until)
    inbound = MatrixInbound(account())
    return [event for one in listed for event in inbound.parse(request(one.body)).events]


def joined(stand_in: StandIn) -> str:
    """A client's room that the bridge has come into; gives its id."""
    room = stand_in.play(do="invite", client=EVA)["room"]
    chat = JoinChat(channel_id=USER, messenger=Messenger.MATRIX, chat_id=room)
    delivery = Delivery(effect=chat, idempotency_key="k", attempt=1, now=NOW)
    MatrixOutbound(account(stand_in.url)).deliver([delivery])
    return room


def keys(events: Sequence[Any]) -> set[str]:
    return {event.event_key for event in events}


def test_what_was_pushed_has_the_same_keys(stand_in: StandIn, door: Door) -> None:
    room = joined(stand_in)
    said = stand_in.play(client=EVA, room=room, text="Hola")["event"]
    stand_in.play(do="edit", client=EVA, room=room, event=said, text="Hola!")
    stand_in.play(do="react", client=EVA, room=room, event=said, text="+1")
    stand_in.settle()
    found = recalled(stand_in)
    assert keys(found) == keys(door.events())
    [message] = [event for event in found if isinstance(event, MessageReceived)]
    assert (message.text, message.chat.chat_id) == ("Hola", room)
    [pushed] = [event for event in door.events() if event.event_key == message.event_key]
    assert replace(message, raw="") == replace(pushed, raw="")


def test_what_nobody_was_told_is_found(stand_in: StandIn) -> None:
    room = joined(stand_in)
    stand_in.play(client=EVA, room=room, text="Hola")
    stand_in.play(client=EVA, room=room, text="?")
    found = [event.text for event in recalled(stand_in) if isinstance(event, MessageReceived)]
    assert found == ["Hola", "?"]


def test_what_was_said_before_we_came_is_not_ours_to_hear(stand_in: StandIn) -> None:
    room = stand_in.play(do="invite", client=EVA, name="Club", group=True)["room"]
    stand_in.play(client=EVA, room=room, text="among us")
    again = stand_in.play(do="invite", client=EVA)["room"]
    assert room != again
    assert [event for event in recalled(stand_in) if isinstance(event, MessageReceived)] == []


def test_only_what_was_asked_for(stand_in: StandIn) -> None:
    room = joined(stand_in)
    stand_in.play(client=EVA, room=room, text="Hola")
    assert recalled(stand_in, until=MINUTE) == []
    assert recalled(stand_in, since=-MINUTE, until=-2 * MINUTE) == []


def test_all_pages_are_read(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalling, "_PAGE", 2)
    room = joined(stand_in)
    for n in range(5):
        stand_in.play(client=EVA, room=room, text=str(n))
    found = [event.text for event in recalled(stand_in) if isinstance(event, MessageReceived)]
    assert found == ["0", "1", "2", "3", "4"]


def test_more_than_can_be_read_is_no_whole_answer(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recalling, "_PAGE", 1)
    monkeypatch.setattr(recalling, "_PAGES", 2)
    room = joined(stand_in)
    for n in range(5):
        stand_in.play(client=EVA, room=room, text=str(n))
    with pytest.raises(OutcomeUnknown, match="more than 2 events"):
        recalled(stand_in)


def test_a_homeserver_that_fails_is_no_empty_list(stand_in: StandIn) -> None:
    joined(stand_in)
    stand_in.fail("500", match="messages")
    with pytest.raises(OutcomeUnknown):
        recalled(stand_in)
