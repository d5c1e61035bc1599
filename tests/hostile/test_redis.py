"""Whoever took over Redis can stop the bell, and nothing else: no code runs, no worker dies, what
is to be done is done (S19). With a real worker process."""

import json
import pickle
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq.utils import now, utcformat

from bridge.queue.bell import BELL
from bridge.queue.lane_job import QUEUE, lane_queue
from bridge.queue.standing import queue_state
from bridge.settings import Settings
from bridge.wiring import prepare
from tests.cli.running import House, eventually, make_house

SECONDS = 300.0
pytestmark = pytest.mark.redis


class Opened:
    """Writes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (self.path, "w"))


@pytest.fixture
def house(tmp_path: Path, redis_url: str) -> House:
    made = make_house(tmp_path / "house", BRIDGE_REDIS_URL=redis_url)
    prepare(Settings.of(made.environ()), made.environ())
    return made


def forged(target: Path) -> Iterator[tuple[bytes, Mapping[str, Any]]]:
    """A job's `data`, and further fields of its hash."""
    touch = f"touch {target}"
    lane: list[Any] = ["bridge.jobs.drain_lane", None, ["in:wazzup-main"], {}]
    yield _json(["os.system", None, [touch], {}]), {}
    yield _json(["subprocess.check_output", None, [["touch", str(target)]], {}]), {}
    yield _json(["bridge.jobs.os.system", None, [touch], {}]), {}
    yield _json(["builtins.exec", None, [f"open({str(target)!r}, 'w')"], {}]), {}
    yield _json(["system", "os", [touch], {}]), {}
    yield pickle.dumps(("os.system", None, (touch,), {})), {}
    yield pickle.dumps(Opened(str(target))), {}
    yield zlib.compress(pickle.dumps(Opened(str(target)))), {}
    yield b"\x80\x05\xff no pickle, no JSON", {}
    yield b"", {}
    for name in ("success_callback_name", "failure_callback_name", "stopped_callback_name"):
        yield _json(lane), {name: "os.system"}
    yield _json(lane), {"webhooks": json.dumps([{"url": "http://127.0.0.1:1/"}])}
    yield _json(lane), {"timeout": "-1", "retries_left": "9", "repeats_left": "9", "meta": b"\xff"}
    yield _json(["bridge.jobs.drain_lane", None, ["in:x'; DROP TABLE inbox; --"], {}]), {}
    yield _json(["bridge.jobs.drain_lane", None, ["../../etc/passwd"], {}]), {}
    yield _json(["os.system", None, [touch], {}]), {"created_at": "no time"}
    yield _json(["os.system", None, [touch], {}]), {"status": "no status", "timeout": "no number"}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def put(client: Redis, number: int, data: bytes, more: Mapping[str, Any]) -> None:
    """As RQ itself leaves a job, whatever is in it."""
    moment = utcformat(now())
    fields: dict[Any, Any] = {
        **{"created_at": moment, "enqueued_at": moment, "origin": QUEUE, "status": "queued"},
        **{"data": zlib.compress(data) if number % 2 else data, "description": "", "timeout": "60"},
        **more,
    }
    client.hset(f"rq:job:forged{number}", mapping=fields)
    client.rpush(f"rq:queue:{QUEUE}", f"forged{number}")


def test_s19_what_somebody_left_in_redis_is_not_run_and_stops_nobody(
    house: House, redis_url: str, tmp_path: Path
) -> None:
    target = tmp_path / "owned"
    client = Redis.from_url(redis_url)
    with client, house.started("worker") as worker:
        assert eventually(lambda: queue_state(redis_url).workers == 1, SECONDS), house.log("worker")
        for number, (data, more) in enumerate(forged(target)):
            put(client, number, data, more)
        client.rpush(f"rq:queue:{QUEUE}", "no-such-job", "\xff", "a:b")
        client.rpush(BELL, b"\xff\xfe", "in:a; flushall", "", "x" * 100_000)
        assert eventually(lambda: lane_queue(client).count == 0, SECONDS), house.log("worker")
        with house.web():
            assert house.post("after-all-of-it") == 200
            assert eventually(lambda: house.states() == ["done"], SECONDS), house.log("worker")
        assert worker.poll() is None
    assert not target.exists()
    assert "Traceback (most recent call last)" not in house.log("web")
    lines = [line for line in house.log("worker").splitlines() if line]
    assert all(json.loads(line)["process"] == "worker" for line in lines)
