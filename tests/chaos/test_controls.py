"""Without one of the bridge's safeties the crash run sees damage: so it would, were there any."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.ambush import Ambush, ambush_plan, lost_answers_plan, units_plan
from tests.chaos.damaged import MODULE
from tests.chaos.harness import crash
from tests.chaos.report import Report

pytestmark = pytest.mark.redis
SEEDS = range(1, 4)


def damaged(reports: Iterator[Report]) -> Report:
    """The first run with damage, of a few: where a stroke falls is up to the machine."""
    for report in reports:
        sys.stdout.write(f"\n{report}\n")
        if report.findings.doubled or report.findings.out_of_order:
            return report
    pytest.fail("the crash run sees no damage where there has to be some")


def folder(parent: Path, seed: int) -> Path:
    made = parent / str(seed)
    made.mkdir()
    return made


def test_without_a_look_up_before_a_second_write_entries_are_doubled(tmp_path: Path) -> None:
    bridge = (MODULE, "look-up")
    runs = (
        crash(lost_answers_plan(seed), folder(tmp_path, seed), bridge=bridge, forked=True)
        for seed in SEEDS
    )
    report = damaged(runs)
    assert report.findings.doubled
    assert not report.findings.lost


def test_without_a_fence_on_the_lease_entries_are_doubled(tmp_path: Path) -> None:
    bridge = (MODULE, "fence")
    runs = (
        crash(
            ambush_plan(seed), folder(tmp_path, seed), bridge=bridge, besides=Ambush(), forked=True
        )
        for seed in SEEDS
    )
    found = damaged(runs).findings
    assert found.doubled or found.out_of_order


def test_with_it_a_worker_that_was_stopped_in_a_call_doubles_nothing(tmp_path: Path) -> None:
    """R2, with the very same ambush."""
    ambush = Ambush()
    report = crash(ambush_plan(1), tmp_path, besides=ambush, forked=True)
    sys.stdout.write(f"\n{report}\n")
    assert ambush.is_over
    assert report.is_well, str(report)


def test_without_a_look_at_what_was_decided_units_are_lost(tmp_path: Path) -> None:
    """RSL-04: a use that is told again would count again."""
    report = crash(units_plan(1), tmp_path, bridge=(MODULE, "memory"), forked=True)
    sys.stdout.write(f"\n{report}\n")
    assert report.findings.units
    assert not report.findings.mailed_twice


def test_where_a_mail_in_doubt_is_sent_again_somebody_is_mailed_twice(tmp_path: Path) -> None:
    report = crash(units_plan(1), tmp_path, bridge=(MODULE, "doubt"), forked=True)
    sys.stdout.write(f"\n{report}\n")
    assert report.findings.mailed_twice
    assert not report.findings.units


def test_with_both_safeties_units_add_up_and_nobody_is_mailed_twice(tmp_path: Path) -> None:
    """RSL-04, RSL-10, RSL-27, with the very same load."""
    report = crash(units_plan(1), tmp_path, forked=True)
    sys.stdout.write(f"\n{report}\n")
    assert report.store.mails_for_a_person
    assert report.is_well, str(report)
