"""What one run does to the house: how much is written to it, what fails, who is killed when."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# The lease outlasts a stall of a busy machine, a look-up comes later than any call can end.
LEASE_SECONDS = 2.0
CALL_SECONDS = 1.5
LOOK_UP_SECONDS = 2.5
# So long look-ups do not show what was written.
LAG_SECONDS = 0.8

CRM, CHAT = "hubspot-main", "wazzup-main"
INSISTS = 1000  # a CRM repeats for a day what was not taken, here for as long as a run takes
WRITER = "luis@acme.example"  # who answers clients


class Kind(StrEnum):
    """The store. SQLite lives in the processes that are killed; PostgreSQL is one of them."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


class Aim(StrEnum):
    ALL = "all"  # the process and all that it forked
    PARENT = "parent"  # a worker; the job that it forked lives on for a moment
    JOB = "job"  # the job only; its worker lives on
    PAUSE = "paused"  # a worker with its job: stopped for longer than its lease, then goes on


# One round of strikes, in the order of the seed: nobody is spared, and jobs, which have calls
# in the air, are struck most.
_ROUND = (
    ("web", Aim.ALL),
    ("clock", Aim.ALL),
    ("redis", Aim.ALL),
    ("worker 1", Aim.ALL),
    ("worker 2", Aim.PARENT),
    ("worker 2", Aim.PAUSE),
    *(("worker 1", Aim.JOB), ("worker 2", Aim.JOB)) * 3,
)
ROUNDS: Mapping[Kind, tuple[tuple[str, Aim], ...]] = {
    Kind.SQLITE: _ROUND,
    Kind.POSTGRES: (*_ROUND, ("postgres", Aim.ALL)),
}


