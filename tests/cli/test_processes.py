"""Each process by itself: what it needs, what it does, how it ends."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis

from bridge.clock import FOLDER_SECONDS
from bridge.domain.names import AccountName
from bridge.queue.lane_job import lane_queue
from bridge.queue.standing import queue_state
from bridge.settings import Settings
from bridge.store.engine import open_engine, writing
from bridge.store.inbox import NewRow, append
from bridge.wiring import prepare, utc_now
from tests.cli.running import (
    CONFIG,
    ENDS_SECONDS,
    KEY,
    MESSAGE,
    House,
    eventually,
    make_house,
)
from tests.lanes import BY_NAME
from tests.long_waits import ANSWER_SECONDS
from tests.services import redis_running


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


@pytest.fixture
def ready(house: House) -> House:
    prepare(Settings.of(house.environ()), house.environ())
    return house


def insert_row(house: House) -> None:
    """As a webhook would, but nobody rings."""
    body = json.dumps({"messages": [MESSAGE]}).encode()
    row = NewRow(
        lane="in:wazzup-main",
        account=AccountName("wazzup-main"),
        received_at=utc_now(),
        method="POST",
        url="https://b.example/hooks/wazzup-main",
        headers=b"{}",
        body=body,
    )
    engine = open_engine(Settings.of(house.environ()).database_url)
    with writing(engine) as db:
        append(db, [row])
    engine.dispose()


@pytest.mark.parametrize("command", ["web", "worker", "clock", "migrate"])
def test_a_store_that_does_not_answer_is_told_with_what_to_do(house: House, command: str) -> None:
    house.extra |= {"BRIDGE_DATABASE_URL": f"postgresql://bridge@/bridge?host={house.folder}"}
    said = house.run(command)
    assert said.returncode == 1
    assert "error: the store does not answer: OperationalError" in said.stderr
    assert "next: is it running, and is BRIDGE_DATABASE_URL right?" in said.stderr
    assert "Traceback" not in said.stderr


def ends_within(process: "subprocess.Popen[bytes]", seconds: float) -> float:
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(seconds)
    return time.monotonic() - began


def test_migrate_makes_the_store_and_takes_the_folder(house: House) -> None:
    first = house.run("migrate", "--json")
    second = house.run("migrate", "--json")
    assert (first.returncode, first.stdout) == (0, second.stdout)
    assert house.query("SELECT hash FROM active_config") == [(json.loads(first.stdout)["config"],)]


def test_migrate_tells_what_is_wrong_where_and_what_to_do(house: House) -> None:
    house.config.write_text(CONFIG.replace("manager", "boss"))
    told = house.run("migrate")
    assert told.returncode == 1
    assert "all.yaml:9:" in told.stderr
    assert "next: correct it" in told.stderr
    assert "Traceback" not in told.stderr


def test_errors_are_json_where_json_is_wanted(house: House) -> None:
    house.extra["TEST_API_KEY"] = ""
    told = house.run("migrate", "--json")
    error = json.loads(told.stderr)
    assert (told.returncode, told.stdout) == (1, "")
    assert "TEST_API_KEY" in error["message"]
    assert error["next"]


def test_without_its_schema_a_process_does_not_start(house: House) -> None:
    told = house.run("worker")
    assert told.returncode == 1
    assert "bridge migrate" in told.stderr


def test_web_without_a_secret_key_does_not_start(ready: House) -> None:
    ready.extra["BRIDGE_SECRET_KEY"] = ""
    told = ready.run("web")
    assert (told.returncode, "BRIDGE_SECRET_KEY" in told.stderr) == (1, True)


def test_web_on_a_port_that_is_taken_says_so(ready: House) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        told = ready.run("web", "--port", str(other.getsockname()[1]))
    assert (told.returncode, "--port" in told.stderr) == (1, True)


def test_an_unguarded_redis_is_refused(ready: House) -> None:
    """S19."""
    ready.extra["BRIDGE_REDIS_URL"] = "redis://10.0.0.5:6379"
    told = ready.run("worker")
    assert (told.returncode, "BRIDGE_REDIS_URL" in told.stderr) == (1, True)


def test_help_names_every_command(house: House) -> None:
    told = house.run("--help").stdout
    assert all(word in told for word in ("up", "web", "worker", "clock", "migrate", "sandbox"))
    assert house.run("nonsense").returncode == 2


def test_what_was_answered_200_is_stored_though_web_is_killed(ready: House) -> None:
    """R1: killed under load, twice."""
    acknowledged: list[str] = []
    stopping = threading.Event()

    def send(sender: int) -> None:
        number = 0
        while not stopping.is_set():
            number += 1
            name = f"s{sender}-{number}"
            if ready.post(name) == 200:
                acknowledged.append(name)
            else:
                time.sleep(0.05)  # nobody is there

    with ThreadPoolExecutor(6) as senders:
        for sender in range(6):
            senders.submit(send, sender)
        try:
            for _ in range(2):
                with ready.web() as process:
                    before = len(acknowledged)
                    assert eventually(lambda: len(acknowledged) > before + 30)  # noqa: B023
                    process.kill()
                    process.wait()
        finally:
            stopping.set()
    rows = [json.loads(body)["messages"][0] for (body,) in ready.query("SELECT body FROM inbox")]
    stored = {row["messageId"] for row in rows}
    assert set(acknowledged) <= stored


@pytest.mark.redis
@pytest.mark.parametrize("state", ["down", "hung"])
def test_web_answers_at_once_whatever_redis_does(
    ready: House, redis_server: object, redis_url: str, state: str, tmp_path: Path
) -> None:
    """R4."""
    pid: int = redis_server.pid  # type: ignore[attr-defined]
    urls = {"down": f"unix://{tmp_path}/none", "hung": redis_url}
    ready.extra["BRIDGE_REDIS_URL"] = urls[state]
    ready.program = "tests.long_waits"
    with ready.web():
        assert ready.post("m0") == 200
        os.kill(pid, signal.SIGSTOP)
        try:
            took = [timed(ready, f"m{n}") for n in range(1, 30)]
            assert ready.get("/readyz")[0] == 200
        finally:
            os.kill(pid, signal.SIGCONT)
    assert max(took) < ANSWER_SECONDS
    assert len(ready.states()) == 30


def timed(house: House, name: str) -> float:
    began = time.monotonic()
    assert house.post(name) == 200
    return time.monotonic() - began


def test_web_ends_within_seconds(ready: House) -> None:
    """R12."""
    with ready.web() as process:
        assert ends_within(process, 60) < ENDS_SECONDS
    assert process.returncode == 0


def test_without_redis_a_worker_polls(ready: House) -> None:
    insert_row(ready)
    with ready.started("worker") as process:
        assert eventually(lambda: ready.states() == ["done"]), ready.log("worker")
        assert ends_within(process, 60) < ENDS_SECONDS
    assert process.returncode == 0


@pytest.mark.redis
def test_with_redis_the_clock_rings_and_a_worker_drains(ready: House, redis_url: str) -> None:
    insert_row(ready)
    ready.extra["BRIDGE_REDIS_URL"] = redis_url
    with ready.started("clock") as clock, ready.started("worker") as process:
        assert eventually(lambda: ready.states() == ["done"]), ready.log("worker")
        assert ends_within(process, 60) < ENDS_SECONDS
        assert ends_within(clock, 60) < ENDS_SECONDS
    assert (process.returncode, clock.returncode) == (0, 0)


@pytest.mark.redis
def test_a_clock_alone_only_rings(ready: House, redis_url: str) -> None:
    insert_row(ready)
    ready.extra["BRIDGE_REDIS_URL"] = redis_url
    with Redis.from_url(redis_url) as client, ready.started("clock"):
        assert eventually(lambda: lane_queue(client).count), ready.log("clock")
        rung = {job.args[0] for job in lane_queue(client).get_jobs()}
    assert "in:wazzup-main" in rung
    assert rung <= {"in:wazzup-main", "mirror:wazzup-main"}  # whose templates nobody has read yet
    assert ready.states() == ["pending"]


def test_while_redis_is_down_the_clock_drains(ready: House, tmp_path: Path) -> None:
    """R4: delivered all the same."""
    insert_row(ready)
    ready.extra["BRIDGE_REDIS_URL"] = f"unix://{tmp_path}/none"
    with ready.started("clock") as process:
        assert eventually(lambda: ready.states() == ["done"]), ready.log("clock")
        assert ends_within(process, 60) < ENDS_SECONDS


def test_a_worker_waits_for_its_redis(ready: House, tmp_path: Path) -> None:
    ready.extra["BRIDGE_REDIS_URL"] = f"unix://{tmp_path}/none"
    with ready.started("worker") as process:
        assert eventually(lambda: "redis does not answer" in ready.log("worker"))
        assert ends_within(process, 60) < ENDS_SECONDS
    assert process.returncode == 0


def test_the_clock_follows_the_folder_and_keeps_the_last_good_one(ready: House) -> None:
    before = ready.query("SELECT hash FROM active_config")
    with ready.started("clock"):
        assert eventually(lambda: ready.query("SELECT * FROM beats WHERE kind = 'clock'"))
        ready.config.write_text(CONFIG.replace("manager", "quality_control"))
        assert eventually(lambda: ready.query("SELECT hash FROM active_config") != before)
        good = ready.query("SELECT hash FROM active_config")
        ready.config.write_text(CONFIG.replace("manager", "boss"))
        assert eventually(lambda: ready.query("SELECT error FROM active_config") != [("",)])
        assert ready.query("SELECT hash FROM active_config") == good
        ready.config.write_text(CONFIG)
        assert eventually(lambda: ready.query("SELECT error FROM active_config") == [("",)])
        assert ready.query("SELECT hash FROM active_config") == before


def test_what_was_changed_while_no_clock_looked_is_taken_when_one_starts(ready: House) -> None:
    before = ready.query("SELECT hash FROM active_config")
    ready.config.write_text(CONFIG.replace("manager", "quality_control"))
    with ready.started("clock"):
        assert eventually(lambda: ready.query("SELECT hash FROM active_config") != before)


def test_a_folder_older_than_what_is_active_is_not(ready: House) -> None:
    """It may be another machine's, where nobody has brought it up to date."""
    before = ready.query("SELECT hash FROM active_config")
    ready.config.write_text(CONFIG.replace("manager", "quality_control"))
    os.utime(ready.config, (0, 0))
    with ready.started("clock"):
        assert eventually(lambda: ready.query("SELECT * FROM beats WHERE kind = 'clock'"))
        time.sleep(2 * FOLDER_SECONDS)
    assert ready.query("SELECT hash FROM active_config") == before


