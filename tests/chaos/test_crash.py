"""The promise under fire: everything that was acknowledged stands in the CRM exactly once."""

import sys
from pathlib import Path

import pytest

from tests.chaos.harness import crash
from tests.chaos.plan import Plan


@pytest.mark.redis
def test_nothing_is_lost_doubled_or_out_of_order_on_sqlite(sqlite_url: str, tmp_path: Path) -> None:
    report = crash(Plan(seed=11, seconds=10.0), sqlite_url, tmp_path)
    sys.stdout.write(f"\n{report}\n")
    assert not report.findings.wrong(), str(report)


@pytest.mark.redis
def test_nothing_is_lost_doubled_or_out_of_order_on_postgresql(
    postgres_url: str, tmp_path: Path
) -> None:
    report = crash(Plan(seed=31, seconds=8.0), postgres_url, tmp_path)
    sys.stdout.write(f"\n{report}\n")
    assert not report.findings.wrong(), str(report)
