"""What one run does to the house: how much is written to it, what fails, who is killed when."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

VICTIMS = ("web", "worker 1", "worker 2", "clock", "redis")
WORKERS = ("worker 1", "worker 2")


class Aim(StrEnum):
    TREE = "all"  # the process and all that it forked
    PARENT = "parent"  # a worker; the job that it forked lives on for a moment
    CHILDREN = "job"  # the job only; its worker lives on


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run is told by its seed: who is killed when, what is sent twice, what the CRM refuses."""

    seed: int
    seconds: float  # so long clients write and processes are killed
    known: int = 12  # clients with a contact and a deal in the CRM
    strangers: int = 12
    messages_per_second: float = 50.0
    sent_twice: float = 0.1
    shortest_pause: float = 0.3  # between two kills
    longest_pause: float = 1.1
    longest_absence: float = 1.5  # of a killed process
    settle_seconds: float = 120.0

    @property
    def clients(self) -> int:
        return self.known + self.strangers

    @property
    def messages_each(self) -> int:
        return max(1, round(self.seconds * self.messages_per_second / self.clients))


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """`at` counts from the start of the run, `absence` from the strike; both in seconds."""

    at: float
    victim: str
    aim: Aim
    absence: float


def strikes(plan: Plan) -> Iterator[Strike]:
    """Round by round, so that nobody is spared; nobody who is away is struck again."""
    dice = random.Random(plan.seed)
    at = dice.uniform(plan.shortest_pause, plan.longest_pause)
    while True:
        for victim in dice.sample(VICTIMS, len(VICTIMS)):
            if at > plan.seconds:
                return
            yield Strike(
                at=at,
                victim=victim,
                aim=dice.choice(tuple(Aim)) if victim in WORKERS else Aim.TREE,
                absence=dice.uniform(0.0, plan.longest_absence),
            )
            at += dice.uniform(plan.shortest_pause, plan.longest_pause)


# Shares of the CRM's answers. A call that times out has been carried out all the same.
FAULTS: tuple[Mapping[str, Any], ...] = (
    {"fault": "429", "rate": 0.03, "retry_after": "1"},
    {"fault": "500", "rate": 0.03},
    {"fault": "500_after", "rate": 0.03},
    {"fault": "timeout_after", "rate": 0.01, "seconds": 2.5},
    {"fault": "reset", "rate": 0.01},
    {"fault": "reset_after", "rate": 0.01},
    {"fault": "html", "rate": 0.01},
    {"fault": "html_after", "rate": 0.01},
)
