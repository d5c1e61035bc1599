"""Invitations into chats: followed, and nobody's client before he has written."""

from dataclasses import replace

import pytest

from bridge.domain.decisions import Verdict
from bridge.domain.effects import JoinChat
from bridge.domain.events import ChatInvited
from bridge.domain.messaging import ChatKind
from bridge.domain.names import EventKey
from bridge.domain.records import ClientState
from tests.domain.building import (
    CHAT,
    NOW,
    POLICY,
    codes,
    conversation_after,
    decide,
    effects,
    facts,
    received,
    where,
)


def invited(kind: ChatKind = ChatKind.DIRECT) -> ChatInvited:
    return ChatInvited(
        event_key=EventKey("invited:1"), occurred_at=NOW, account=CHAT, chat=where(kind=kind)
    )


def test_an_invitation_is_followed() -> None:
    decision = decide(invited(), facts(), POLICY)
    there = where()
    joined = JoinChat(channel_id=there.channel_id, messenger=there.messenger, chat_id=there.chat_id)
    assert (decision.verdict, effects(decision)) == (Verdict.APPLIED, [joined])
    assert codes(decision) == ["chat.joined"]


@pytest.mark.parametrize(
    ("kind", "client"),
    [(ChatKind.DIRECT, ClientState.UNIDENTIFIED), (ChatKind.GROUP, ClientState.GROUP)],
)
def test_the_chat_is_kept_as_what_it_was_said_to_be(kind: ChatKind, client: ClientState) -> None:
    """And nobody is told, and nothing waits for an answer."""
    kept = conversation_after(decide(invited(kind), facts(), POLICY))
    assert (kept.kind, kept.client, kept.unanswered_since) == (kind, client, None)


def test_what_is_written_in_a_group_belongs_to_no_client_though_the_message_does_not_say_so() -> (
    None
):
    group = conversation_after(decide(invited(ChatKind.GROUP), facts(), POLICY))
    decision = decide(received(), replace(facts(), conversation=group), POLICY)
    assert "client.group" in codes(decision)
    assert effects(decision) == []
