"""What a run comes to: named figures, and the targets that some of them have to reach."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Sense(StrEnum):
    AT_LEAST = "at least"
    AT_MOST = "at most"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    sense: Sense
    limit: float

    def reached(self, value: float) -> bool:
        return value >= self.limit if self.sense is Sense.AT_LEAST else value <= self.limit

    def __str__(self) -> str:
        return f"{self.sense} {self.limit:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`key` is for machines and stays the same; `samples` are the rounds that `value` is of."""

    part: str
    key: str
    label: str
    value: float
    unit: str = ""
    target: Target | None = None
    samples: tuple[float, ...] = ()

    @property
    def reached(self) -> bool | None:
        """None where nothing is asked of it."""
        return None if self.target is None else self.target.reached(self.value)


def at_least(limit: float) -> Target:
    return Target(sense=Sense.AT_LEAST, limit=limit)


def at_most(limit: float) -> Target:
    return Target(sense=Sense.AT_MOST, limit=limit)


def median_figure(
    part: str,
    key: str,
    label: str,
    samples: Sequence[float],
    unit: str = "",
    target: Target | None = None,
) -> Figure:
    """The median of a round's values each; raises ValueError without any."""
    return Figure(
        part=part,
        key=key,
        label=label,
        value=median(samples),
        unit=unit,
        target=target,
        samples=tuple(samples),
    )


def median(values: Sequence[float]) -> float:
    """Raises ValueError for none."""
    if not values:
        raise ValueError("no rounds, no median")
    return statistics.median(values)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the ordered values do not exceed."""
    if not ordered:
        raise ValueError("nothing was measured")
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def ratios(of: Sequence[float], to: Sequence[float]) -> tuple[float, ...]:
    """Round by round: what disturbs one disturbs its neighbour too."""
    return tuple(a / b for a, b in zip(of, to, strict=True))
