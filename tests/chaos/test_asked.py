"""A harness that is told what can't be says so, and what to do; leftovers do not disturb it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner, Result

from tests.chaos.__main__ import main
from tests.chaos.place import PLACE, PREFIX, alone_in, clear
from tests.chaos.warden import MARK, ROOT, marked
from tests.lanes import BY_NAME

PATIENCE_SECONDS = 300.0


def asked(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--store", "sqlite", "--folder", str(folder), *words])


@pytest.mark.parametrize("seeds", ["0", "-1", "x", "1.5", "", "5-2", "1-101", "10000000", "1 two"])
def test_seeds_that_are_none(seeds: str, tmp_path: Path) -> None:
    told = asked(tmp_path / "runs", "--seeds", seeds)
    assert told.exit_code == 2
    assert "name" in told.output


@pytest.mark.parametrize("seconds", ["0", "-5", "sixty", "nan", "inf", "3600000", ""])
def test_seconds_that_are_none(seconds: str, tmp_path: Path) -> None:
    told = asked(tmp_path / "runs", "--seconds", seconds)
    assert told.exit_code == 2
    assert "name seconds from 1 to 3600" in told.output


def test_a_store_that_is_none(tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["--store", "oracle", "--folder", str(tmp_path)])
    assert told.exit_code == 2
    assert "'sqlite', 'postgres', 'both'" in told.output


@pytest.mark.redis
def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = asked(tmp_path / "runs", "--port", str(port))
    assert told.exit_code == 1
    assert f"port {port} on 127.0.0.1 can't be used" in told.output
    assert "next: stop what listens there" in told.output


@pytest.mark.redis
def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    told = asked(tmp_path)
    assert told.exit_code == 1
    assert "next: name a new or an empty folder with --folder" in told.output
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.redis
def test_a_folder_that_can_not_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = asked(tmp_path / "file" / "runs")
    assert told.exit_code == 1
    assert "can't be made" in told.output


@pytest.mark.redis
def test_a_folder_where_another_run_works(tmp_path: Path) -> None:
    with alone_in(tmp_path):
        told = asked(tmp_path)
    assert told.exit_code == 1
    assert f"another crash run works in {tmp_path}" in told.output
    assert "next: wait until it has ended" in told.output


@contextmanager
def leftover(place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of a run whose harness and warden were killed; stopped, so that it hears nothing
    but a kill."""
    sleeper = subprocess.Popen(["sleep", "600"], env={**os.environ, MARK: str(place)})
    try:
        psutil.Process(sleeper.pid).suspend()
        yield sleeper
    finally:
        sleeper.kill()
        sleeper.wait()


def test_what_a_killed_run_has_left_is_ended_and_deleted(tmp_path: Path) -> None:
    runs, place = tmp_path / "runs", Path(tempfile.mkdtemp(prefix=PREFIX))
    with alone_in(runs):
        pass
    (runs / "seed-1-postgres").mkdir()
    (runs / "seed-1-postgres" / PLACE).write_text(str(place))
    (place / "postgres" / "data").mkdir(parents=True)
    stale = place / "postgres" / "data" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{place}\n")  # of a process that is somebody else's now
    with leftover(place) as sleeper, alone_in(runs):
        assert clear(runs) == 1
        assert not psutil.pid_exists(sleeper.pid)
    assert not place.exists()
    assert list(runs.glob("seed-*")) == []


def test_a_folder_that_no_run_has_made_is_never_deleted(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (tmp_path / "runs" / "seed-1-sqlite").mkdir(parents=True)
    (tmp_path / "runs" / "seed-1-sqlite" / PLACE).write_text(str(precious))
    assert clear(tmp_path / "runs") == 0
    assert precious.exists()


@pytest.mark.redis
@pytest.mark.postgres
def test_a_harness_that_is_killed_leaves_no_process_and_the_next_one_runs(tmp_path: Path) -> None:
    """Not even those that are stopped, or that belong to another user."""
    runs = tmp_path / "runs"
    begin = [sys.executable, "-m", "tests.chaos", "--folder", str(runs), "--seeds", "1"]
    harness = subprocess.Popen([*begin, "--store", "postgres", "--seconds", "60"], cwd=ROOT)
    try:
        place = _place(runs / "seed-1-postgres" / PLACE)
        _await_worker(place).suspend()
        names = _names(place)
        assert {"postgres", _redis(), Path(sys.executable).name} <= set(names)
    finally:
        harness.kill()
        harness.wait()
    end = time.monotonic() + PATIENCE_SECONDS
    while marked(place) or place.exists():
        assert time.monotonic() < end, [process.cmdline() for process in marked(place)]
        time.sleep(0.05)
    again = subprocess.run(
        [*begin, "--store", "sqlite", "--seconds", "1"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert "nothing lost, doubled" in (runs / "report.txt").read_text()
    assert sorted(path.name for path in runs.iterdir()) == [".crash-runs", "report.txt"]


def _place(file: Path) -> Path:
    end = time.monotonic() + PATIENCE_SECONDS
    while not file.exists() or not file.read_text():
        assert time.monotonic() < end, "the run does not begin"
        time.sleep(0.05)
    return Path(file.read_text())


def _await_worker(place: Path) -> psutil.Process:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        for process in marked(place):
            if _command(process)[-1:] == ["worker"]:
                return process
        time.sleep(0.05)
    raise AssertionError("no worker begins")


def _names(place: Path) -> set[str]:
    """Of programs, as far as a process has not given itself another name."""
    commands = (_command(process) for process in marked(place))
    return {Path(command[0].split()[0]).name for command in commands if command}


def _redis() -> str:
    program = BY_NAME["redis"].program()
    assert program is not None
    return program.name


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
