"""One crash run: clients write, processes die, the CRM fails; then rest, and the comparison."""

import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from bridge.store.engine import open_engine
from tests.chaos.clients import Crowd, Ledger, chats_of, clients_of
from tests.chaos.house import House, house
from tests.chaos.plan import Plan, strikes
from tests.chaos.processes import Process
from tests.chaos.verdict import Findings, Store, judge, look

LOOK_SECONDS = 0.05
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    plan: Plan
    ledger: Ledger
    processes: Mapping[str, Process]
    faults: Mapping[str, int]
    calls: int
    store: Store
    settle_seconds: float
    findings: Findings

    def __str__(self) -> str:
        answers = {status or "none": n for status, n in sorted(self.ledger.answers.items())}
        lines = [
            f"seed {self.plan.seed}: {self.plan.seconds:.0f} s, {self.plan.chats} chats",
            f"messages: {len(self.ledger.taken)} taken, {self.ledger.sent_twice} sent twice; "
            f"answers {_counts(answers)}",
            *(f"{name}: {_fate(process)}" for name, process in self.processes.items()),
            f"CRM: {self.calls} calls; faults {_counts(self.faults)}",
            f"rows: {_counts(self.store.rows)}; {self.store.tried_again} delivered again",
            f"at rest {self.settle_seconds:.1f} s after the last message",
        ]
        return "\n".join([*lines, *self._wrong()])

    def _wrong(self) -> list[str]:
        found = self.findings.wrong()
        if not found:
            return ["nothing lost, doubled, out of order or left over"]
        return [
            f"WRONG: {len(some)} {name}: {', '.join(map(str, some[:SHOWN]))}"
            for name, some in found.items()
        ]


def crash(plan: Plan, database_url: str, folder: Path) -> Report:
    """Runs the plan on a migrated, empty database; `folder` keeps every process's log."""
    clients = clients_of(plan)
    chats = chats_of(plan, clients)
    engine = open_engine(database_url)
    try:
        with house(database_url, folder, clients) as home:
            crowd = Crowd(plan, home.port, home.hook, time.monotonic() + plan.settle_seconds)
            home.fail(plan.seed)
            crowd.begin(chats)
            _rage(plan, home, crowd)
            ended = time.monotonic()
            _await_rest(home, engine, plan.faults_linger)
            faults = home.mend()
            _await_rest(home, engine, plan.settle_seconds)
            rested = time.monotonic() - ended
            crm, store = home.crm(), look(engine)
    finally:
        engine.dispose()
    return Report(
        plan=plan,
        ledger=crowd.ledger,
        processes=home.fleet.processes,
        faults=faults,
        calls=sum(crm["calls"].values()),
        store=store,
        settle_seconds=rested,
        findings=judge(crowd.ledger.taken, chats, crm, store),
    )


def _rage(plan: Plan, home: House, crowd: Crowd) -> None:
    """Strikes as planned, and on until every client has been heard."""
    begun = time.monotonic()
    ahead = deque(strikes(plan))
    while ahead or crowd.is_writing():
        while ahead and time.monotonic() - begun >= ahead[0].at:
            strike = ahead.popleft()
            home.fleet.strike(strike.victim, strike.aim, strike.absence)
        home.fleet.look()
        time.sleep(LOOK_SECONDS)


def _await_rest(home: House, engine: Engine, seconds: float) -> None:
    end = time.monotonic() + seconds
    while look(engine).open_rows and time.monotonic() < end:
        home.fleet.look()
        time.sleep(4 * LOOK_SECONDS)


def _fate(process: Process) -> str:
    struck = _counts({f"killed ({aim})": n for aim, n in process.struck.items()})
    ended = _counts({f"ended with {code}": n for code, n in process.ended.items()})
    return "; ".join(part for part in (struck, ended) if part) or "untouched"


def _counts(counts: Mapping[str | int, int] | Mapping[str, int] | Counter[str]) -> str:
    return ", ".join(f"{n} × {name}" for name, n in counts.items())
