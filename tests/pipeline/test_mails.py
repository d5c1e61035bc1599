"""Mails to employees walk the corridor: planned with the decision, delivered, left to a person."""

from typing import Any

from bridge.domain.effects import SendEmail
from bridge.ports import Delivery, Done, Outcome, Unknown
from bridge.store.schema import OUTBOX
from tests.pipeline.world import CHAT, World, known_clients


def _mails(house: World) -> list[dict[str, Any]]:
    return [row for row in house.rows(OUTBOX) if row["kind"] == SendEmail.__name__]


def _answered(house: World, given: Outcome) -> list[Delivery]:
    """Mails come to this from now on, by an account that would not send them by itself."""
    asked: list[Delivery] = []

    def says(delivery: Delivery) -> Outcome | None:
        if not isinstance(delivery.effect, SendEmail):
            return None
        asked.append(delivery)
        return given

    house.script(CHAT, says)
    house.use(email=CHAT)
    return asked


def _writes(house: World) -> None:
    (phone,) = known_clients(house, 1)
    house.receives(CHAT, {"messages": [house.message(phone, "second")]})
    house.settle()


def test_a_mail_goes_out_once_for_a_chat_that_waits(house: World) -> None:
    asked = _answered(house, Done())
    _writes(house)
    (row,) = _mails(house)
    assert (row["state"], len(asked)) == ("done", 1)


def test_a_mail_of_unknown_fate_is_left_to_a_person(house: World) -> None:
    """Its server can't be asked, now or later; a second mail would be noise at best."""
    asked = _answered(house, Unknown(reason="no answer after the mail"))
    _writes(house)
    house.patiently()  # past the time at which it is looked up
    (row,) = _mails(house)
    assert (row["state"], row["next_attempt_at"], len(asked)) == ("unknown", None, 1)
    assert "by hand" in str(row)
