"""A run told to people: what was done to the bridge, what it did, and what is wrong."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.clients import Ledger
from tests.chaos.partners import LeadLedger
from tests.chaos.plan import Plan
from tests.chaos.processes import Process
from tests.chaos.standing import Store
from tests.chaos.units import UseLedger
from tests.chaos.verdict import Findings

SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`faults` by account, `told` is what the CRM told by webhooks, `reached` how many messages the
    messenger has carried to clients, `mails` how many the mail server took, `files` how many of
    theirs were served well and badly."""

    plan: Plan
    ledger: Ledger
    uses: UseLedger
    leads: LeadLedger
    mails: int
    processes: Mapping[str, Process]
    faults: Mapping[str, Mapping[str, int]]
    calls: int
    told: Mapping[str, Any]
    owners_changed: int
    reached: int
    files: tuple[int, int]
    store: Store
    settle_seconds: float
    folder: Path
    findings: Findings

    @property
    def is_well(self) -> bool:
        return not self.findings.wrong()

    @property
    def strikes(self) -> int:
        return sum(sum(process.struck.values()) for process in self.processes.values())

    def __str__(self) -> str:
        plan, ledger = self.plan, self.ledger
        answers = {status or "none": n for status, n in sorted(ledger.answers.items())}
        replies = sum(sent.is_reply for sent in ledger.taken)
        lines = [
            f"seed {plan.seed} on {plan.store} with {plan.crm}: {plan.seconds:g} s, "
            f"{plan.chats} chats",
            f"messages: {len(ledger.taken) - replies} from clients and {replies} replies taken, "
            f"{ledger.sent_twice} sent twice, {len(ledger.edited)} edited; "
            f"answers {_counts(answers)}",
            *(f"{name}: {_fate(process)}" for name, process in self.processes.items()),
            f"CRM: {self.calls} calls, {self.owners_changed} owners changed, "
            f"{len(self.told['accepted'])} events told and taken, {self.told['given_up']} given up",
            f"messenger: {self.reached} messages reached clients",
            f"files: {self.files[0]} served, {self.files[1]} served badly",
            f"units: {len(self.uses.taken)} uses taken, {self.uses.told_again} told again; "
            f"{self.mails} mails, {len(self.store.mails_for_a_person)} wait for a person",
            f"leads: {len(self.leads.came)} came; who tried to take one was told "
            f"{_counts(self.leads.answers) or 'nothing'}",
            *(f"faults of {account}: {_counts(n) or 'none'}" for account, n in self.faults.items()),
            f"rows: {_counts(self.store.rows)}; {self.store.tried_again} delivered again; "
            f"{len(self.store.for_a_person)} replies wait for a person",
            f"at rest {self.settle_seconds:.1f} s after the last message",
        ]
        return "\n".join([*lines, *self._wrong()])

    def _wrong(self) -> list[str]:
        found = self.findings.wrong()
        if not found:
            return ["nothing lost, doubled, out of order or left over"]
        lines = [
            f"WRONG: {len(some)} {name}: {', '.join(map(str, some[:SHOWN]))}"
            for name, some in found.items()
        ]
        return [*lines, f"the processes' logs are in {self.folder}"]


def table(reports: Sequence[Report]) -> str:
    """A line for each run."""
    rows = [_HEAD, *(_row(report) for report in reports)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(_HEAD))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )


_HEAD = (
    *("seed", "store", "CRM", "seconds", "messages", "replies", "CRM events", "strikes", "faults"),
    *("lost", "doubled", "disordered", "others", "for a person", "at rest after"),
)


def _row(report: Report) -> tuple[str, ...]:
    plan, found = report.plan, report.findings
    replies = sum(sent.is_reply for sent in report.ledger.taken)
    faults = sum(sum(counts.values()) for counts in report.faults.values())
    lost = len(found.lost) + len(found.replies_lost)
    doubled = len(found.doubled) + len(found.replies_doubled)
    disordered = len(found.out_of_order) + len(found.replies_out_of_order)
    others = sum(map(len, found.wrong().values())) - lost - doubled - disordered
    load = (len(report.ledger.taken) - replies, replies, len(report.told["accepted"]))
    counts = (*load, report.strikes, faults, lost, doubled, disordered, others)
    return (
        *(str(plan.seed), plan.store.value, plan.crm, f"{plan.seconds:g}"),
        *map(str, (*counts, len(report.store.for_a_person))),
        f"{report.settle_seconds:.1f} s",
    )


def _fate(process: Process) -> str:
    struck = _counts({_said(aim.value): n for aim, n in process.struck.items()})
    ended = _counts({f"ended with {code}": n for code, n in process.ended.items()})
    return "; ".join(part for part in (struck, ended) if part) or "untouched"


def _said(aim: str) -> str:
    return aim if aim == "paused" else f"killed ({aim})"


def _counts(counts: Mapping[str | int, int] | Mapping[str, int] | Counter[str]) -> str:
    return ", ".join(f"{n} × {name}" for name, n in counts.items())
