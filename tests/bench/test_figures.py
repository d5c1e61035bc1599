"""The benchmark's own arithmetic: medians, shares, ratios, targets, and how they are shown."""

import json
from pathlib import Path

import pytest

from tests.bench.backlog import Drained, last_entry
from tests.bench.crm_server import Call
from tests.bench.figures import (
    Figure,
    at_least,
    at_most,
    median,
    median_figure,
    percentile,
    ratios,
)
from tests.bench.machine import this_machine
from tests.bench.plan import Plan
from tests.bench.report import as_json, number, summary, table

FAST = Figure(part="a", key="fast", label="fast", value=0.7, target=at_least(0.55))
SLOW = Figure(part="b", key="slow", label="slow", value=12, unit="ms", target=at_most(10))
PLAIN = Figure(part="b", key="plain", label="plain", value=1234.5, unit="requests/s")


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1.0), (0.5, 2.0), (0.51, 3.0), (0.75, 3.0), (0.99, 4.0), (1.0, 4.0)]
)
def test_a_percentile_is_a_value_that_was_measured(share: float, value: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], share) == value


def test_nothing_measured_has_no_percentile_and_no_median() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 0.5)
    with pytest.raises(ValueError, match="no rounds"):
        median([])


def test_ratios_are_of_the_same_round() -> None:
    assert ratios([2.0, 9.0], [1.0, 3.0]) == (2.0, 3.0)
    with pytest.raises(ValueError, match="longer"):
        ratios([1.0], [1.0, 2.0])


def test_a_figure_of_rounds_keeps_them() -> None:
    made = median_figure("a", "key", "label", [3.0, 1.0, 2.0], "ms", at_most(2))
    assert (made.value, made.samples, made.reached) == (2.0, (3.0, 1.0, 2.0), True)


@pytest.mark.parametrize(
    ("figure", "reached"), [(FAST, True), (SLOW, False), (PLAIN, None)], ids=["yes", "no", "-"]
)
def test_a_target_is_reached_or_not(figure: Figure, reached: bool | None) -> None:
    assert figure.reached is reached


def test_the_limit_itself_is_within_a_target() -> None:
    assert at_least(0.55).reached(0.55)
    assert at_most(10).reached(10)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.1234, "0.123"), (9.876, "9.88"), (12.34, "12.3"), (1234.5, "1,234")],
)
def test_a_number_is_shown_as_far_as_it_means_something(value: float, shown: str) -> None:
    assert number(value) == shown


def test_the_table_says_what_was_missed_and_who_else_used_the_machine() -> None:
    lines = list(table([FAST, SLOW, PLAIN], {"a": 3.2, "b": 80.0}))
    assert lines[1] == "(a) receiving   [others took 3 % of the machine]"
    assert "reached (at least 0.55)" in lines[2]
    assert "others took 80 %" in lines[4]
    assert "MISSED (at most 10)" in lines[5]


def test_the_summary_names_what_was_missed() -> None:
    assert summary([FAST, SLOW, PLAIN]) == "1 of 2 targets reached\n  slow: 12.0"


def test_the_json_holds_every_figure_and_no_name_of_the_machine() -> None:
    plan = Plan(output=Path("/home/somebody/bench"))
    text = as_json([FAST, SLOW], {"a": 1.0, "b": 2.0}, plan, this_machine())
    found = json.loads(text)
    assert [one["reached"] for one in found["figures"]] == [True, False]
    assert found["figures"][0]["target"] == "at least 0.55"
    assert "somebody" not in text


def test_a_drain_is_counted_until_the_last_answer() -> None:
    calls = [
        Call("POST /a", arrived=1.0, ended=4.0, status=201),
        Call("POST /a", arrived=2.0, ended=3.0, status=201),
    ]
    assert last_entry(calls) == 4.0
    run = Drained(
        messages=200,
        seconds=2.0,
        calls=4,
        refused=0,
        cpu={"worker 1": 0.1, "worker 2": 0.1, "crm": 0.5},
    )
    assert (run.per_second, run.calls_per_100) == (100.0, 2.0)
    assert run.cpu_micros("worker") == pytest.approx(1000.0)
    assert run.share("crm") == pytest.approx(25.0)


@pytest.mark.parametrize(
    ("told", "many", "few"),
    [(1_000_000, 1_000_000, 10_000), (100_000, 100_000, 2_500), (777_777, 777_500, 7_500)],
)
def test_stores_are_built_in_whole_copies(told: int, many: int, few: int) -> None:
    plan = Plan(stored=told)
    assert (plan.many_stored, plan.few_stored) == (many, few)
