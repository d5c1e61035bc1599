"""A forked program is a process as any other: its words, its end, its parent and its ties."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.forked import Forked, can_be_forked, process_of, run, tied

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux alone")
PATIENCE_SECONDS = 300.0
SELF = (sys.executable, "-m", "tests.speaking")


def environ(**more: str) -> dict[str, str]:
    return {**os.environ, **more}


def told(*arguments: str, **more: str) -> dict[str, object]:
    ended = run((*SELF, *arguments), environ(**more), PATIENCE_SECONDS)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, object] = json.loads(ended.stdout)
    return found


def test_it_has_the_arguments_and_the_environment_that_it_was_given_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told("begins the nursery")
    monkeypatch.setenv("ONLY_HERE", "yes")
    given = {name: value for name, value in environ().items() if name != "ONLY_HERE"}
    said = json.loads(run((*SELF, "a", "b c"), {**given, "OWN": "x"}, PATIENCE_SECONDS).stdout)
    assert (said["arguments"], said["own"], said["only_here"]) == (["a", "b c"], "x", None)


def test_each_draws_other_random_numbers_and_takes_its_own_zone() -> None:
    first, second = told(TZ="UTC"), told(TZ="<+03>-3")
    assert first["random"] != second["random"]
    assert (first["offset"], second["offset"]) == (0, 10800)


def test_what_it_says_is_heard_and_its_exit_code_told() -> None:
    ended = run((*SELF, "fail"), environ(), PATIENCE_SECONDS)
    assert (ended.returncode, ended.stdout, "went wrong" in ended.stderr) == (3, "", True)
    ended = run((*SELF, "raise"), environ(), PATIENCE_SECONDS)
    assert (ended.returncode, "ZeroDivisionError" in ended.stderr) == (1, True)


def test_it_is_a_child_of_the_test_in_a_group_of_its_own_and_can_be_killed() -> None:
    with process_of((*SELF, "stay"), environ(), stdout=subprocess.PIPE) as process:
        assert isinstance(process, Forked)
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert (said["pid"], said["parent"]) == (process.pid, os.getpid())
        assert os.getpgid(process.pid) == process.pid
        assert process.poll() is None
        process.kill()
        assert process.wait(PATIENCE_SECONDS) == -signal.SIGKILL


def test_two_at_once_are_two_processes() -> None:
    given = environ()
    with (
        process_of((*SELF, "stay"), given, stdout=subprocess.PIPE) as one,
        process_of((*SELF, "stay"), given, stdout=subprocess.PIPE) as other,
    ):
        assert one.pid != other.pid
        one.terminate()
        assert one.wait(PATIENCE_SECONDS) == -signal.SIGTERM
        assert other.poll() is None
        other.terminate()
        assert other.wait(PATIENCE_SECONDS) == -signal.SIGTERM


def test_one_that_takes_too_long_is_killed() -> None:
    told("begins the nursery")
    before = _children()
    with pytest.raises(subprocess.TimeoutExpired):
        run((*SELF, "stay"), environ(), 0.2)
    assert _children() == before


def test_a_tied_one_ends_with_who_started_it(tmp_path: Path) -> None:
    parent = run((*SELF, "beget", str(tmp_path / "pid")), environ(), PATIENCE_SECONDS)
    assert parent.returncode == 0, parent.stderr
    pid = int((tmp_path / "pid").read_text())
    assert eventually(lambda: not psutil.pid_exists(pid))


@pytest.mark.parametrize(
    ("command", "more"),
    [
        (("/usr/bin/true",), {}),
        ((sys.executable, "script.py"), {}),
        ((sys.executable, "-m", "bridge.cli"), {"LD_PRELOAD": "libfaketime.so"}),
        ((sys.executable, "-m", "bridge.cli"), {"PYTHONPATH": "/elsewhere"}),
    ],
)
def test_what_needs_an_interpreter_of_its_own_is_not_forked(
    command: tuple[str, ...], more: dict[str, str]
) -> None:
    assert not can_be_forked(command, environ(**more))
    assert can_be_forked(SELF, environ())


def test_it_works_where_it_is_told_to(tmp_path: Path) -> None:
    given: Any = {"stdout": subprocess.PIPE, "preexec_fn": tied}
    with Forked(list(SELF), env=environ(), cwd=tmp_path, start_new_session=True, **given) as one:
        said = json.loads(one.communicate(timeout=PATIENCE_SECONDS)[0])
    assert (said["folder"], said["session"]) == (str(tmp_path), one.pid)


def eventually(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}
