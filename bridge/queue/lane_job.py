"""The only job there is: drain one lane. What else stands in Redis is refused, not run."""

import re
from typing import Any

from redis import Redis
from rq import Queue
from rq.job import Job
from rq.utils import import_attribute

from bridge.domain.errors import BridgeError

QUEUE = "bridge"
DRAIN = "bridge.jobs.drain_lane"
LANE = re.compile(r"\A(?:in|out|mirror):[A-Za-z0-9][A-Za-z0-9_.-]{0,79}\Z")
TIMEOUT_SECONDS = 300


class JobForged(BridgeError):
    """A job that this program never wrote; nothing of it is run."""


class LaneJob(Job):
    """Whoever can write to Redis can write a job; so its function and arguments are checked, and
    callbacks and webhooks, which RQ would carry out by name, are never looked at."""

    def restore(self, raw_data: Any) -> Any:
        super().restore(raw_data)
        self.webhooks = []
        for callback in ("_success_callback_name", "_failure_callback_name"):
            setattr(self, callback, None)
        self._stopped_callback_name = None
        self.retries_left = self.repeats_left = None
        self.result_ttl = self.failure_ttl = 0

    @property
    def func(self) -> Any:
        if self.func_name != DRAIN or self.instance is not None or self.kwargs:
            raise JobForged("a job in Redis names another function than this program's own")
        lane_of(self.args)
        lane_of(self.args)
        return import_attribute(DRAIN)


def lane_of(args: Any) -> str:
    """The lane that a job's arguments name; raises JobForged when they are anything else."""
    if len(args) == 1 and isinstance(args[0], str) and LANE.match(args[0]):
        return args[0]
    raise JobForged("a job in Redis has other arguments than one lane")


def lane_queue(client: Redis) -> Queue:
    return Queue(QUEUE, connection=client, serializer="json", job_class=LaneJob)


def enqueue(client: Redis, lane: str) -> None:
    """Leaves a job that drains the lane; it leaves no trace of itself when done."""
    lane_queue(client).enqueue_call(
        DRAIN,
        args=(lane_of((lane,)),),
        timeout=TIMEOUT_SECONDS,
        result_ttl=0,
        failure_ttl=0,
        description="drain",
    )
