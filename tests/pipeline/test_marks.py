"""The mark of an unanswered chat through the whole house: who clears it, what brings it back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.domain.effects import SendMessage
from bridge.domain.names import EmployeeId
from bridge.pipeline.dead import Box, replay
from bridge.pipeline.dismiss import dismiss
from bridge.pipeline.explain import is_reproducible
from bridge.ports import Rejected
from bridge.store.schema import CONVERSATIONS, DECISIONS, OUTBOX
from tests.pipeline.test_send import chat, writes
from tests.pipeline.world import ANA, BRUNO, CHAT, World, known_clients

REFUSED = Rejected(reason="refused", detail="the vendor says no")


def since(house: World) -> Any:
    (row,) = house.rows(CONVERSATIONS)
    return row["unanswered_since"]


def failed(house: World, message_id: str) -> None:
    """The vendor says later that a message did not arrive."""
    status: dict[str, Any] = {
        "messageId": message_id,
        "timestamp": house.parts.now().isoformat(),
        "status": "error",
        "error": {"error": "BAD_CONTACT", "description": "no such number"},
    }
    house.receives(CHAT, {"statuses": [status]})
    house.settle()


@pytest.mark.parametrize("refused", ["by the vendor at once", "by a status later"])
def test_an_answer_that_fails_brings_the_mark_back(house: World, refused: str) -> None:
    """WS-06: in the answer's decision it was gone; the client has heard nothing."""
    (phone,) = known_clients(house, 1)
    asked = since(house)
    if_at_once = refused == "by the vendor at once"
    outbound = house.script(CHAT, lambda _: REFUSED if if_at_once else None)
    writes(house, ANA, phone)
    assert since(house) is None
    house.settle()
    for sent in [] if if_at_once else house.phone()["sent"]:
        failed(house, str(sent["message_id"]))
    assert len(outbound.runs) == 1
    assert since(house) == asked


def test_a_dead_answer_that_is_sent_after_all_takes_the_mark_again(small: World) -> None:
    (phone,) = known_clients(small, 1)
    outbound = small.script(CHAT, lambda _: REFUSED)
    writes(small, ANA, phone)
    small.settle()
    assert since(small) is not None
    outbound.says = lambda _: None
    (letter,) = [row["id"] for row in small.rows(OUTBOX) if row["state"] == "dead"]
    assert replay(small.parts, Box.OUTBOX, letter)
    small.settle()
    assert since(small) is None


def test_the_decision_about_a_failed_answer_gives_the_same_record_again(small: World) -> None:
    (phone,) = known_clients(small, 1)
    small.client_writes(phone, "typed", isEcho=True, status="sent", messageId="m-phone")
    small.settle()
    assert since(small) is None
    failed(small, "m-phone")
    assert since(small) is not None
    (last,) = [row for row in small.rows(DECISIONS) if row["kind"] == "MessageStatusChanged"]
    with small.engine.connect() as db:
        assert is_reproducible(db, last["event_key"])
    assert b"typed" not in bytes(last["facts"]).replace(_message_of(last), b"")


def _message_of(row: dict[str, Any]) -> bytes:
    """The one message that the status is about stands among the facts anyway."""
    facts = bytes(row["facts"])
    start = facts.index(b'"message":{')
    return facts[start : facts.index(b"}", start)]


def test_an_answer_typed_on_the_phone_takes_the_mark(small: World) -> None:
    """WS-06: nobody says who wrote it, and it is an answer all the same."""
    (phone,) = known_clients(small, 1)
    small.client_writes(phone, "typed", isEcho=True, status="sent")
    small.settle()
    assert since(small) is None


def test_a_machines_answer_leaves_the_mark_and_says_so_to_the_vendor(small: World) -> None:
    """WS-05: on our side and on theirs."""
    (phone,) = known_clients(small, 1)
    outbound = small.script(CHAT, lambda _: None)
    writes(small, ANA, phone, automatic=True)
    small.settle()
    assert since(small) is not None
    ((sent,),) = outbound.runs
    assert isinstance(sent.effect, SendMessage)
    assert sent.effect.automatic


def test_no_answer_needed_is_on_record_and_holds_until_he_writes_again(small: World) -> None:
    """WS-06: with who and when."""
    (phone,) = known_clients(small, 1)
    assert dismiss(small.parts, ANA, chat(phone)) is None
    assert since(small) is None
    (decision,) = [row for row in small.rows(DECISIONS) if row["kind"] == "Dismissal"]
    assert (decision["target"], decision["headline"]) == (ANA, "message.no_answer_needed")
    assert decision["decided_at"] <= datetime.now(UTC)
    small.client_writes(phone, "and another thing")
    small.settle()
    assert since(small) is not None


@pytest.mark.parametrize("who", [BRUNO, EmployeeId("nobody@acme.example")])
def test_nobody_dismisses_a_chat_that_is_not_his(small: World, who: EmployeeId) -> None:
    """ROL-06, ROL-14."""
    (phone,) = known_clients(small, 1)
    refusal = dismiss(small.parts, who, chat(phone))
    assert refusal is not None
    assert since(small) is not None
