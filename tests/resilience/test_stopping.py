"""SIGTERM at a bad moment: each ends within ten seconds with 0, nothing lost or doubled (R12)."""

import json
import re
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.cli.calls import call
from bridge.settings import Settings
from bridge.wiring import prepare
from tests.chaos.plan import CALL_SECONDS, Aim
from tests.chaos.processes import Program
from tests.chaos.verdict import look
from tests.cli.running import ENDS_SECONDS, MESSAGE, House, make_house
from tests.resilience.scene import Scene, await_that, end, end_all, scene

LONGEST_CALL_SECONDS = 10.0  # that may be set
HANG_SECONDS = 40.0
PAUSE_SECONDS = 0.3
ENTRIES = "^POST /crm/.*/communications/batch/create"
BEHIND = ("worker 1", "worker 2", "clock")
FOR_EVER = 1e9


def slow(place: Scene, seconds: float) -> None:
    """Each call to the CRM takes so long."""
    call("POST", f"{place.home.crm_url}/_sandbox/faults", {"rules": [], "latency_seconds": seconds})


def strike_next_entries(place: Scene, fault: str, seconds: float) -> None:
    rule = {"match": ENTRIES, "fault": fault, "seconds": seconds, "times": 1}
    call("POST", f"{place.home.crm_url}/_sandbox/faults", {"rules": [rule]})


def await_call_in_the_air(place: Scene, fault: str) -> None:
    def counts() -> Any:
        return json.loads(call("GET", f"{place.home.crm_url}/_sandbox/faults"))["counts"]

    await_that(lambda: counts().get(fault) == 1, "the call was never made")


def let_calls_hang(place: Scene) -> None:
    """The CRM has all the time in the world."""
    config = Path(place.home.environ["BRIDGE_CONFIG"]) / "bridge.yaml"
    text = config.read_text()
    assert f"'{CALL_SECONDS}'" in text
    config.write_text(text.replace(f"'{CALL_SECONDS}'", f"'{LONGEST_CALL_SECONDS}'"))
    log = place.process("clock").log
    await_that(lambda: "config taken" in log.read_text(), "the folder is not followed")


def leave_a_call_hanging(place: Scene) -> None:
    strike_next_entries(place, "timeout_after", HANG_SECONDS)
    place.insist(place.chats[0])
    await_call_in_the_air(place, "timeout_after")


def assert_left_in_the_air(place: Scene) -> None:
    """It ended before the call did, of which it would have noted what became."""
    assert look(place.engine).open_rows.get("outbox leased")


@pytest.mark.redis
def test_each_process_ends_under_load(postgres_url: str, tmp_path: Path) -> None:
    with scene(postgres_url, tmp_path) as place:
        slow(place, 0.5)
        with clients_writing(place):
            for name in ("worker 1", "web", "worker 2", "clock"):
                await_progress(place)
                assert end(place.process(name), ENDS_SECONDS) == 0
                place.process(name).start()
            await_progress(place)
        place.rest()
        place.check()
        assert place.ledger.answers.keys() <= {0, 200}  # 0: while nobody listened


@contextmanager
def clients_writing(place: Scene) -> Iterator[None]:
    """All clients write for as long as it lasts."""
    over = threading.Event()

    def write() -> None:
        while not over.wait(PAUSE_SECONDS):
            place.write(place.chats, 1)

    with ThreadPoolExecutor(1) as beside:
        written = beside.submit(write)
        try:
            yield
        finally:
            over.set()
        written.result()


def await_progress(place: Scene) -> None:
    before = place.entries()
    await_that(lambda: place.entries() > before, "nothing is delivered")


