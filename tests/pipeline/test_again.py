"""Messages that failed or are in doubt: what a person does, and what may settle them meanwhile."""

from typing import Any

import pytest

from bridge.domain.messaging import Media, MediaKind
from bridge.domain.names import EmployeeId, MessageId
from bridge.pipeline.again import AgainRequest, mark_sent, send_again
from bridge.pipeline.dead import Box, dead_letters, drop, replay, take_back_drop
from bridge.pipeline.explain import is_reproducible
from bridge.pipeline.refusals import Refusal, Sent
from bridge.store.schema import DECISIONS, NOTIFICATIONS, OUTBOX
from tests.pipeline.test_send import chat, left, lost_answer, shown, together, writes
from tests.pipeline.world import ANA, BRUNO, CHAT, LUIS, QA, WA_NORTH, World, known_clients

FILE = Media(kind=MediaKind.DOCUMENT, url="https://files.example/offer.pdf", name="offer.pdf")


def wish(phone: str, sent: Sent, who: EmployeeId = ANA, **more: Any) -> AgainRequest:
    return AgainRequest(employee=who, conversation=chat(phone), message=sent.message, **more)


def why(answer: Sent | Refusal | None) -> tuple[str, int]:
    assert isinstance(answer, Refusal), answer
    return answer.reason.code, answer.status


def failed(house: World, **more: Any) -> tuple[str, Sent]:
    """A message that the messenger refused for good."""
    [phone] = known_clients(house, 1)
    house.at_messenger("channel", channelId="chan-sales", state="rejected")
    sent = writes(house, ANA, phone, **more)
    house.settle()
    house.at_messenger("channel", channelId="chan-sales", state="active")
    house.settle()
    return phone, sent


def in_doubt(house: World) -> tuple[str, Sent]:
    """A message of which nobody knows whether it arrived: its answer was lost, and the vendor's
    key has run out."""
    phone = lost_answer(house)
    house.later(70)
    house.at_messenger("advance", seconds=70)
    house.patiently(4, 60)
    assert shown(house)[0][1] == "unknown"
    row = next(row for row in house.rows(OUTBOX) if row["kind"] == "SendMessage")
    name = MessageId(row["message"])
    return phone, Sent(message=name, conversation=chat(phone), channel=WA_NORTH, reason=_NONE)


_NONE: Any = None


def echo(house: World, phone: str, place: int = 0) -> None:
    """The messenger shows what has left."""
    made = house.phone()["sent"][place]["message_id"]
    house.client_writes(phone, "good day", isEcho=True, status="sent", messageId=made)
    house.settle()
    house.later(4)
    house.settle()


def told(house: World) -> list[tuple[str, str]]:
    return [(row["employee"], row["code"]) for row in house.rows(NOTIFICATIONS)]


def test_a_failed_message_says_why_and_its_writer_is_told(small: World) -> None:
    failed(small)
    [(_, status, error)] = shown(small)
    assert status == "failed"
    assert "use another one" in error
    assert (ANA, "message.failed") in told(small)


def test_what_failed_is_sent_again_as_a_new_message_that_names_it(house: World) -> None:
    phone, sent = failed(house)
    again = send_again(house.parts, wish(phone, sent, key="k"))
    assert isinstance(again, Sent)
    house.settle()
    assert [(text, status) for text, status, _ in shown(house)] == [
        ("good day", "failed"),
        ("good day", "sent"),
    ]
    assert len(left(house)) == 1
    assert house.rows(DECISIONS)[-1]["kind"] == "MessageWritten"
    with house.engine.connect() as db:
        assert is_reproducible(db, again.message)
        assert dead_letters(db, Box.OUTBOX) == []
    assert send_again(house.parts, wish(phone, sent, key="k")) == again
    assert why(send_again(house.parts, wish(phone, sent))) == ("request.conflict", 409)
    house.settle()
    assert len(left(house)) == 1


def test_it_may_leave_from_another_channel(small: World) -> None:
    """CHN-04"""
    phone, sent = failed(small)
    again = send_again(small.parts, wish(phone, sent, channel=WA_NORTH))
    assert isinstance(again, Sent)
    assert again.conversation == chat(phone, "chan-north")
    small.settle()
    assert left(small) == [("chan-north", "good day")]


