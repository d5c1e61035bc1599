"""`bridge reconcile`: the store held against every vendor, in both directions."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bridge.domain.effects import SendMessage
from bridge.domain.errors import (
    BridgeError,
    ConfigError,
    CredentialsInvalid,
    DeliveryTransient,
    OutcomeUnknown,
)
from bridge.domain.names import AccountName
from bridge.pipeline.reconcile import stuck
from bridge.pipeline.reconcile.asking import Task
from bridge.pipeline.reconcile.entries import Entries
from bridge.pipeline.reconcile.findings import About, Finding, Report, State
from bridge.pipeline.reconcile.histories import Histories
from bridge.pipeline.reconcile.webhooks import webhooks

_FAILURES = (ConfigError, CredentialsInvalid, DeliveryTransient, OutcomeUnknown)
_TODO = "run `bridge doctor`, then this again: nothing of it was lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What may be done beyond looking: `fix` sets up at the vendors what can be set up from here,
    `take_over` also from another system; `dropped` writes what a person decided against."""

    fix: bool = False
    take_over: bool = False
    dropped: bool = False


def reconcile(task: Task, wishes: Wishes) -> Report:
    """Raises ConfigError when the account is none of accounts.yaml."""
    active = task.parts.active()
    if task.account is not None and task.account not in active.accounts:
        known = ", ".join(active.accounts)
        raise ConfigError(f"there is no account {task.account}; accounts.yaml has: {known}")
    findings: list[Finding] = []
    looked_at: Counter[About] = Counter()
    for account in active.accounts:
        if task.is_about(account):
            findings += _carefully(account, _of_account(task, account, wishes, looked_at))
    return Report(
        findings=tuple(findings), looked_at={about: n for about, n in looked_at.items() if n}
    )


def _of_account(
    task: Task, account: AccountName, wishes: Wishes, looked_at: Counter[About]
) -> Iterator[Finding]:
    yield from webhooks(task, account, fix=wishes.fix, take_over=wishes.take_over)
    histories = Histories(task, account)
    yield from histories.findings()
    looked_at[About.MESSAGE] += histories.looked_at
    if account == task.parts.active().policy.crm:
        yield from stuck.records(task, account)
        entries = Entries(task, account, dropped=wishes.dropped)
        yield from entries.findings()
        looked_at[About.ENTRY] += entries.looked_at
    if SendMessage in task.parts.vendors.connector(account).delivers:
        yield from stuck.sends(task, account)


def _carefully(account: AccountName, findings: Iterator[Finding]) -> Iterator[Finding]:
    """A vendor that can't be asked keeps none of the others from being asked."""
    try:
        yield from findings
    except _FAILURES as error:
        yield _not_asked(account, error)


def _not_asked(account: AccountName, error: BridgeError) -> Finding:
    return Finding(
        about=About.VENDOR,
        account=account,
        subject=account,
        state=State.OPEN,
        detail=str(error),
        todo=_TODO,
    )