@pytest.mark.redis
def test_a_call_in_the_air_is_waited_for_and_a_hung_one_left_to_be_looked_up(
    sqlite_url: str, tmp_path: Path
) -> None:
    with scene(sqlite_url, tmp_path) as place:
        place.write(place.chats, 1)
        place.rest()
        assert end(place.process("worker 2"), ENDS_SECONDS) == 0
        strike_next_entries(place, "delay", 1.0)
        place.insist(place.chats[0])
        await_call_in_the_air(place, "delay")
        assert end(place.process("worker 1"), ENDS_SECONDS) == 0
        assert look(place.engine).open_rows == {}

        let_calls_hang(place)
        place.process("worker 1").start()
        leave_a_call_hanging(place)
        assert end(place.process("worker 1"), ENDS_SECONDS) == 0
        assert_left_in_the_air(place)
        place.process("worker 2").start()
        place.rest()
        place.check()


@pytest.mark.redis
def test_a_clock_that_drains_ends_though_the_vendor_hangs(sqlite_url: str, tmp_path: Path) -> None:
    with scene(sqlite_url, tmp_path) as place:
        place.write(place.chats, 1)
        place.rest()
        let_calls_hang(place)
        place.process("redis").strike(Aim.ALL, FOR_EVER)
        end_all([place.process(name) for name in ("worker 1", "worker 2")], ENDS_SECONDS)
        leave_a_call_hanging(place)
        assert end(place.process("clock"), ENDS_SECONDS) == 0
        assert_left_in_the_air(place)
        place.process("clock").start()
        place.rest()
        place.check()


@pytest.mark.redis
def test_all_of_up_ends_together_under_load_though_the_vendor_hangs(
    sqlite_url: str, tmp_path: Path
) -> None:
    with scene(sqlite_url, tmp_path) as place, ThreadPoolExecutor(1) as beside:
        place.write(place.chats, 1)
        place.rest()
        let_calls_hang(place)
        away = ("web", *BEHIND, "redis")
        end_all([place.process(name) for name in away], ENDS_SECONDS)
        environ = {**place.home.environ, "BRIDGE_REDIS_URL": ""}
        command = [sys.executable, "-m", "bridge.cli", "up", "--port", str(place.home.port)]
        place.home.fleet.start("up", Program(command=command, environ=environ))
        strike_next_entries(place, "timeout_after", HANG_SECONDS)
        writing = beside.submit(place.write, place.chats, 10)
        await_call_in_the_air(place, "timeout_after")
        assert end(place.process("up"), ENDS_SECONDS) == 0
        place.process("up").start()
        writing.result()
        place.rest()
        place.check()


@pytest.fixture
def alone(tmp_path: Path) -> House:
    """A web process and nothing else."""
    house = make_house(tmp_path)
    house.program = "tests.long_waits"
    prepare(Settings.of(house.environ()), house.environ())
    return house


@contextmanager
def locked(house: House) -> Iterator[sqlite3.Connection]:
    path = house.state / "bridge.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def await_waiting(house: House, count: int) -> None:
    """Until the server has them in hand, and none is still on its way."""

    webhook = len(json.dumps({"messages": [{**MESSAGE, "messageId": "m0"}]}))

    def bytes_waiting() -> float:
        told = house.get("/metrics")[1].decode()
        return float(re.findall(r"^bridge_webhooks_waiting_bytes (\S+)$", told, re.M)[0])

    await_that(lambda: bytes_waiting() == count * webhook, "too few wait")


@pytest.mark.parametrize(("lock_ends", "status"), [(True, 200), (False, 503)])
def test_web_answers_those_that_wait_for_the_store(
    alone: House, lock_ends: bool, status: int
) -> None:
    with alone.web() as process, ThreadPoolExecutor(8) as senders, locked(alone) as other:
        waiting = [senders.submit(alone.post, f"m{number}") for number in range(8)]
        await_waiting(alone, 8)
        process.terminate()
        time.sleep(0.5)
        if lock_ends:
            other.rollback()
        assert [one.result() for one in waiting] == [status] * 8
        assert process.wait(ENDS_SECONDS) == 0
    assert len(alone.states()) == (8 if lock_ends else 0)
