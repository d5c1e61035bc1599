"""Leases, holds and pauses of lanes, and which lanes have work."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert

from bridge.store import lanes
from bridge.store.engine import reading, writing
from bridge.store.lanes import LeaseLost
from bridge.store.schema import INBOX, REFRESHES

NOW = datetime.now(UTC)


def acquire(engine: Engine, token: str, seconds: float = 15.0, lane: str = "in:a") -> bool:
    with writing(engine) as db:
        return lanes.acquire(db, lane, token, seconds)


def hold(engine: Engine, cause: str, until: datetime | None) -> bool:
    with writing(engine) as db:
        return lanes.hold(db, "in:a", until, cause)


def inbox_row(engine: Engine, state: str, next_attempt_at: datetime | None) -> None:
    values = {"lane": "in:a", "account": "a", "received_at": NOW, "method": "POST", "url": "u"}
    more = {"headers": b"{}", "body": b"", "state": state, "next_attempt_at": next_attempt_at}
    with writing(engine) as db:
        db.execute(insert(INBOX).values(**values, **more))


def due(engine: Engine) -> tuple[str, ...]:
    with reading(engine) as db:
        return lanes.due(db, ["in:a", "in:b", "mirror:a"])


def test_a_lease_is_one_holders_until_it_is_given_back(engine: Engine) -> None:
    assert acquire(engine, "one")
    assert not acquire(engine, "two")
    with writing(engine) as db:
        lanes.release(db, "in:a", "two")
    assert not acquire(engine, "two")
    with writing(engine) as db:
        lanes.release(db, "in:a", "one")
    assert acquire(engine, "two")


def test_a_lease_runs_out_and_its_old_holder_is_told(engine: Engine) -> None:
    acquire(engine, "one", 0.05)
    time.sleep(0.1)
    with writing(engine) as db:
        lanes.keep(db, "in:a", "one", 0.05)
    time.sleep(0.1)
    assert acquire(engine, "two")
    with writing(engine) as db, pytest.raises(LeaseLost):
        lanes.keep(db, "in:a", "one", 15)


def test_a_held_lane_is_free_again_when_its_time_has_come(engine: Engine) -> None:
    inbox_row(engine, "pending", None)
    assert hold(engine, "429", NOW + timedelta(hours=1))
    assert not acquire(engine, "one")
    assert due(engine) == ()
    hold(engine, "429", NOW - timedelta(hours=1))
    assert due(engine) == ("in:a",)
    assert acquire(engine, "one")


def test_a_pause_lasts_until_it_is_lifted_and_a_cause_is_told_once(engine: Engine) -> None:
    assert hold(engine, "401", None)
    assert not hold(engine, "401", None)
    assert not acquire(engine, "one")
    with writing(engine) as db:
        lanes.resume(db, "in:a")
    assert acquire(engine, "one")
    assert hold(engine, "401", None)


def test_a_success_forgets_the_cause(engine: Engine) -> None:
    hold(engine, "429", NOW)
    with writing(engine) as db:
        lanes.note_success(db, "in:a", NOW)
    assert hold(engine, "429", NOW)


@pytest.mark.parametrize(
    ("state", "waits", "expected"),
    [
        ("pending", None, ("in:a",)),
        ("pending", timedelta(hours=1), ()),
        ("pending", timedelta(hours=-1), ("in:a",)),
        ("held", timedelta(hours=1), ()),
        ("held", timedelta(hours=-1), ("in:a",)),
        ("leased", None, ("in:a",)),
        ("done", None, ()),
        ("dead", None, ()),
        ("dropped", None, ()),
    ],
)
def test_an_inbox_lane_is_due_when_a_row_is(
    engine: Engine, state: str, waits: timedelta | None, expected: tuple[str, ...]
) -> None:
    inbox_row(engine, state, None if waits is None else NOW + waits)
    assert due(engine) == expected


def test_a_lane_in_somebodys_hands_is_not_due(engine: Engine) -> None:
    inbox_row(engine, "pending", None)
    acquire(engine, "one")
    assert due(engine) == ()


def test_a_mirror_lane_is_due_when_something_is_to_be_read(engine: Engine) -> None:
    wish = {"lane": "mirror:a", "kind": "contact", "key": "1", "requested_at": NOW}
    with writing(engine) as db:
        db.execute(insert(REFRESHES).values(**wish))
    assert due(engine) == ("mirror:a",)