def test_nothing_secret_or_of_a_client_is_logged(ready: House) -> None:
    """S17: canaries over web, a worker and the clock."""
    with ready.web(), ready.started("worker"), ready.started("clock"):
        assert ready.post("m1") == 200
        assert eventually(lambda: ready.states() == ["done"])
    logs = "".join(ready.log(name) for name in ("web", "worker", "clock"))
    assert "in:wazzup-main" in logs
    assert not any(word in logs for word in (KEY, "34612000301", "hello", "Ada"))


def test_every_line_of_the_log_is_json(ready: House) -> None:
    """S16: one event, one line."""
    with ready.web():
        ready.get("/hooks/%0a%1b[31m%E2%80%A8")
        assert ready.post("m1") == 200
    lines = [line for line in ready.log("web").splitlines() if not line.startswith("Listening")]
    assert lines
    assert all(json.loads(line)["process"] == "web" for line in lines)


@pytest.mark.redis
def test_a_worker_survives_the_loss_of_its_redis(ready: House) -> None:
    program = BY_NAME["redis"].program()
    assert program is not None
    with redis_running(program) as first:
        ready.extra["BRIDGE_REDIS_URL"] = first.url
        with ready.started("worker") as process:
            assert eventually(lambda: queue_state(first.url).workers == 1), ready.log("worker")
            os.kill(first.pid, signal.SIGKILL)
            assert eventually(lambda: "redis" in ready.log("worker"))
            assert process.poll() is None
            assert ends_within(process, 60) < ENDS_SECONDS
    assert "Traceback (most recent call last):\n" not in ready.log("worker")
