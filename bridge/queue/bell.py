"""Rings for lanes on Redis: a turn that lingers is woken, or else a job is left for a worker.

In Redis stand nothing but lanes' names and jobs' ids. A ring may be lost: the sweep rings again.
"""

import threading
import time
import uuid
from collections.abc import Callable

from redis import Redis

from bridge.queue import clients
from bridge.queue.lane_job import QUEUE, enqueue

WAITERS = "bridge:waiters"
BELL = "bridge:bell"
QUEUED = "bridge:queued:"
QUEUED_SECONDS = 5
MAX_LANES = 1000
_AFTER_FAILURE_SECONDS = 0.5

# Wakes a waiting turn (answer 0) unless each has a ring already; else says, at most once in five
# seconds for each lane, that a job is wanted (answer 1).
_RING = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if redis.call('ZCARD', KEYS[1]) > redis.call('LLEN', KEYS[2]) then
  redis.call('RPUSH', KEYS[2], ARGV[2])
  return 0
end
if redis.call('SET', KEYS[3], '1', 'NX', 'EX', ARGV[3]) then return 1 end
return 0
"""
# Leaves the waiters, and takes along a ring that nobody is left to hear.
_LEAVE = """
redis.call('ZREM', KEYS[1], ARGV[1])
if redis.call('LLEN', KEYS[2]) > redis.call('ZCARD', KEYS[1]) then
  return redis.call('LPOP', KEYS[2])
end
return false
"""


def ring_now(client: Redis, lane: str) -> None:
    """Raises redis.RedisError or OSError when the server does not answer."""
    keys = [WAITERS, BELL, QUEUED + lane]
    if client.eval(_RING, len(keys), *keys, time.time(), lane, QUEUED_SECONDS) == 1:
        enqueue(client, lane)


class SilentBell:
    """Without Redis: workers look into the tables by themselves."""

    def ring(self, lane: str) -> None:
        return


class RedisBell:
    """Rings from a thread of its own, so that no request waits for Redis.

    The thread starts at the first ring, so a bell may be made before a fork.
    """

    def __init__(self, url: str, *, observe_failure: Callable[[], None] = lambda: None) -> None:
        self._client = clients.quick(url)
        self._observe_failure = observe_failure
        self._lanes: dict[str, None] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def ring(self, lane: str) -> None:
        with self._changed:
            if len(self._lanes) < MAX_LANES:
                self._lanes[lane] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._ring_forever, name="bell", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _ring_forever(self) -> None:
        while True:
            for lane in self._take():
                if not self._rang(lane):
                    self._forget()
                    break

    def _take(self) -> tuple[str, ...]:
        with self._changed:
            while not self._lanes:
                self._changed.wait()
            lanes = tuple(self._lanes)
            self._lanes.clear()
            return lanes

    def _rang(self, lane: str) -> bool:
        try:
            ring_now(self._client, lane)
        except clients.ERRORS:
            self._observe_failure()
            return False
        return True

    def _forget(self) -> None:
        """A server that is down is left alone for a moment; the sweep will ring for these."""
        time.sleep(_AFTER_FAILURE_SECONDS)
        with self._changed:
            self._lanes.clear()


class Waiter:
    """A turn's side of the bell: it waits for rings between drains."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._name = uuid.uuid4().hex

    def begin(self, lane: str) -> None:
        """Says that the job for this lane has begun, before anything is read: a row that comes
        now gets a job of its own."""
        self._client.delete(QUEUED + lane)

    def others_wait(self) -> bool:
        """Whether jobs for other lanes wait for a worker."""
        return int(self._client.llen(f"rq:queue:{QUEUE}")) > 0

    def wait(self, seconds: float) -> str | None:
        """The lane that was rung within this time."""
        self._client.zadd(WAITERS, {self._name: time.time() + seconds + 1})
        rung = self._client.blpop([BELL], timeout=seconds)
        if rung is None:
            return _text(self._client.eval(_LEAVE, 2, WAITERS, BELL, self._name))
        self._client.zrem(WAITERS, self._name)
        return _text(rung[1])


def _text(value: bytes | str | None) -> str | None:
    # Whoever can write to Redis can ring with anything; what is no lane is not drained.
    return value.decode(errors="replace") if isinstance(value, bytes) else value
