"""What clears the mark of an unanswered chat, and what brings it back (WS-05, WS-06)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from bridge.domain.conversations import exchange, touched, unanswered_again, waits_since
from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import Direction, MessageStatus
from bridge.domain.records import Message
from tests.domain.building import (
    ANA,
    NOW,
    chat,
    conversation,
    conversation_after,
    decide,
    facts,
    message,
    received,
    sent,
    status,
)
from tests.domain.test_sending import FIRST, gone, sends

ASKED = NOW - timedelta(minutes=5)
OUT, IN = Direction.OUT, Direction.IN


def at(minutes: int) -> datetime:
    return ASKED + timedelta(minutes=minutes)


def said(direction: Direction, number: str, minutes: int, **changed: Any) -> Message:
    return message(direction, number, occurred_at=at(minutes), **changed)


@pytest.mark.parametrize(
    ("event", "since"),
    [
        (sent(), None),
        (sent(sent_from="phone"), None),
        (sent(sent_from="phone", author=ANA), None),
        (sent(automatic=True), ASKED),
        (sent(automatic=True, author=ANA), ASKED),
        (sent(status=MessageStatus.FAILED), ASKED),
        (sent(occurred_at=at(-1)), ASKED),
        (received("m9", occurred_at=at(1)), ASKED),
        (received("m9", occurred_at=at(-1)), at(-1)),
    ],
)
def test_only_a_persons_answer_that_left_takes_the_mark(event: Any, since: datetime | None) -> None:
    """WS-05, WS-06: typed on the phone it counts as well; what a machine said never does."""
    assert conversation_after(decide(event, facts(chat(ANA)))).unanswered_since == since


def test_an_answer_to_the_first_question_is_none_to_the_second() -> None:
    """Its echo came late: the client has written again meanwhile."""
    waiting = chat(ANA, unanswered_since=at(0), last_inbound_at=at(4))
    after = touched(waiting, said(OUT, "m2", 2)).conversation
    assert after.unanswered_since == at(4)


def test_what_a_machine_sends_for_somebody_claims_and_answers_nobody() -> None:
    """WS-05: the vendor is told so too."""
    sending = gone(automatic=True)
    assert conversation_after(sending.decision).unanswered_since == ASKED
    assert [effect.automatic for effect in sends(sending)] == [True]
    assert [made.automatic for made in sending.messages] == [True]


@pytest.mark.parametrize(
    ("messages", "without", "since"),
    [
        ((), None, None),
        ((said(IN, "a", 0),), None, at(0)),
        ((said(IN, "a", 0), said(OUT, "b", 1)), None, None),
        ((said(IN, "a", 0), said(OUT, "b", 1)), "b", at(0)),
        ((said(IN, "a", 0), said(OUT, "b", 1), said(OUT, "c", 2)), "b", None),
        ((said(IN, "a", 0), said(OUT, "b", 1), said(OUT, "c", 2, automatic=True)), "b", at(0)),
        ((said(IN, "a", 0), said(OUT, "b", 1), said(IN, "c", 2), said(OUT, "d", 3)), "d", at(2)),
        ((said(IN, "a", 0), said(IN, "c", 2), said(OUT, "d", 3)), "d", at(0)),
        ((said(OUT, "b", 1), said(IN, "a", 0)), None, None),
        ((said(IN, "a", 0), said(OUT, "b", 1, status=MessageStatus.FAILED)), None, at(0)),
    ],
)
def test_since_when_a_client_waits(
    messages: tuple[Message, ...], without: str | None, since: datetime | None
) -> None:
    """By the messages alone, in whatever order they are told."""
    name = None if without is None else message(OUT, without).id
    known = [exchange(one) for one in messages]
    assert waits_since(conversation(), known, name) == since
    assert waits_since(conversation(), reversed(known), name) == since


def test_a_chat_that_needed_no_answer_does_not_wait_for_what_came_before() -> None:
    """WS-06."""
    dismissed = conversation(dismissed_by=ANA, dismissed_at=at(3))
    assert waits_since(dismissed, [exchange(said(IN, "a", 0))]) is None
    assert waits_since(dismissed, [exchange(said(IN, "b", 4))]) == at(4)


def failing(given: ChatFacts, *messages: Message, number: str = "m2") -> Any:
    found = next(one for one in messages if one.vendor_id == number)
    known = facts(given, message=found, exchanged=tuple(exchange(one) for one in messages))
    return decide(status(MessageStatus.FAILED, number), known)


def test_an_answer_that_failed_is_none() -> None:
    """The mark is back, as old as it was, and the decision says why."""
    answered = chat(ANA, unanswered_since=None)
    decision = failing(answered, said(IN, "m1", 0), said(OUT, "m2", 1))
    assert conversation_after(decision).unanswered_since == at(0)
    assert "message.answer_failed" in [reason.code for reason in decision.reasons]


@pytest.mark.parametrize(
    "other", [said(OUT, "m3", 2), said(OUT, "m3", 1), said(OUT, "m3", 2, author=ANA)]
)
def test_another_answer_that_arrived_is_enough(other: Message) -> None:
    answered = chat(ANA, unanswered_since=None)
    decision = failing(answered, said(IN, "m1", 0), said(OUT, "m2", 1), other)
    assert not any("Conversation" in type(change).__name__ for change in decision.changes)


def test_a_failure_after_he_wrote_again_makes_the_mark_as_old_as_the_first_question() -> None:
    """The same as if it had been told before."""
    again = chat(ANA, unanswered_since=at(3))
    known = [said(IN, "m1", 0), said(OUT, "m2", 1), said(IN, "m3", 3)]
    assert conversation_after(failing(again, *known)).unanswered_since == at(0)


def test_a_machines_message_that_fails_changes_no_mark() -> None:
    answered = chat(ANA, unanswered_since=None)
    mine = said(OUT, "m2", 1, automatic=True)
    decision = failing(answered, said(IN, "m1", 0), said(OUT, "m0", 1), mine)
    assert not any("Conversation" in type(change).__name__ for change in decision.changes)


def test_a_mark_that_stands_is_never_made_younger() -> None:
    old = conversation(unanswered_since=at(-10))
    assert unanswered_again(old, [exchange(said(IN, "a", 0))], message(OUT, "b").id) == old


@pytest.mark.parametrize(("automatic", "target"), [(False, ANA), (True, None)])
def test_an_automatic_reply_of_a_taker_claims_nobody(automatic: bool, target: Any) -> None:
    """WS-10: who did not answer himself gets no client by it."""
    echo = sent(author=ANA, automatic=automatic, sent_from="phone")
    assert decide(echo, facts(chat(None)), FIRST).target == target
