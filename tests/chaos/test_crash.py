"""The promise under fire: everything that was acknowledged stands with the vendors exactly once."""

import sys
from pathlib import Path

import pytest

from tests.chaos.harness import crash
from tests.chaos.plan import Kind, Plan


@pytest.mark.redis
@pytest.mark.parametrize(
    ("store", "seed", "crm"),
    [
        (Kind.SQLITE, 11, "hubspot"),
        (Kind.SQLITE, 21, "salesforce"),
        pytest.param(Kind.POSTGRES, 31, "hubspot", marks=pytest.mark.postgres),
    ],
)
def test_nothing_is_lost_doubled_or_out_of_order(
    store: Kind, seed: int, crm: str, tmp_path: Path
) -> None:
    """R1: what was answered with 2xx is never lost. R2: one event is one entry. R3: each chat's
    messages keep their order. Of each item that was accepted there is one decision.

    RSL-04, RSL-10, RSL-27: units add up, hints are told once. PRM-13, PRM-14, PRM-15, PX-05: each
    lead has one owner, here and in the CRM, turns are taken one after the other. PRM-21: nobody is
    mailed twice."""
    # Strikes close together, so that a short run has nearly a whole round of them.
    plan = Plan(
        seed=seed,
        seconds=7.0,
        store=store,
        crm=crm,
        shortest_pause=0.4,
        longest_pause=0.9,
        faults_linger=4.0,
    )
    report = crash(plan, tmp_path, forked=True)
    sys.stdout.write(f"\n{report}\n")
    assert report.is_well, str(report)
