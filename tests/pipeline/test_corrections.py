"""Corrections of the CRM's timeline: whatever fails and is tried again, the newest one stays."""

from typing import Any

import pytest

from bridge.domain.effects import UpdateTimelineEntry, WriteTimelineEntry
from bridge.domain.policy import OnDelete, Timeline
from bridge.pipeline.dead import Box, drop, replay
from bridge.ports import Delivery, Outcome, Rejected, Unknown
from bridge.store.schema import NEEDS, OUTBOX
from tests.pipeline.world import CHAT, CRM, World, known_clients

PHONE = "34600000000"
CREATE = "communications/batch/create"
UPDATE = "communications/batch/update"
KEPT, TAKEN_BACK = "the second text", "the third text"


def written(house: World) -> str:
    """A message that stands in the timeline; gives the vendor's id."""
    known_clients(house, 1)
    message = house.client_writes(PHONE, "the first text")
    house.settle()
    return message


def changes(house: World, message: str, text: str, **how: Any) -> None:
    changed = how or {"isEdited": True}
    house.receives(CHAT, {"messages": [house.message(PHONE, text, messageId=message, **changed)]})
    house.drain("in:wazzup-main")


def refusing(house: World, *texts: str) -> list[str]:
    """The CRM refuses entries with these texts as long as they stand in what is given back."""
    refused = list(texts)

    def says(delivery: Delivery) -> Outcome | None:
        match delivery.effect:
            case UpdateTimelineEntry(entry=entry) | (WriteTimelineEntry() as entry):
                wrong = entry.text in refused
            case _:
                wrong = False
        return Rejected(reason="refused", detail="not today") if wrong else None

    house.script(CRM, says)
    return refused


def corrections(house: World) -> list[Any]:
    return [row for row in house.rows(OUTBOX) if row["kind"] == "UpdateTimelineEntry"]


def states(house: World) -> list[str]:
    return [row["state"] for row in corrections(house)]


def replayed(house: World, place: int) -> None:
    assert replay(house.parts, Box.OUTBOX, corrections(house)[place]["id"])
    house.settle()


def test_an_older_correction_that_is_replayed_does_not_undo_a_newer_one(house: World) -> None:
    """WZ-10: dropped with the reason, and the CRM is not even asked."""
    message = written(house)
    refused = refusing(house, KEPT)
    changes(house, message, KEPT)
    changes(house, message, TAKEN_BACK)
    house.settle()
    assert states(house) == ["dead", "done"]
    refused.clear()
    asked = house.calls(UPDATE)
    replayed(house, 0)
    assert states(house) == ["dropped", "done"]
    assert "newer state of this message" in corrections(house)[0]["reason"]
    assert house.calls(UPDATE) == asked
    assert TAKEN_BACK in house.entries()[-1]
    assert "(edited (2))" in house.entries()[-1]


def test_what_was_taken_back_does_not_return_by_a_replay(small: World) -> None:
    small.use(timeline=Timeline(on_delete=OnDelete.REDACT))
    message = written(small)
    refused = refusing(small, KEPT)
    changes(small, message, KEPT)
    changes(small, message, KEPT, isDeleted=True)
    small.settle()
    refused.clear()
    replayed(small, 0)
    assert states(small) == ["dropped", "done"]
    assert "(deleted by contact)" in small.entries()[-1]
    assert not [entry for entry in small.entries() if KEPT in entry or "first text" in entry]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_that_failed_end_alike_in_whichever_order_they_are_replayed(
    small: World, order: tuple[int, int]
) -> None:
    message = written(small)
    refused = refusing(small, KEPT, TAKEN_BACK)
    changes(small, message, KEPT)
    changes(small, message, TAKEN_BACK)
    small.settle()
    assert states(small) == ["dead", "dead"]
    refused.clear()
    for place in order:
        replayed(small, place)
    assert states(small)[1] == "done"
    assert TAKEN_BACK in small.entries()[-1]


def test_a_newer_one_that_never_came_does_not_keep_an_older_one_back(small: World) -> None:
    message = written(small)
    refused = refusing(small, KEPT, TAKEN_BACK)
    changes(small, message, KEPT)
    changes(small, message, TAKEN_BACK)
    small.settle()
    assert drop(small.parts, Box.OUTBOX, corrections(small)[1]["id"])
    refused.clear()
    replayed(small, 0)
    assert states(small) == ["done", "dropped"]
    assert KEPT in small.entries()[-1]


