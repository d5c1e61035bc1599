"""Alive, ready and numbers; nothing waits invisibly (R11)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update

from bridge.queue.standing import QueueState, queue_state
from bridge.store import configs
from bridge.store.beats import beat
from bridge.store.engine import open_engine, writing
from bridge.store.schema import INBOX, LANES
from tests.web.doors import NOW, Door, door


@pytest.fixture
def walk(engine: Engine) -> Iterator[Door]:
    with writing(engine) as db:
        configs.put_config(db, "h1", "{}", NOW)
        configs.activate(db, "h1", NOW)
    with door(engine) as opened:
        yield opened


def ready(walk: Door) -> tuple[int, Any]:
    answer = walk.client.get("/readyz")
    return answer.status_code, answer.get_json()


def test_alive_without_any_store() -> None:
    engine = open_engine("postgresql://postgres@127.0.0.1:1/nowhere")
    with door(engine) as opened:
        assert opened.client.get("/healthz").status_code == 200
        status, told = ready(opened)
        assert (status, told["store"], told["ready"]) == (503, "down", False)
        assert opened.client.get("/metrics").status_code == 200


def test_ready(walk: Door) -> None:
    status, told = ready(walk)
    assert (status, told["ready"]) == (200, True)
    assert (told["store"], told["config"], told["queue"]) == ("ok", "ok", "polling")
    assert told["oldest_waiting_seconds"] is None


def test_not_ready_without_configuration(engine: Engine) -> None:
    with door(engine) as opened:
        status, told = ready(opened)
    assert (status, told["config"]) == (503, "missing: run `bridge migrate`")


def test_a_refused_folder_shows_and_the_last_good_one_serves_on(walk: Door) -> None:
    with writing(walk.engine) as db:
        configs.note_error(db, "config/roles.yaml:3:33: role: boss is not one of …")
    status, told = ready(walk)
    assert status == 200
    assert told["config"].startswith(
        "stale since 2026-03-04T05:06:07+00:00: config/roles.yaml:3:33"
    )


@pytest.mark.parametrize(("minutes", "status"), [(4, 200), (6, 503)])
def test_not_ready_when_a_row_waits_for_too_long(walk: Door, minutes: int, status: int) -> None:
    walk.post()
    with writing(walk.engine) as db:
        db.execute(update(INBOX).values(received_at=NOW - timedelta(minutes=minutes)))
    got, told = ready(walk)
    assert (got, told["oldest_waiting_seconds"]) == (status, minutes * 60)


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "held"},
        {"state": "dead"},
        {"state": "done"},
        {"state": "pending", "next_attempt_at": NOW + timedelta(seconds=1)},
    ],
)
def test_a_row_that_waits_for_something_else_does_not_count(
    walk: Door, changed: dict[str, Any]
) -> None:
    walk.post()
    with writing(walk.engine) as db:
        db.execute(update(INBOX).values(received_at=NOW - timedelta(hours=1), **changed))
    assert ready(walk)[0] == 200


@pytest.mark.parametrize(
    ("lane", "status"),
    [
        ({"held_until": NOW + timedelta(minutes=1), "held_cause": "no connection"}, 200),
        ({"paused": True, "held_cause": "401"}, 200),
        ({"lease_until": NOW + timedelta(seconds=5), "held_cause": "no connection"}, 200),
        ({"lease_until": NOW + timedelta(seconds=5), "held_cause": ""}, 503),
        ({"held_until": NOW - timedelta(minutes=2), "held_cause": "no connection"}, 503),
        ({"held_cause": "no connection"}, 503),
    ],
)
def test_what_waits_for_a_vendor_does_not_close_the_door(
    walk: Door, lane: dict[str, Any], status: int
) -> None:
    """R11: but a lane that nobody tries again shows."""
    walk.post()
    with writing(walk.engine) as db:
        db.execute(update(INBOX).values(received_at=NOW - timedelta(hours=1)))
        values = {"name": "in:acc", "fence": 1, "paused": False, **lane}
        db.execute(insert(LANES).values(**values))
    assert ready(walk)[0] == status


def test_redis_down_is_told_and_does_not_stop_the_receiver(engine: Engine, walk: Door) -> None:
    with door(engine, queue=QueueState(kind="redis", works=False)) as opened:
        status, told = ready(opened)
    assert (status, told["queue"]) == (200, "redis down")


def test_processes_that_are_alive_are_named(walk: Door) -> None:
    with writing(walk.engine) as db:
        beat(db, "host:1", "clock", NOW - timedelta(seconds=5))
        beat(db, "host:1", "clock", NOW)
        beat(db, "host:2", "worker", NOW - timedelta(minutes=1))
    assert ready(walk)[1]["processes"] == ["clock host:1"]


def metrics(walk: Door) -> dict[str, float]:
    lines = walk.client.get("/metrics").get_data(as_text=True).splitlines()
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in lines
        if not line.startswith("#")
    }


def test_webhooks_are_counted_by_account_and_outcome(walk: Door) -> None:
    walk.post()
    walk.post(headers={"x-key": "wrong"})
    walk.post("/hooks/s3cret-nobody")
    found = metrics(walk)
    counted = "bridge_webhooks_received_total"
    assert found[f'{counted}{{account="acc",outcome="stored"}}'] == 1
    assert found[f'{counted}{{account="acc",outcome="signature"}}'] == 1
    assert found[f'{counted}{{account="",outcome="unknown_account"}}'] == 1
    assert not any("s3cret" in name for name in found)
    assert found["bridge_inbox_commit_rows_sum"] == 1


def test_lanes_are_shown_with_what_waits(walk: Door) -> None:
    walk.post()
    walk.post()
    with writing(walk.engine) as db:
        db.execute(update(INBOX).values(received_at=NOW - timedelta(seconds=90)))
        db.execute(update(INBOX).where(INBOX.c.id == 1).values(state="dead"))
        db.execute(
            insert(LANES).values(
                name="in:acc",
                lease_token="gone",
                lease_until=NOW - timedelta(seconds=1),
                last_success_at=NOW,
                held_until=NOW + timedelta(seconds=1),
                held_cause="429",
            )
        )
    found = metrics(walk)
    assert found['bridge_rows{lane="in:acc",state="pending"}'] == 1
    assert found['bridge_rows{lane="in:acc",state="dead"}'] == 1
    assert found['bridge_oldest_due_seconds{lane="in:acc"}'] == 90
    assert found['bridge_lease_expired{lane="in:acc"}'] == 1
    assert found['bridge_lane_held{lane="in:acc"}'] == 1
    assert found['bridge_last_success_timestamp_seconds{lane="in:acc"}'] == NOW.timestamp()


def test_ring_failures_are_counted(walk: Door) -> None:
    walk.web.metrics.ring_failed()
    assert metrics(walk)["bridge_ring_failures_total"] == 1


def test_the_queue_tells_its_workers(redis_url: str) -> None:
    assert queue_state(redis_url) == QueueState(kind="redis", works=True, workers=0)


def test_a_queue_that_is_gone_is_told_at_once(tmp_path: Any) -> None:
    assert queue_state(f"unix://{tmp_path}/none") == QueueState(kind="redis", works=False)
    assert queue_state(None).works
