"""Stops a worker in the middle of a run of calls, until another one has done the rest of it."""

import time
from dataclasses import dataclass

from tests.chaos.house import House
from tests.chaos.plan import (
    CONTACTS,
    CRM,
    CRM_FAULTS,
    LEASE_SECONDS,
    LOOK_UP_SECONDS,
    Aim,
    Plan,
)

# The first call of a run, so slow that its caller is met while it is in the air.
SLOW_SECONDS = 1.0
DELAY = {"match": CONTACTS, "fault": "delay", "seconds": SLOW_SECONDS, "times": 1}
# Another worker waits for the lease, looks up, and sends what was not there.
ABSENCE_SECONDS = LEASE_SECONDS + LOOK_UP_SECONDS + 5.0
FIRST, SECOND = "worker 1", "worker 2"
FOR_EVER = 3600.0


def ambush_plan(seed: int) -> Plan:
    """Nobody is killed and nothing fails but this: contacts are made first in a run, entries of
    known clients last."""
    return Plan(
        seed=seed,
        seconds=4.0,
        strikes=False,
        answered=0,
        owners_changed_per_second=0.0,
        sent_twice=0.0,
        faults=((CRM, (DELAY,)),),
    )


@dataclass
class Ambush:
    """One worker is away at first, so that it is known who makes the call. He is paused for longer
    than it takes the other one to do his work; then he goes on."""

    is_set: bool = False
    is_over: bool = False
    sprung_at: float = 0.0

    def __call__(self, home: House) -> bool:
        if not self.is_set:
            self.is_set = True
            home.fleet.strike(SECOND, Aim.ALL, FOR_EVER)
        elif not self.sprung_at and home.struck(CRM).get("delay"):
            self.sprung_at = time.monotonic()
            home.fleet.strike(FIRST, Aim.PAUSE, ABSENCE_SECONDS)
            home.fleet.processes[SECOND].start_again_at = self.sprung_at
        elif self.sprung_at and time.monotonic() > self.sprung_at + ABSENCE_SECONDS + SLOW_SECONDS:
            self.is_over = True
        return self.is_over


def lost_answers_plan(seed: int) -> Plan:
    """Nobody is killed; the CRM loses answers to what it has carried out."""
    return Plan(
        seed=seed,
        seconds=4.0,
        strikes=False,
        answered=0,
        owners_changed_per_second=0.0,
        sent_twice=0.0,
        faults=((CRM, CRM_FAULTS),),
    )
