"""Stops a worker in the middle of a run of calls, until another one has done the rest of it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.chaos.house import House
from tests.chaos.plan import CONTACTS, CRM, CRM_FAULTS, Aim, Plan
from tests.chaos.processes import Process
from tests.chaos.standing import look

# The first call of a run, so slow that its caller is met while it is in the air.
DELAY = {"match": CONTACTS, "fault": "delay", "seconds": 1.0, "times": 1}
ENOUGH = 40  # webhooks: of known clients, whose entries come last in a run, and of strangers
FIRST, SECOND = "worker 1", "worker 2"
FOR_EVER = 3600.0
PATIENCE_SECONDS = 300.0
DONE = object()


def _calm(seed: int) -> Plan:
    """Clients write, nobody is killed, and nothing fails."""
    return Plan(
        seed=seed,
        seconds=2.0,
        strikes=False,
        answered=0,
        owners_changed_per_second=0.0,
        sent_twice=0.0,
        leads_per_second=0.0,
        meters=0,
    )


def ambush_plan(seed: int) -> Plan:
    """Nobody is killed and nothing fails but this: contacts are made first in a run, entries of
    known clients last."""
    return replace(
        _calm(seed),
        faults=((CRM, (DELAY,)),),
    )


@dataclass
class Ambush:
    """Both workers are away until enough waits for one run of all kinds. Then one of them makes its
    calls, is stopped in the first, and goes on when the other one has done everything."""

    steps: Iterator[None] | None = None
    is_over: bool = False

    def __call__(self, home: House) -> bool:
        self.steps = self.steps or _ambush(home)
        self.is_over = next(self.steps, DONE) is DONE
        return self.is_over


def _ambush(home: House) -> Iterator[None]:
    """A step for each look; ends when it is over."""
    first, second = (home.fleet.processes[name] for name in (FIRST, SECOND))
    for name in (FIRST, SECOND):
        home.fleet.strike(name, Aim.ALL, FOR_EVER)
    yield from _until(lambda: _rows(home, "inbox pending") >= ENOUGH)
    first.start()
    yield from _until(lambda: home.struck(CRM).get("delay", 0) > 0)
    home.fleet.strike(FIRST, Aim.PAUSE, FOR_EVER)
    second.start()
    yield from _until(lambda: _is_done(home))
    called = _calls(first)
    first.go_on()
    yield from _until(lambda: _calls(first) > called)


def _until(holds: Callable[[], bool]) -> Iterator[None]:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "the ambush does not come about"
        yield


def _rows(home: House, name: str) -> int:
    with home.parts() as parts:
        return look(parts.engine).rows.get(name, 0)


def _is_done(home: House) -> bool:
    with home.parts() as parts:
        return not look(parts.engine).open_rows


def _calls(worker: Process) -> int:
    """How many runs it has ended, as its log says."""
    return worker.log.read_text().count('"operation": "deliver"')


def lost_answers_plan(seed: int) -> Plan:
    """Nobody is killed; the CRM loses answers to what it has carried out."""
    return replace(
        _calm(seed),
        faults=((CRM, CRM_FAULTS),),
        faults_linger=4.0,
    )


def units_plan(seed: int) -> Plan:
    """Nobody is killed, and clients write nothing: a reseller's clients use up their units, most of
    which is told again; the answer to a mail is lost."""
    return replace(
        _calm(seed),
        known=0,
        strangers=0,
        on_two_channels=0,
        sent_twice=0.6,
        meters=6,
        faults=(),
        mail_faults=({"match": "^SMTP MAIL", "fault": "reset_after", "times": 2},),
        seconds=3.0,
    )
