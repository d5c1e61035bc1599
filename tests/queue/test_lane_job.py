"""Whoever can write to Redis can write a job; only ours are run (S19)."""

import json
import pickle
from collections.abc import Mapping
from typing import Any

import pytest
from redis import Redis
from rq import Queue
from rq.exceptions import DeserializationError
from rq.job import Job
from rq.registry import FailedJobRegistry

from bridge.queue.lane_job import QUEUE, JobForged, LaneJob, enqueue, lane_of, lane_queue
from bridge.queue.worker import lane_worker

OURS: list[Any] = ["bridge.jobs.drain_lane", None, ["in:wazzup-main"], {}]


@pytest.fixture
def client(redis_url: str) -> Redis:
    return Redis.from_url(redis_url)


def forged(data: bytes, more: Mapping[bytes, bytes] | None = None) -> LaneJob:
    job = LaneJob(id="forged", connection=Redis(), serializer="json")
    job.restore({b"data": data, b"status": b"queued", **(more or {})})
    return job


@pytest.mark.parametrize(
    "lane", ["in:wazzup-main", "out:hubspot-main", "mirror:crm_2", "in:a.b-c_d"]
)
def test_a_lane_is_a_lane(lane: str) -> None:
    assert lane_of([lane]) == lane


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["in:a", "in:b"],
        ["a"],
        ["in:"],
        ["up:a"],
        ["in:-a"],
        ["in:a b"],
        ["in:a\n"],
        ["in:" + "a" * 81],
        [7],
        [None],
        [["in:a"]],
        "x",
        {},
    ],
)
def test_anything_else_is_no_lane(args: Any) -> None:
    with pytest.raises(JobForged):
        lane_of(args)


def test_our_job_has_our_function() -> None:
    assert forged(json.dumps(OURS).encode()).func.__name__ == "drain_lane"


@pytest.mark.parametrize(
    "data",
    [
        ["os.system", None, ["true"], {}],
        ["bridge.jobs.os.system", None, ["true"], {}],
        ["bridge.jobs.drain_lane", "instance", ["in:a"], {}],
        ["bridge.jobs.drain_lane", None, ["in:a"], {"x": 1}],
        ["bridge.jobs.drain_lane", None, ["in:a", "more"], {}],
        ["bridge.jobs.drain_lane", None, ["; rm"], {}],
    ],
)
def test_another_function_or_other_arguments_are_refused(data: list[Any]) -> None:
    with pytest.raises(JobForged):
        forged(json.dumps(data).encode()).perform()


def test_a_pickle_is_not_opened(tmp_path: Any) -> None:
    job = forged(pickle.dumps(Trap(str(tmp_path / "opened"))))
    with pytest.raises(DeserializationError):
        job.perform()
    assert not (tmp_path / "opened").exists()


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (self.path, "w"))


def test_callbacks_webhooks_and_repeats_are_never_looked_at() -> None:
    more = {
        b"success_callback_name": b"os.system",
        b"failure_callback_name": b"os.system",
        b"stopped_callback_name": b"os.system",
        b"webhooks": b'[{"url": "http://127.0.0.1:1/", "job_status": "finished"}]',
        b"retries_left": b"5",
        b"repeats_left": b"5",
        b"result_ttl": b"500",
    }
    job = forged(json.dumps(OURS).encode(), more)
    assert (job.success_callback, job.failure_callback, job.stopped_callback) == (None, None, None)
    assert job.webhooks == []
    assert (job.retries_left, job.repeats_left) == (None, None)
    assert (job.result_ttl, job.failure_ttl) == (0, 0)


def test_a_job_holds_a_lane_and_nothing_else(client: Redis) -> None:
    enqueue(client, "in:wazzup-main")
    (job,) = lane_queue(client).get_jobs()
    assert (job.func_name, list(job.args), job.kwargs) == (OURS[0], OURS[2], {})
    assert (job.result_ttl, job.failure_ttl, job.retries_left) == (0, 0, None)


def test_what_is_no_lane_is_not_enqueued(client: Redis) -> None:
    with pytest.raises(JobForged):
        enqueue(client, "in:a; flushall")
    assert client.keys("*") == []


def test_a_worker_refuses_forged_jobs_and_goes_on(
    client: Redis, redis_url: str, tmp_path: Any
) -> None:
    """With a real worker, which forks; what is refused leaves nothing behind."""
    target = tmp_path / "owned"
    for serializer in ("json", "pickle"):
        Queue(QUEUE, connection=client, serializer=serializer, job_class=Job).enqueue_call(
            "os.system", args=(f"touch {target}",), result_ttl=500, on_failure=None
        )
    enqueue(client, "in:nobody")
    worker = lane_worker(redis_url)
    worker.work(burst=True, logging_level="CRITICAL")
    assert not target.exists()
    assert lane_queue(client).count == 0
    assert FailedJobRegistry(queue=lane_queue(client)).count == 0