def test_a_newer_one_that_may_have_arrived_keeps_an_older_one_back(small: World) -> None:
    """The newer one is looked up and sent again, and stays."""
    message = written(small)
    refused = refusing(small, KEPT)
    changes(small, message, KEPT)
    changes(small, message, TAKEN_BACK)
    small.settle()
    refused.clear()
    changes(small, message, "the fourth text")
    small.fail(CRM, match=UPDATE, fault="500_after", times=1)
    small.settle()
    assert states(small) == ["dead", "done", "unknown"]
    replayed(small, 0)
    assert states(small) == ["dropped", "done", "unknown"]
    small.patiently(3)
    assert states(small) == ["dropped", "done", "done"]
    assert "the fourth text" in small.entries()[-1]


def test_a_correction_of_another_message_keeps_nothing_back(small: World) -> None:
    first, second = written(small), small.client_writes(PHONE, "another message")
    small.settle()
    refused = refusing(small, KEPT)
    changes(small, first, KEPT)
    changes(small, second, TAKEN_BACK)
    small.settle()
    refused.clear()
    replayed(small, 0)
    assert states(small) == ["done", "done"]
    assert [KEPT in small.entries()[-2], TAKEN_BACK in small.entries()[-1]] == [True, True]


@pytest.mark.parametrize("fault", ["429", "500", "500_after", "reset_after"])
def test_corrections_keep_their_order_through_retries(small: World, fault: str) -> None:
    message = written(small)
    small.fail(CRM, match=UPDATE, fault=fault, times=1)
    changes(small, message, KEPT)
    small.settle()
    assert states(small) != ["done"]
    changes(small, message, TAKEN_BACK)
    small.patiently(3)
    assert states(small) == ["done", "done"]
    assert TAKEN_BACK in small.entries()[-1]


def test_after_an_outcome_nobody_knows_the_newest_stays(small: World) -> None:
    """A try that died on its way may still be on it: what follows waits until it is known."""
    message = written(small)
    doubted: list[int] = []

    def says(delivery: Delivery) -> Outcome | None:
        if doubted or not isinstance(delivery.effect, UpdateTimelineEntry):
            return None
        doubted.append(delivery.attempt)
        return Unknown(reason="no answer")

    small.script(CRM, says)
    changes(small, message, KEPT)
    changes(small, message, TAKEN_BACK)
    small.settle()
    assert states(small) == ["unknown", "pending"]
    small.patiently(3)
    assert states(small) == ["done", "done"]
    assert TAKEN_BACK in small.entries()[-1]


@pytest.mark.parametrize("fault", ["429", "500", "500_after"])
def test_a_correction_waits_for_its_entry(house: World, fault: str) -> None:
    """The entry has met trouble when its message is edited: first it is made, then rewritten."""
    known_clients(house, 1)
    house.fail(CRM, match=CREATE, fault=fault, times=1)
    message = house.client_writes(PHONE, "the first text")
    house.settle()
    changes(house, message, KEPT)
    [row] = corrections(house)
    waits = [need for need in house.rows(NEEDS) if need["outbox_id"] == row["id"]]
    assert [need["name"] for need in waits] == [row["message"]]
    house.settle()
    assert (states(house), house.calls(UPDATE)) == (["pending"], 0)
    house.patiently(3)
    assert (states(house), house.calls(UPDATE), house.count(NEEDS)) == (["done"], 1, 0)
    assert len(house.entries()) == 2
    assert KEPT in house.entries()[-1]
    assert "first text" not in house.entries()[-1]


def test_a_correction_is_held_while_its_entry_is_a_dead_letter(small: World) -> None:
    known_clients(small, 1)
    refused = refusing(small, "the first text")
    message = small.client_writes(PHONE, "the first text")
    small.settle()
    entry = small.rows(OUTBOX)[-1]
    assert entry["state"] == "dead"
    refused.clear()
    changes(small, message, KEPT)
    small.settle()
    assert states(small) == ["held"]
    assert replay(small.parts, Box.OUTBOX, entry["id"])
    small.patiently(2)
    assert states(small) == ["done"]
    assert KEPT in small.entries()[-1]
