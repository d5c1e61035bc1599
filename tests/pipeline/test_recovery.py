"""What the next worker finds of one that died: as much work in one go as before, and no doubt."""

from datetime import timedelta

import pytest

from bridge.pipeline import refresh
from bridge.pipeline.lanes import Way, lane
from bridge.store import work
from bridge.store.engine import writing
from bridge.store.schema import LANES, OUTBOX, REFRESHES
from tests.pipeline.world import CHAT, CRM, World

IN = lane(Way.IN, CHAT)


def taken(house: World) -> int:
    with writing(house.engine) as db:
        return len(work.take(db, IN, house.parts.now(), 100))


def test_a_run_whose_worker_died_once_is_taken_as_a_whole_again(house: World) -> None:
    """One by one, each row would ask the CRM alone, and a kill would use up its budget."""
    for text in ("one", "two", "three"):
        house.client_writes(text=text)
    assert [taken(house) for _ in range(4)] == [3, 3, 1, 1]


def test_a_row_that_failed_is_tried_alone(house: World) -> None:
    for text in ("one", "two"):
        house.client_writes(text=text)
    with writing(house.engine) as db:
        [first, _] = work.take(db, IN, house.parts.now(), 100)
        work.again(db, first.id, house.parts.now(), "failed")
    assert taken(house) == 1


def test_a_stranger_is_asked_for_once_a_minute_at_least(small: World) -> None:
    """NEW-04: he waits for the CRM; when it is back he does not wait long."""
    small.fail(CRM, match="/crm/", fault="500")
    small.client_writes()
    for _ in range(8):
        small.settle()
        small.later(refresh.LONGEST_WAIT.total_seconds())
    [wish] = small.rows(REFRESHES)
    assert wish["attempts"] >= 8
    assert wish["next_attempt_at"] <= small.parts.now() + refresh.LONGEST_WAIT
    [held] = [row for row in small.rows(LANES) if row["name"] == lane(Way.MIRROR, CRM)]
    assert held["held_until"] <= small.parts.now() + timedelta(minutes=1)
    small.mend()
    small.later(refresh.LONGEST_WAIT.total_seconds())
    small.settle()
    assert len(small.crm()["communications"]) == 1


def test_who_strangers_are_costs_the_budget_once(small: World) -> None:
    """The lane has paid before it asks: paying twice would stop it at half of what is allowed."""
    small.fail(CRM, match="/crm/", fault="500")
    small.client_writes()
    small.settle()
    small.mend()
    small.later(60)
    small.limit(refresh._CALLS)
    small.drain(lane(Way.MIRROR, CRM))
    assert small.rows(REFRESHES) == []


def test_a_look_up_that_fails_is_made_again_soon_and_then_later_and_later(small: World) -> None:
    small.client_writes()
    small.settle()
    small.fail(CRM, match="communications/batch/create", fault="500_after", times=1)
    small.client_writes(text="unsure")
    small.settle()
    small.fail(CRM, match="/associations/", fault="500")
    waits = []
    for _ in range(4):
        [row] = [row for row in small.rows(OUTBOX) if row["state"] == "unknown"]
        wait = row["next_attempt_at"] - small.parts.now()
        waits.append(wait.total_seconds())
        small.later(wait.total_seconds() + 0.1)
        small.settle()
    assert waits[0] == pytest.approx(25.0, abs=1.0)
    assert waits[1] == pytest.approx(12.5, abs=1.0)
    assert waits[1] < waits[2] < waits[3] < 30.0
    small.mend()
    small.later(60)
    small.settle()
    assert small.count(OUTBOX, state="done") == small.count(OUTBOX)
    assert len(small.crm()["communications"]) == 2
