"""What one run does to the house: how much is written to it, what fails, who is killed when."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Aim(StrEnum):
    ALL = "all"  # the process and all that it forked
    PARENT = "parent"  # a worker; the job that it forked lives on for a moment
    JOB = "job"  # the job only; its worker lives on


# One round of strikes, in the order of the seed: nobody is spared, and jobs, which have calls
# in the air, are struck most.
ROUND = (
    ("web", Aim.ALL),
    ("clock", Aim.ALL),
    ("redis", Aim.ALL),
    ("worker 1", Aim.ALL),
    ("worker 2", Aim.PARENT),
    *(("worker 1", Aim.JOB), ("worker 2", Aim.JOB)) * 3,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run is told by its seed: who is killed when, what is sent twice, what the CRM refuses."""

    seed: int
    seconds: float  # so long clients write and processes are killed
    known: int = 12  # clients with a contact and a deal in the CRM
    strangers: int = 12
    on_two_channels: int = 4  # strangers who write on both channels at once
    messages_per_second: float = 50.0
    sent_twice: float = 0.1
    shortest_pause: float = 0.5  # between two kills
    longest_pause: float = 1.2
    longest_absence: float = 1.5  # of a killed process
    faults_linger: float = 10.0  # after the last kill, at most
    settle_seconds: float = 120.0

    @property
    def chats(self) -> int:
        return self.known + self.strangers + self.on_two_channels

    @property
    def messages_each(self) -> int:
        return max(1, round(self.seconds * self.messages_per_second / self.chats))


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """`at` counts from the start of the run, `absence` from the strike; both in seconds."""

    at: float
    victim: str
    aim: Aim
    absence: float


def strikes(plan: Plan) -> Iterator[Strike]:
    dice = random.Random(plan.seed)
    at = dice.uniform(plan.shortest_pause, plan.longest_pause)
    while True:
        for victim, aim in dice.sample(ROUND, len(ROUND)):
            if at > plan.seconds:
                return
            absence = dice.uniform(0.0, plan.longest_absence)
            yield Strike(at=at, victim=victim, aim=aim, absence=absence)
            at += dice.uniform(plan.shortest_pause, plan.longest_pause)


# Each call's answer is a good while in coming, so that many a call is in the air when its caller is
# killed. What ends in `_after` was carried out all the same.
LATENCY_SECONDS = 0.1
_ANY = "^[A-Z]+ /crm/"
_WRITES = "^POST /crm/.*/batch/(create|update|upsert)"
_CONTACTS = "^POST /crm/.*/contacts/batch/upsert"
_DEALS = "^POST /crm/.*/deals/batch/create"
_ENTRIES = "^POST /crm/.*/communications/batch/create"
FAULTS: tuple[Mapping[str, Any], ...] = (
    # In every run each kind of write loses an answer. The first call of two kinds is refused for
    # want of our property, which is then made: the second one is carried out.
    {"match": _CONTACTS, "fault": "500_after", "times": 2},
    {"match": _DEALS, "fault": "reset_after", "times": 2},
    {"match": _ENTRIES, "fault": "html_after", "rate": 0.5, "times": 2},
    {"match": _ENTRIES, "fault": "timeout_after", "rate": 0.5, "times": 1, "seconds": 2.5},
    # Shares of all writes.
    {"match": _WRITES, "fault": "500", "rate": 0.04},
    {"match": _WRITES, "fault": "500_after", "rate": 0.08},
    {"match": _WRITES, "fault": "reset_after", "rate": 0.04},
    {"match": _WRITES, "fault": "html_after", "rate": 0.04},
    # Shares of all calls, reads and look-ups among them.
    {"match": _ANY, "fault": "429", "rate": 0.03, "retry_after": "1"},
    {"match": _ANY, "fault": "500", "rate": 0.02},
    {"match": _ANY, "fault": "timeout_after", "rate": 0.01, "seconds": 2.5},
    {"match": _ANY, "fault": "reset", "rate": 0.02},
    {"match": _ANY, "fault": "html", "rate": 0.01},
)
