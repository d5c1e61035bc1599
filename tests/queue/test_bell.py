"""Rings on a real Redis; and Redis stopped or hung keeps nobody waiting (R4)."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from bridge.queue import bell as bell_module
from bridge.queue.bell import (
    AGAIN,
    BELL,
    DRAINING,
    QUEUED,
    TURNS,
    WAITERS,
    WORKERS,
    Heard,
    Listener,
    RedisBell,
    SilentBell,
    ring_now,
)
from bridge.queue.lane_job import lane_queue
from tests.lanes import BY_NAME
from tests.services import Redis as Server
from tests.services import redis_running

LANE = "in:wazzup-main"


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as opened:
        yield opened


@pytest.fixture
def own_server() -> Iterator[Server]:
    """One that a test may stop."""
    program = BY_NAME["redis"].program()
    assert program is not None
    with redis_running(Path(program)) as server:
        yield server
        if alive(server.pid):
            os.kill(server.pid, signal.SIGCONT)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def lanes_queued(client: Redis) -> list[str]:
    return [job.args[0] for job in lane_queue(client).get_jobs()]


def rung(bell: RedisBell, client: Redis) -> list[str]:
    bell.ring(LANE)
    return lanes_queued(client)


def eventually(holds: Callable[[], object]) -> bool:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.01)
    return False


def test_without_a_waiter_a_ring_leaves_a_job(client: Redis) -> None:
    ring_now(client, LANE)
    assert lanes_queued(client) == [LANE]


def test_ringing_again_leaves_no_second_job(client: Redis) -> None:
    for _ in range(3):
        ring_now(client, LANE)
    ring_now(client, "out:hubspot-main")
    assert lanes_queued(client) == [LANE, "out:hubspot-main"]


def test_a_lost_job_is_left_again_after_a_moment(client: Redis) -> None:
    ring_now(client, LANE)
    assert 0 < client.ttl(QUEUED + LANE) <= 5


def test_once_a_job_has_begun_a_ring_leaves_another(client: Redis) -> None:
    ring_now(client, LANE)
    Listener(client).begin(LANE)
    ring_now(client, LANE)
    assert lanes_queued(client) == [LANE, LANE]


def test_a_waiting_turn_is_woken_and_no_job_left(client: Redis, redis_url: str) -> None:
    heard: list[Heard] = []
    turn = threading.Thread(
        target=lambda: heard.append(Listener(Redis.from_url(redis_url)).wait(60))
    )
    turn.start()
    assert eventually(lambda: client.zcard(WAITERS))
    ring_now(client, LANE)
    turn.join()
    assert heard == [Heard(lanes=(LANE,))]
    assert (lanes_queued(client), client.zcard(WAITERS), client.llen(BELL)) == ([], 0, 0)


def test_more_rings_than_waiters_become_jobs(client: Redis) -> None:
    client.zadd(WAITERS, {"one": time.time() + 60})
    ring_now(client, LANE)
    ring_now(client, "out:hubspot-main")
    assert client.lrange(BELL, 0, -1) == [LANE.encode()]
    assert lanes_queued(client) == ["out:hubspot-main"]


def test_a_waiter_that_died_is_forgotten(client: Redis) -> None:
    client.zadd(WAITERS, {"dead": time.time() - 1})
    ring_now(client, LANE)
    assert (client.zcard(WAITERS), lanes_queued(client)) == (0, [LANE])


def test_a_quiet_wait_ends_in_time_and_leaves_no_trace(
    client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    blpop = client.blpop

    def watched(keys: list[str], timeout: float) -> object:
        asked.append(timeout)
        return blpop(keys, timeout=timeout)

    monkeypatch.setattr(client, "blpop", watched)
    turn = Listener(client)
    assert turn.wait(0.2) == Heard()
    assert asked == [0.2]
    assert turn.end() == ()
    assert client.keys("*") == []


def test_the_last_waiter_takes_along_a_ring_that_came_too_late(client: Redis) -> None:
    waiter = Listener(client)
    client.rpush(BELL, LANE)
    assert waiter.wait(0.2) == Heard(lanes=(LANE,))
    client.zadd(WAITERS, {"another": time.time() + 60})
    client.rpush(BELL, LANE)
    assert waiter.wait(0.2) == Heard(lanes=(LANE,))


def test_others_wait_when_a_job_is_queued(client: Redis) -> None:
    waiter = Listener(client)
    assert not waiter.others_wait()
    ring_now(client, LANE)
    assert waiter.others_wait()


def test_a_ring_for_a_lane_that_is_drained_is_heard_after_the_drain(client: Redis) -> None:
    turn = Listener(client)
    turn.draining(LANE)
    for _ in range(3):
        ring_now(client, LANE)
    assert (lanes_queued(client), client.llen(BELL)) == ([], 0)
    assert turn.drained(LANE) == Heard(lanes=(LANE,))
    assert turn.drained(LANE) == Heard()


def test_where_every_worker_has_a_turn_the_first_that_is_free_hears(client: Redis) -> None:
    client.sadd(WORKERS, "one", "two")
    turn, other = Listener(client), Listener(client)
    turn.draining(LANE)
    ring_now(client, "out:a")
    assert lanes_queued(client) == ["out:a"]  # the other worker has nothing to do
    other.begin("out:a")
    other.draining("out:b")
    for _ in range(2):
        ring_now(client, "out:a")
    assert client.lrange(BELL, 0, -1) == [b"out:a"]
    assert turn.others_wait()
    heard = turn.drained(LANE)
    assert (heard.lanes, heard.jobs_wait) == (("out:a",), True)


def test_a_ring_that_a_waiter_will_hear_is_left_to_him(client: Redis) -> None:
    client.zadd(WAITERS, {"another": time.time() + 60})
    turn = Listener(client)
    turn.draining(LANE)
    ring_now(client, "out:a")
    assert turn.drained(LANE) == Heard()
    assert turn.end() == ()
    assert client.lrange(BELL, 0, -1) == [b"out:a"]


def test_the_last_turn_gives_the_rings_that_are_left(client: Redis) -> None:
    client.sadd(WORKERS, "one")
    turn = Listener(client)
    turn.draining(LANE)
    ring_now(client, "out:a")
    ring_now(client, "out:b")
    assert turn.end() == ("out:a", "out:b")
    assert client.zcard(TURNS) == 0


def test_a_turn_that_died_is_forgotten_and_what_it_should_have_heard(client: Redis) -> None:
    client.sadd(WORKERS, "one")
    client.zadd(TURNS, {"dead": time.time() - 1})
    client.zadd(DRAINING, {LANE: time.time() - 1})
    client.rpush(BELL, LANE)
    ring_now(client, LANE)
    assert (client.llen(BELL), client.scard(AGAIN)) == (0, 0)
    assert lanes_queued(client) == [LANE]


def test_the_bell_rings_in_the_background(client: Redis, redis_url: str) -> None:
    RedisBell(redis_url).ring(LANE)
    assert eventually(lambda: lanes_queued(client) == [LANE])


def test_in_redis_stand_only_names_of_lanes_and_jobs(client: Redis) -> None:
    """S17."""
    ring_now(client, LANE)
    keys = {str(key, "ascii").rsplit(":", 1)[0] for key in client.scan_iter()}
    assert keys <= {"rq:job", "rq:queue", "rq", "bridge:queued:in", "rq:queues"}


@pytest.mark.redis
def test_a_stopped_redis_keeps_nobody_waiting(
    own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody but the bell's own thread asks it."""
    callers: set[str] = set()
    ring = bell_module.ring_now

    def watched(asked: Redis, lane: str) -> None:
        callers.add(threading.current_thread().name)
        ring(asked, lane)

    monkeypatch.setattr(bell_module, "ring_now", watched)
    failures: list[int] = []
    bell = RedisBell(own_server.url, observe_failure=lambda: failures.append(1))
    os.kill(own_server.pid, signal.SIGSTOP)
    for _ in range(1000):
        bell.ring(LANE)
    assert eventually(lambda: failures)
    assert callers == {"bell"}


@pytest.mark.redis
def test_a_redis_that_is_back_is_rung_again(own_server: Server) -> None:
    failures: list[int] = []
    bell = RedisBell(own_server.url, observe_failure=lambda: failures.append(1))
    os.kill(own_server.pid, signal.SIGSTOP)
    bell.ring(LANE)
    assert eventually(lambda: failures)
    os.kill(own_server.pid, signal.SIGCONT)
    with Redis.from_url(own_server.url) as client:
        assert eventually(lambda: rung(bell, client))


def test_no_redis_at_all_keeps_nobody_waiting(tmp_path: Path) -> None:
    failures: list[int] = []
    bell = RedisBell(f"unix://{tmp_path}/none", observe_failure=lambda: failures.append(1))
    for number in range(5000):
        bell.ring(f"in:{number}")
    assert eventually(lambda: failures)
    assert SilentBell().ring(LANE) is None  # type: ignore[func-returns-value]