def doubtful(house: World) -> int:
    with house.engine.connect() as db:
        [letter] = dead_letters(db, Box.OUTBOX)
    return letter.id


def test_a_drop_is_not_taken_back_once_the_message_was_sent_again(small: World) -> None:
    """Two copies would reach the client."""
    phone, sent = in_doubt(small)
    letter = doubtful(small)
    assert drop(small.parts, Box.OUTBOX, letter)
    assert isinstance(send_again(small.parts, wish(phone, sent)), Sent)
    assert not take_back_drop(small.parts, Box.OUTBOX, letter)


def test_a_doubtful_message_whose_drop_was_taken_back_may_be_marked(small: World) -> None:
    phone, sent = in_doubt(small)
    letter = doubtful(small)
    assert drop(small.parts, Box.OUTBOX, letter)
    assert take_back_drop(small.parts, Box.OUTBOX, letter)
    assert doubtful(small) == letter
    assert mark_sent(small.parts, wish(phone, sent)) is None
    assert shown(small)[0][1] == "sent"
    assert not take_back_drop(small.parts, Box.OUTBOX, letter)


def test_the_second_part_is_held_and_goes_along_when_the_first_is_sent_again(
    house: World,
) -> None:
    """WS-03"""
    phone, sent = failed(house, media=FILE)
    assert [status for _, status, _ in shown(house)] == ["failed", "queued"]
    assert "waits" in shown(house)[1][2]
    assert left(house) == []
    assert isinstance(send_again(house.parts, wish(phone, sent)), Sent)
    house.settle()
    assert [said for _, said in left(house)] == ["good day", FILE.url]
    assert [status for _, status, _ in shown(house)] == ["failed", "failed", "sent", "sent"]
    assert [row["state"] for row in house.rows(OUTBOX)[-4:]] == ["done"] * 4


@pytest.mark.parametrize(
    ("who", "expected"),
    [(BRUNO, ("request.not_found", 404)), (QA, ("role.quality_control", 403))],
)
def test_only_who_may_write_there_does_either(
    small: World, who: EmployeeId, expected: tuple[str, int]
) -> None:
    """ROL-06, ROL-10"""
    phone, sent = failed(small)
    assert why(send_again(small.parts, wish(phone, sent, who))) == expected
    assert why(mark_sent(small.parts, wish(phone, sent, who))) == expected


def test_an_unknown_message_is_nobodys_to_send(small: World) -> None:
    phone, sent = failed(small)
    other = AgainRequest(employee=LUIS, conversation=chat(phone), message=MessageId("ms_no"))
    assert why(send_again(small.parts, other)) == ("request.not_found", 404)
    assert why(mark_sent(small.parts, other)) == ("request.not_found", 404)
    assert sent.message != other.message


def test_what_is_in_doubt_is_told_and_sent_again_only_by_a_person(house: World) -> None:
    """WS-01"""
    phone, sent = in_doubt(house)
    assert (ANA, "message.in_doubt") in told(house)
    assert len(left(house)) == 1
    assert isinstance(send_again(house.parts, wish(phone, sent)), Sent)
    house.settle()
    assert len(left(house)) == 2
    assert [status for _, status, _ in shown(house)] == ["unknown", "sent"]
    assert len(house.entries()) == 2


def test_as_long_as_the_bridge_is_at_it_nobody_else_is(house: World) -> None:
    phone = lost_answer(house)
    row = next(row for row in house.rows(OUTBOX) if row["kind"] == "SendMessage")
    request = AgainRequest(employee=ANA, conversation=chat(phone), message=row["message"])
    assert why(send_again(house.parts, request)) == ("request.conflict", 409)
    house.later(12)
    house.settle()
    assert (len(left(house)), shown(house)[0][1]) == (1, "sent")


def test_who_knows_that_it_arrived_spares_the_bridge_its_second_try(house: World) -> None:
    phone = lost_answer(house)
    row = next(row for row in house.rows(OUTBOX) if row["kind"] == "SendMessage")
    request = AgainRequest(employee=ANA, conversation=chat(phone), message=row["message"])
    assert mark_sent(house.parts, request) is None
    house.patiently(3)
    assert (len(left(house)), shown(house)) == (1, [("good day", "sent", "")])


