"""Rings for lanes on Redis: a turn hears it, or else a job is left for a worker that has none.

A lane that is drained just now is looked at once more by who drains it; any other is taken by a
turn that lingers, or, where every worker has a turn, by the first that has finished a drain. To
fork a process for a ring costs more than most drains.

In Redis stand nothing but lanes' names and jobs' ids. A ring may be lost: the sweep rings again.
"""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from redis import Redis

from bridge.queue import clients
from bridge.queue.lane_job import QUEUE, enqueue

WAITERS = "bridge:waiters"
TURNS = "bridge:turns"
DRAINING = "bridge:draining"
AGAIN = "bridge:again"
BELL = "bridge:bell"
QUEUED = "bridge:queued:"
WORKERS = "rq:workers"
JOBS = f"rq:queue:{QUEUE}"
QUEUED_SECONDS = 5
ALIVE_SECONDS = 3  # a turn that died is believed in for so long; the sweep rings every second
MAX_LANES = 1000
_AFTER_FAILURE_SECONDS = 0.5

# Says (answer 1) that a job is wanted, at most once in some seconds for each lane, when there is
# no turn that will hear of this lane.
_RING = """
local waiters, turns, draining, again, bell, workers, queued = unpack(KEYS)
local now, lane, queued_seconds = ARGV[1], ARGV[2], ARGV[3]
local drained_until = redis.call('ZSCORE', draining, lane)
if drained_until and tonumber(drained_until) > tonumber(now) then
  redis.call('SADD', again, lane)
  return 0
end
redis.call('ZREMRANGEBYSCORE', waiters, '-inf', now)
redis.call('ZREMRANGEBYSCORE', turns, '-inf', now)
local waiting, alive = redis.call('ZCARD', waiters), redis.call('ZCARD', turns)
if waiting + alive == 0 then
  redis.call('DEL', bell)
else
  for _, rung in ipairs(redis.call('LRANGE', bell, 0, -1)) do
    if rung == lane then return 0 end
  end
end
local busy = alive > 0 and alive >= redis.call('SCARD', workers)
if waiting > redis.call('LLEN', bell) or busy then
  redis.call('RPUSH', bell, lane)
  return 0
end
if redis.call('SET', queued, '1', 'NX', 'EX', queued_seconds) then return 1 end
return 0
"""
# After a drain: the lane itself if it was rung meanwhile, a ring that nobody waited for, and how
# many jobs wait for a worker.
_DRAINED = """
local draining, again, bell, waiters, jobs = unpack(KEYS)
redis.call('ZREM', draining, ARGV[1])
local rung_again, rung = redis.call('SREM', again, ARGV[1]), false
if redis.call('LLEN', bell) > redis.call('ZCARD', waiters) then
  rung = redis.call('LPOP', bell)
end
return {rung_again, redis.call('LLEN', jobs), rung}
"""
# Leaves the waiters, and takes along a ring that nobody is left to hear.
_LEAVE = """
redis.call('ZREM', KEYS[1], ARGV[1])
if redis.call('LLEN', KEYS[2]) > redis.call('ZCARD', KEYS[1]) then
  return redis.call('LPOP', KEYS[2])
end
return false
"""
# The turn is over: the rings that no waiter will hear are for other turns or new ones.
_END = """
local turns, waiters, bell = unpack(KEYS)
redis.call('ZREM', turns, ARGV[1])
local left = {}
while redis.call('LLEN', bell) > redis.call('ZCARD', waiters) do
  left[#left + 1] = redis.call('LPOP', bell)
end
return left
"""


def ring_now(client: Redis, lane: str) -> None:
    """Raises redis.RedisError or OSError when the server does not answer."""
    keys = [WAITERS, TURNS, DRAINING, AGAIN, BELL, WORKERS, QUEUED + lane]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """After a drain: lanes that were rung for meanwhile, and whether jobs wait for a worker."""

    lanes: tuple[str, ...] = ()
    jobs_wait: bool = False


class Listener:
    """A turn's side of the bell."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._name = uuid.uuid4().hex

    def begin(self, lane: str) -> None:
        """Says that the job for this lane has begun, before anything is read: a row that comes
        now gets a job of its own."""
        self._client.delete(QUEUED + lane)

    def draining(self, lane: str) -> None:
        """Says, for the next `ALIVE_SECONDS`, that rings for this lane are heard here."""
        until = time.time() + ALIVE_SECONDS
        with self._client.pipeline(transaction=False) as told:
            told.zadd(TURNS, {self._name: until})
            told.zadd(DRAINING, {lane: until})
            told.execute()

    def drained(self, lane: str) -> Heard:
        keys = [DRAINING, AGAIN, BELL, WAITERS, JOBS]
        again, jobs, rung = self._client.eval(_DRAINED, len(keys), *keys, lane)
        lanes = ([lane] if again else []) + ([_text(rung)] if rung else [])
        return Heard(lanes=tuple(lanes), jobs_wait=jobs > 0)

    def others_wait(self) -> bool:
        """Whether another lane than those that are drained just now waits for a turn."""
        with self._client.pipeline(transaction=False) as asked:
            asked.llen(JOBS)
            asked.llen(BELL)
            return any(asked.execute())

    def wait(self, seconds: float) -> Heard:
        """What was rung within this time."""
        until = time.time() + seconds + 1
        with self._client.pipeline(transaction=False) as told:
            told.zadd(TURNS, {self._name: until})
            told.zadd(WAITERS, {self._name: until})
            told.execute()
        found = self._client.blpop([BELL], timeout=seconds)
        if found is not None:
            self._client.zrem(WAITERS, self._name)
            return Heard(lanes=(_text(found[1]),))
        late = self._client.eval(_LEAVE, 2, WAITERS, BELL, self._name)
        lanes = (_text(late),) if late else ()
        return Heard(lanes=lanes, jobs_wait=int(self._client.llen(JOBS)) > 0)

    def end(self) -> tuple[str, ...]:
        """The turn is over; gives the rings that are left."""
        keys = [TURNS, WAITERS, BELL]
        return tuple(_text(rung) for rung in self._client.eval(_END, len(keys), *keys, self._name))


def _text(value: bytes | str) -> str:
    # Whoever can write to Redis can ring with anything; what is no lane is not drained.
    return value.decode(errors="replace") if isinstance(value, bytes) else value
