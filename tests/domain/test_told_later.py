"""What is heard of late: a lost send by the key it left with, and what was said before we came."""

from datetime import timedelta

import pytest

from bridge.domain.changes import Notify, SettleSend
from bridge.domain.messaging import Direction, MessageStatus
from bridge.domain.names import MessageId
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import Message, TimelineState
from tests.domain.building import (
    ANA,
    NOW,
    chat,
    codes,
    conversation_after,
    decide,
    facts,
    found,
    kinds,
    message,
    messages_after,
    received,
    sent,
    status,
)

S = MessageStatus


def lost(word: MessageStatus) -> Message:
    """A message of ours of which the vendor never said under which id it has it."""
    return message(Direction.OUT, vendor_id=None, status=word)


@pytest.mark.parametrize("before", [S.UNKNOWN, S.QUEUED, S.FAILED])
@pytest.mark.parametrize("told", [S.SENT, S.DELIVERED, S.READ, S.PLAYED, S.FAILED])
def test_a_status_with_our_key_settles_the_send(before: S, told: S) -> None:
    """R8: what was given up was given up by us, not by the vendor."""
    known = lost(before)
    event = status(told, "wamid.1", our_key=known.id, error_code="1" if told is S.FAILED else "")
    decision = decide(event, facts(chat(ANA), message=known))
    assert SettleSend(message=known.id, vendor_id="wamid.1") in decision.changes
    after = messages_after(decision)[known.id]
    assert (after.vendor_id, after.status) == ("wamid.1", told)
    assert ReasonCode.MESSAGE_SETTLED_SEND in codes(decision)


def test_a_status_of_a_message_whose_id_is_known_settles_nothing() -> None:
    known = message(Direction.OUT, "wamid.1", status=S.SENT)
    decision = decide(status(S.READ, "wamid.1", our_key=known.id), facts(message=known))
    assert not [x for x in decision.changes if isinstance(x, SettleSend)]


def test_what_a_client_wrote_before_is_kept_and_nothing_follows() -> None:
    before = chat()
    event = received(earlier=True, occurred_at=NOW - timedelta(days=100))
    decision = decide(event, facts(before, lookup=found()))
    assert kinds(decision) == []
    assert not [x for x in decision.changes if isinstance(x, Notify)]
    (kept,) = messages_after(decision).values()
    assert kept.timeline is TimelineState.OFF
    assert conversation_after(decision).unanswered_since == before.conversation.unanswered_since


def test_a_stranger_of_whom_only_the_past_is_known_is_nobodys_lead() -> None:
    decision = decide(received(earlier=True), facts(lookup=found()))
    assert kinds(decision) == []
    assert decision.target is None
    assert conversation_after(decision).unanswered_since is None


def test_an_answer_of_the_past_answers_nothing_of_today() -> None:
    waiting = chat(ANA, unanswered_since=NOW)
    decision = decide(sent(earlier=True, sent_from="phone"), facts(waiting))
    assert conversation_after(decision).unanswered_since == NOW
    assert messages_after(decision)[MessageId(next(iter(messages_after(decision))))].text
    assert kinds(decision) == []