def test_marked_as_sent_it_stands_on_the_timeline_and_a_late_echo_names_it(house: World) -> None:
    phone, sent = in_doubt(house)
    assert mark_sent(house.parts, wish(phone, sent, key="k")) is None
    assert mark_sent(house.parts, wish(phone, sent, key="k")) is None
    house.settle()
    assert (shown(house), len(house.entries())) == ([("good day", "sent", "")], 2)
    decision = house.rows(DECISIONS)[-1]
    assert (decision["headline"], decision["target"]) == ("message.marked_sent", ANA)
    with house.engine.connect() as db:
        assert is_reproducible(db, decision["event_key"])
        assert dead_letters(db, Box.OUTBOX) == []
    echo(house, phone)
    assert (len(shown(house)), len(left(house)), len(house.entries())) == (1, 1, 2)
    assert why(mark_sent(house.parts, wish(phone, sent))) == ("request.conflict", 409)


def test_what_its_echo_has_settled_is_not_sent_again(house: World) -> None:
    phone, sent = in_doubt(house)
    echo(house, phone)
    assert shown(house)[0][1] == "sent"
    assert why(send_again(house.parts, wish(phone, sent))) == ("request.conflict", 409)
    house.settle()
    assert len(left(house)) == 1


def test_an_echo_right_after_the_decision_keeps_the_second_one_here(house: World) -> None:
    """The late report comes between the person's click and the vendor's call."""
    phone, sent = in_doubt(house)
    again = send_again(house.parts, wish(phone, sent))
    assert isinstance(again, Sent)
    made = house.phone()["sent"][0]["message_id"]
    house.client_writes(phone, "good day", isEcho=True, status="sent", messageId=made)
    house.drain("in:wazzup-main")
    house.settle()
    assert len(left(house)) == 1
    first, second = shown(house)
    assert (first[1], second[1]) == ("sent", "failed")
    assert "arrived after all" in second[2]


def test_an_echo_of_the_first_after_the_second_left_shows_that_both_arrived(house: World) -> None:
    phone, sent = in_doubt(house)
    assert isinstance(send_again(house.parts, wish(phone, sent)), Sent)
    house.settle()
    echo(house, phone)
    assert [status for _, status, _ in shown(house)] == ["sent", "sent"]
    assert len(left(house)) == 2


def test_two_who_decide_at_once_send_it_once(house: World) -> None:
    phone, sent = in_doubt(house)
    answers = together(
        [
            lambda: send_again(house.parts, wish(phone, sent)),
            lambda: send_again(house.parts, wish(phone, sent, LUIS)),
            lambda: mark_sent(house.parts, wish(phone, sent, LUIS)),
        ]
    )
    done = [answer for answer in answers if not isinstance(answer, Refusal)]
    house.settle()
    resent = sum(isinstance(answer, Sent) for answer in done)
    assert (len(done), len(left(house))) == (1, 1 + resent)


def test_what_was_sent_again_is_no_dead_letter_any_more(small: World) -> None:
    phone, sent = failed(small)
    with small.engine.connect() as db:
        [letter] = dead_letters(db, Box.OUTBOX)
    assert isinstance(send_again(small.parts, wish(phone, sent)), Sent)
    assert not replay(small.parts, Box.OUTBOX, letter.id)
    small.settle()
    assert len(left(small)) == 1


def test_a_late_delivery_after_a_failure_does_not_bring_it_back(house: World) -> None:
    """Statuses after `failed` are noted, not applied (WZ-11)."""
    [phone] = known_clients(house, 1)
    writes(house, ANA, phone)
    house.settle()
    made = house.phone()["sent"][0]["message_id"]
    now = house.parts.now().isoformat()
    error = {"error": "24_HOURS_EXCEEDED", "description": "closed"}
    statuses = [
        {"messageId": made, "timestamp": now, "status": "error", "error": error},
        {"messageId": made, "timestamp": now, "status": "delivered"},
    ]
    house.receives(CHAT, {"statuses": statuses})
    house.settle()
    [(_, status, why_not)] = shown(house)
    assert status == "failed"
    assert why_not.startswith("24_HOURS_EXCEEDED: closed; ")
    assert "use a template" in why_not
    assert (ANA, "message.failed") in told(house)
