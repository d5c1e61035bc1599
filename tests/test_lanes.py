"""A lane that can't run here is skipped loudly, or fails where it is required."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.house import ROOT
from tests.lanes import REQUIRE, Lane
from tests.tools import advice, install, may_install

pytest_plugins = ["pytester"]

# The house's own conftest, in a run of its own, on a machine that lacks a program.
CONFTEST = """
    from tests import conftest
    from tests.conftest import *
    from tests.lanes import Lane

    lane = Lane(
        name="nowhere",
        programs=("surely-no-such-program",),
        places=(),
        debian_package="nowhere-server",
        fixtures=frozenset({"from_nowhere"}),
    )
    conftest.LANES = (lane,)
    conftest.BY_NAME = {"nowhere": lane}

    @pytest.fixture
    def from_nowhere():
        raise AssertionError("the program is not there")
"""
TESTS = """
    import pytest

    def test_by_fixture(from_nowhere): pass

    @pytest.mark.nowhere
    def test_by_marker(): pass

    def test_without(): pass
"""


@pytest.fixture
def machine(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini("[pytest]\nmarkers = nowhere")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)
    return pytester


def test_a_missing_program_skips_its_lane_and_says_so_at_the_end(
    machine: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(REQUIRE, raising=False)
    run = machine.runpytest_subprocess()
    run.assert_outcomes(passed=1, skipped=2)
    run.stdout.fnmatch_lines(["*LANES NOT RUN*", "2 tests of nowhere: surely-no-such-program*"])


def test_a_required_lane_fails_without_its_program(
    machine: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(REQUIRE, "all")
    run = machine.runpytest_subprocess()
    run.assert_outcomes(passed=1, errors=2)
    run.stdout.fnmatch_lines(["*nowhere-server*"])


def test_a_package_of_node_goes_into_a_folder_of_its_own_and_needs_no_rights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lane = Lane(
        name="nowhere",
        programs=("node",),
        places=(),
        debian_package="npm",
        fixtures=frozenset(),
        node_package="nowhere@1.0",
    )
    ran: list[Sequence[str]] = []
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    install([lane], ran.append)
    place = str(Path.home() / ".cache" / "bridge" / "nowhere-1.0")
    assert may_install(lane)
    assert ran == [["npm", "install", "--no-audit", "--no-fund", "--prefix", place, "nowhere@1.0"]]
    assert lane.program() is None
    assert "nowhere@1.0 or node not found" in advice(lane)


def test_a_python_package_goes_into_an_environment_of_its_own_and_needs_no_rights() -> None:
    lane = Lane(
        name="nowhere",
        programs=(),
        places=(),
        debian_package="",
        fixtures=frozenset(),
        python_package="nowhere==1.0",
    )
    ran: list[Sequence[str]] = []
    install([lane], ran.append)
    place = str(Path.home() / ".cache" / "bridge" / "nowhere-1.0")
    assert may_install(lane)
    assert ran == [
        [sys.executable, "-m", "venv", "--clear", place],
        [f"{place}/bin/python", "-m", "pip", "install", "-q", "nowhere==1.0"],
    ]
    assert "nowhere==1.0 not found" in advice(lane)