# A mail whose answer is lost is never sent again: a person decides. What was surely not taken is
# tried again after a minute, which no run of a few seconds waits for.
MAIL_FAULTS: tuple[Mapping[str, Any], ...] = (
    {"match": "^SMTP MAIL", "fault": "reset_after", "rate": 0.5, "times": 1},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run is told by its seed: who is killed when, what is sent twice, what vendors refuse."""

    seed: int
    seconds: float  # so long clients write and processes are killed
    store: Kind = Kind.SQLITE
    crm: str = "hubspot"
    known: int = 12  # clients with a contact and a deal in the CRM
    strangers: int = 12
    on_two_channels: int = 4  # strangers who write on both channels at once
    answered: int = 6  # known clients who are written to
    messages_per_second: float = 50.0
    replies_per_second: float = 4.0
    owners_changed_per_second: float = 2.0
    sent_twice: float = 0.1
    edited: float = 0.1  # share of clients' messages
    meters: int = 6  # clients of a reseller, half of whom run out of units
    uses_per_second: float = 12.0
    leads_per_second: float = 1.5  # of the partner programme
    strikes: bool = True
    shortest_pause: float = 0.6  # between two strikes
    longest_pause: float = 1.4
    longest_absence: float = 1.5  # of a killed process
    faults: tuple[tuple[str, tuple[Mapping[str, Any], ...]], ...] | None = (
        None  # None: those of both
    )
    mail_faults: tuple[Mapping[str, Any], ...] = MAIL_FAULTS
    faults_linger: float = 10.0  # after the last strike, at most
    settle_seconds: float = 120.0

    @property
    def chats(self) -> int:
        return self.known + self.strangers + self.on_two_channels

    @property
    def messages_each(self) -> int:
        return max(1, round(self.seconds * self.messages_per_second / self.chats))

    @property
    def replies_each(self) -> int:
        return round(self.seconds * self.replies_per_second / max(1, self.answered))

    @property
    def leads(self) -> int:
        return round(self.seconds * self.leads_per_second)

    @property
    def uses_each(self) -> int:
        return round(self.seconds * self.uses_per_second / max(1, self.meters))


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """`at` counts from the start of the run, `absence` from the strike; both in seconds."""

    at: float
    victim: str
    aim: Aim
    absence: float


def strikes(plan: Plan) -> Iterator[Strike]:
    if not plan.strikes:
        return
    dice = random.Random(plan.seed)
    round_of_all = ROUNDS[plan.store]
    at = dice.uniform(plan.shortest_pause, plan.longest_pause)
    while True:
        for victim, aim in dice.sample(round_of_all, len(round_of_all)):
            if at > plan.seconds:
                return
            yield Strike(at=at, victim=victim, aim=aim, absence=_absence(plan, aim, dice))
            at += dice.uniform(plan.shortest_pause, plan.longest_pause)


def _absence(plan: Plan, aim: Aim, dice: random.Random) -> float:
    if aim is Aim.PAUSE:
        return LEASE_SECONDS * dice.uniform(1.1, 1.8)
    return dice.uniform(0.0, plan.longest_absence)


# Each call's answer is a good while in coming, so that many a call is in the air when its caller is
# killed. What ends in `_after` was carried out all the same.
LATENCY_SECONDS = 0.1
_ANY = "^[A-Z]+ /crm/"
_WRITES = "^POST /crm/.*/batch/(create|update|upsert)"
CONTACTS = "^POST /crm/.*/contacts/batch/upsert"
_DEALS = "^POST /crm/.*/deals/batch/create"
ENTRIES = "^POST /crm/.*/communications/batch/create"
_SENDS = "^POST /v3/message"
SLOW_SECONDS = CALL_SECONDS + 1.0
CRM_FAULTS: tuple[Mapping[str, Any], ...] = (
    # In every run each kind of write loses an answer. The first call of two kinds is refused for
    # want of our property, which is then made: the second one is carried out.
    {"match": CONTACTS, "fault": "500_after", "times": 2},
    {"match": _DEALS, "fault": "reset_after", "times": 2},
    {"match": ENTRIES, "fault": "html_after", "rate": 0.5, "times": 2},
    {"match": ENTRIES, "fault": "207_partial", "rate": 0.5, "times": 2},
    {"match": ENTRIES, "fault": "207_partial_after", "rate": 0.5, "times": 2},
    {"match": ENTRIES, "fault": "timeout_after", "rate": 0.5, "times": 1, "seconds": SLOW_SECONDS},
    {"match": _ANY, "fault": "403_quota", "rate": 0.1, "times": 1, "retry_after": "1"},
    # Shares of all writes.
    {"match": _WRITES, "fault": "500", "rate": 0.04},
    {"match": _WRITES, "fault": "500_after", "rate": 0.08},
    {"match": _WRITES, "fault": "reset_after", "rate": 0.04},
    {"match": _WRITES, "fault": "html_after", "rate": 0.04},
    {"match": _WRITES, "fault": "207_partial", "rate": 0.04},
    {"match": _WRITES, "fault": "207_partial_after", "rate": 0.04},
    # Shares of all calls, reads and look-ups among them.
    {"match": _ANY, "fault": "429", "rate": 0.03, "retry_after": "1"},
    {"match": _ANY, "fault": "403_quota", "rate": 0.01, "retry_after": "1"},
    {"match": _ANY, "fault": "500", "rate": 0.02},
    {"match": _ANY, "fault": "timeout_after", "rate": 0.01, "seconds": SLOW_SECONDS},
    {"match": _ANY, "fault": "reset", "rate": 0.02},
    {"match": _ANY, "fault": "html", "rate": 0.01},
)
CHAT_FAULTS: tuple[Mapping[str, Any], ...] = (
    {"match": _SENDS, "fault": "500_after", "rate": 0.5, "times": 1},
    {"match": _SENDS, "fault": "timeout_after", "rate": 0.2, "times": 1, "seconds": SLOW_SECONDS},
    {"match": _SENDS, "fault": "500", "rate": 0.03},
    {"match": _SENDS, "fault": "500_after", "rate": 0.03},
    {"match": _SENDS, "fault": "reset", "rate": 0.03},
    {"match": _SENDS, "fault": "reset_after", "rate": 0.03},
    {"match": _SENDS, "fault": "html", "rate": 0.02},
    {"match": _SENDS, "fault": "html_after", "rate": 0.02},
    {"match": _SENDS, "fault": "429", "rate": 0.02, "retry_after": "1"},
)
