"""Redis is a bell: without it webhooks are taken as quickly, and all is delivered (R4)."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pytest

from bridge.queue.standing import queue_state
from tests.chaos.plan import Aim
from tests.long_waits import ANSWER_SECONDS
from tests.resilience.scene import (
    PATIENCE_SECONDS,
    Answer,
    Scene,
    await_that,
    end,
    get,
    hung,
    scene,
)

pytestmark = pytest.mark.redis

FOR_EVER = 1e9
DURING, AFTER = slice(0, 4), slice(4, 6)  # of the chats: who writes when


@contextmanager
def at_work(database_url: str, folder: Path) -> Iterator[Scene]:
    with scene(database_url, folder, bridge=("tests.long_waits",)) as made:
        await_workers(made)
        yield made


def await_workers(place: Scene) -> None:
    url = place.process("redis").environ["BRIDGE_REDIS_URL"]
    await_that(lambda: queue_state(url).workers == 2, "workers stay away from Redis")


def assert_nobody_waited_for_redis(answers: list[Answer]) -> None:
    """Whoever waits for a hung server waits as long as its client does, so most would be that
    slow."""
    assert all(answer.status == 200 for answer in answers)
    assert median(answer.seconds for answer in answers) < ANSWER_SECONDS


def assert_hints_work(place: Scene) -> None:
    """Without a clock nothing but rings brings a webhook to the workers."""
    await_workers(place)
    assert end(place.process("clock"), PATIENCE_SECONDS) == 0
    before = place.entries()

    def rang() -> bool:
        place.write(place.chats[AFTER], 1)
        return place.entries() > before

    await_that(rang, "no ring came through", 0.5)
    place.process("clock").start()
    place.rest()
    place.check()


def test_a_hung_redis_holds_nothing_up_and_hints_resume(sqlite_url: str, tmp_path: Path) -> None:
    with at_work(sqlite_url, tmp_path) as place:
        with hung(place.process("redis")):
            assert_nobody_waited_for_redis(place.write(place.chats[DURING], 10))
            began = time.monotonic()
            status, told = get(place.home.port, "/readyz")
            assert (status, json.loads(told)["queue"]) == (200, "redis down")
            assert time.monotonic() - began >= ANSWER_SECONDS  # so long would the others wait
            place.rest()
            assert place.entries() == 40
        assert_hints_work(place)


def test_a_redis_that_is_gone_holds_nothing_up_and_an_empty_one_is_used_again(
    postgres_url: str, tmp_path: Path
) -> None:
    with at_work(postgres_url, tmp_path) as place:
        place.write(place.chats[DURING], 1)
        place.process("redis").strike(Aim.ALL, FOR_EVER)
        assert_nobody_waited_for_redis(place.write(place.chats[DURING], 9))
        place.rest()
        assert place.entries() == 40
        place.process("redis").start()
        assert_hints_work(place)
