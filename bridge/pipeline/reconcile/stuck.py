"""Contacts, deals, leads, owners and edits that never got into the CRM, and sends of unknown
outcome: settled where the vendor knows of them, else told with what to do."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from bridge.domain import effects as f
from bridge.domain.names import AccountName
from bridge.pipeline import settling
from bridge.pipeline.reconcile.asking import Task
from bridge.pipeline.reconcile.findings import About, Finding, State
from bridge.pipeline.reconcile.rows import ask, is_settled, pages
from bridge.pipeline.settling import Answer
from bridge.ports import Found
from bridge.store import outbox, reconciling
from bridge.store.deciding import deciding
from bridge.store.outgoing import Row
from bridge.store.reconciling import Standing

RECORDS = (
    f.CreateContact.__name__,
    f.CreateDeal.__name__,
    f.CreateLead.__name__,
    f.ChangeOwner.__name__,
    f.UpdateTimelineEntry.__name__,
)
SENDS = (f.SendMessage.__name__,)
LONG = timedelta(minutes=15)
_RECORD_TODO = "correct what it says, then: bridge dead replay outbox:{id} (or drop it)"
_SEND_TODO = "on the conversation's page: send it again, or mark it as sent"


def records(task: Task, crm: AccountName) -> Iterator[Finding]:
    yield from _stuck(task, crm, About.RECORD, RECORDS)


def sends(task: Task, account: AccountName) -> Iterator[Finding]:
    """A message to a client is never sent again by itself."""
    yield from _stuck(task, account, About.SEND, SENDS)
    for page in pages(task, account, About.SEND, SENDS):
        yield from (_waiting(account, one) for one in page if _waits_long(task, one))


def _stuck(
    task: Task, account: AccountName, about: About, kinds: Sequence[str]
) -> Iterator[Finding]:
    for page in pages(task, account, about, kinds):
        found = [(one, one.row) for one in page if one.row and _waits_for_a_person(one, about)]
        settled = [(one, row) for one, row in found if is_settled(task, account, one)]
        answers = ask(task, account, [row for _, row in settled])
        for (one, row), answer in zip(settled, answers, strict=True):
            yield _told(task, about, one, row, answer)


def _waits_long(task: Task, standing: Standing) -> bool:
    waits = standing.state in (outbox.State.PENDING, outbox.State.HELD)
    return waits and task.until - standing.created_at >= LONG


def _waiting(account: AccountName, standing: Standing) -> Finding:
    since = f"{standing.created_at:%Y-%m-%d %H:%M} UTC"
    return Finding(
        about=About.SEND,
        account=account,
        subject=f"outbox:{standing.id}",
        state=State.OPEN,
        detail=f"{standing.kind}: has not left since {since}: {_said(standing, there=False)}",
        todo="run `bridge doctor`: is a worker alive, and is the account's lane held?",
    )


def _waits_for_a_person(standing: Standing, about: About) -> bool:
    """A send that was refused is shown to its writer as failed: nothing is in doubt."""
    return standing.is_stuck and (about is not About.SEND or standing.state is outbox.State.UNKNOWN)


def _told(task: Task, about: About, standing: Standing, row: Row, answer: Answer) -> Finding:
    there = isinstance(answer, Found)
    if there and task.dry_run:
        state = State.WOULD_MEND
    elif isinstance(answer, Found) and _settled(task, standing, row, answer):
        state = State.MENDED
    else:
        state = State.OPEN
    todo = _SEND_TODO if about is About.SEND else _RECORD_TODO.format(id=standing.id)
    return Finding(
        about=about,
        account=row.account,
        subject=f"outbox:{standing.id}",
        state=state,
        detail=f"{standing.kind}: {_said(standing, there=there)}",
        todo=todo if state is State.OPEN else "",
    )


def _settled(task: Task, standing: Standing, row: Row, found: Found) -> bool:
    with deciding(task.parts.engine) as db:
        if not reconciling.as_it_was(db, standing):
            return False
        settling.note_found(db, task.parts.now(), [(row, found)])
        return True


def _said(standing: Standing, *, there: bool) -> str:
    if there:
        return "the vendor has it after all"
    lines = [line for line in standing.reason.splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"is {standing.state}, no reason was kept"
