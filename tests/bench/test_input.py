"""What the benchmark is told: impossible numbers, unknown names, a machine that lacks something."""

import fcntl
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.bench import __main__ as command
from tests.bench import stored
from tests.bench.figures import Figure, at_least
from tests.bench.plan import PARTS, QUICK, STEP, Plan
from tests.lanes import Lane


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command.main, arguments)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """Nothing is measured: what would have been is noted."""
    plans: list[Plan] = []

    def measure(plan: Plan, say: Any) -> list[Figure]:
        plans.append(plan)
        return [Figure(part=plan.parts[0], key="k", label="l", value=1.0, target=at_least(0.5))]

    monkeypatch.setattr(command, "MEASURES", dict.fromkeys(PARTS, (measure,)))
    return plans


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["g"], "'g' is not one of 'a', 'b', 'c', 'd', 'e', 'f'"),
        (["a", "--rounds", "0"], "0 is not in the range 1<=x<=100"),
        (["a", "--rounds", "many"], "'many' is not a valid integer"),
        (["a", "--rounds", "nan"], "'nan' is not a valid integer"),
        (["b", "--messages", "-5"], "-5 is not in the range"),
        (["b", "--messages", "1000000000"], "is not in the range"),
        (["d", "--stored", "10"], "10 is not in the range"),
        (["a", "--store", "mysql"], "'mysql' is not one of 'sqlite', 'postgresql'"),
    ],
)
def test_what_can_not_be_is_refused_by_name(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_a_file_where_results_should_go_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run("a", "--output", str(tmp_path / "file"))
    assert result.exit_code == 2
    assert "is a file" in result.output


@pytest.mark.parametrize(
    ("arguments", "program"), [(["b", "--store", "sqlite"], "redis"), (["a"], "postgres")]
)
def test_a_missing_program_is_told_before_anything_starts(
    arguments: list[str],
    program: str,
    measured: list[Plan],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Lane, "program", lambda lane: None)
    result = run(*arguments, "--output", str(tmp_path))
    assert result.exit_code == 1
    assert f"{program}: " in result.output
    assert "not found" in result.output
    assert measured == []


def test_without_postgresql_sqlite_can_be_measured(
    measured: list[Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lane, "program", lambda lane: None)
    assert run("a", "--store", "sqlite", "--output", str(tmp_path)).exit_code == 0
    assert [plan.stores for plan in measured] == [("sqlite",)]


def test_what_is_told_is_what_is_measured(measured: list[Plan], tmp_path: Path) -> None:
    told = ("--rounds", "7", "--messages", "900", "--stored", "50000", "--store", "sqlite")
    result = run("d", "a", "a", "--quick", *told, "--output", str(tmp_path))
    assert result.exit_code == 0
    plan = measured[0]
    assert (plan.parts, plan.rounds, plan.messages) == (("a", "d"), 7, 900)
    assert (plan.stored, plan.webhooks) == (50_000, QUICK.webhooks)
    assert {path.name for path in tmp_path.iterdir()} >= {"results.json", "results.txt"}
    assert "2 of 2 targets reached" in (tmp_path / "results.txt").read_text()


def test_two_runs_at_once_are_refused(measured: list[Plan], tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = run("a", "--store", "sqlite", "--output", str(tmp_path))
    assert result.exit_code == 1
    assert "another benchmark runs" in result.output
    assert measured == []


def test_what_a_killed_run_left_is_removed(measured: list[Plan], tmp_path: Path) -> None:
    left = tmp_path / "working-left"
    left.mkdir()
    (left / "many.sqlite").touch()
    assert run("a", "--store", "sqlite", "--output", str(tmp_path)).exit_code == 0
    assert not left.exists()


def test_a_disk_that_is_too_small_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "BYTES_EACH", 10**15)
    with pytest.raises(SystemExit, match="choose fewer with --stored or another folder"):
        stored.stored(STEP, tmp_path, lambda said: None)


def test_a_kept_store_is_taken_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []

    def build(messages: int, path: Path) -> None:
        built.append(messages)
        path.touch()

    monkeypatch.setattr(stored, "_build", build)
    first = stored.stored(STEP, tmp_path, lambda said: None)
    assert stored.stored(STEP, tmp_path, lambda said: None) == first
    assert built == [STEP]


def test_a_kept_store_whose_facts_have_grown_old_is_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "_build", lambda messages, path: path.write_text("new"))
    monkeypatch.setattr(stored, "FRESH_HOURS", -1)
    kept = stored.stored(STEP, tmp_path, lambda said: None)
    kept.write_text("old")
    assert stored.stored(STEP, tmp_path, lambda said: None).read_text() == "new"
