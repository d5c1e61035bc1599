"""What a run says at its end: a table for people, JSON for machines."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.machine import Machine
from tests.bench.plan import PARTS, Plan

WIDTH = 76


def table(figures: Sequence[Figure], others: Mapping[str, float]) -> Iterator[str]:
    """A line for each figure; `others` is the part of the machine that was not ours, by part."""
    for part, group in groupby(figures, key=lambda figure: figure.part):
        yield ""
        yield f"({part}) {PARTS[part]}   [others took {others[part]:.0f} % of the machine]"
        for figure in group:
            yield line(figure)


def line(figure: Figure) -> str:
    return (
        f"  {figure.label:<{WIDTH}} {number(figure.value):>10} {figure.unit:<11} {_verdict(figure)}"
    )


def number(value: float) -> str:
    """Three figures that mean something."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"


def summary(figures: Sequence[Figure]) -> str:
    asked = [figure for figure in figures if figure.reached is not None]
    missed = [figure for figure in asked if not figure.reached]
    names = "".join(f"\n  {figure.label}: {number(figure.value)}" for figure in missed)
    return f"{len(asked) - len(missed)} of {len(asked)} targets reached{names}"


def as_json(
    figures: Sequence[Figure], others: Mapping[str, float], plan: Plan, machine: Machine
) -> str:
    found = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": asdict(machine),
        "plan": {**asdict(plan), "output": plan.output.name},
        "others_percent": dict(others),
        "figures": [_plain(figure) for figure in figures],
    }
    return json.dumps(found, indent=1)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


def _plain(figure: Figure) -> Mapping[str, object]:
    target = None if figure.target is None else str(figure.target)
    return {**asdict(figure), "target": target, "reached": figure.reached}


def _verdict(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return f"{'reached' if figure.reached else 'MISSED'} ({figure.target})"
