"""Whether each vendor still tells us by itself: asked where it can be, else seen by its silence."""

from collections.abc import Iterator
from datetime import timedelta

from bridge.domain.names import AccountName
from bridge.pipeline.doctor import vendors
from bridge.pipeline.doctor.points import Health, Point
from bridge.pipeline.reconcile.asking import Task
from bridge.pipeline.reconcile.findings import About, Finding, State
from bridge.store import reconciling
from bridge.store.engine import reading
from bridge.store.reconciling import Told

QUIET = timedelta(minutes=15)
_SILENT = (
    "{done} times since {first:%Y-%m-%d %H:%M} UTC it was to tell what came of what we ordered, "
    "and has not called once"
)
_TODO = (
    "do its webhooks go to this bridge's public URL? If they can't be looked at from here, the "
    "connector's README says where they are set"
)


def webhooks(task: Task, account: AccountName, *, fix: bool, take_over: bool) -> Iterator[Finding]:
    if fix and not task.dry_run:
        for point in vendors.fix(task.parts, account, take_over=take_over):
            yield _found(account, point, State.MENDED)
    points = [p for p in vendors.set_up(task.parts, account) if p.health is Health.WRONG]
    for point in points:
        yield _found(account, point, State.OPEN)
    silence = None if points else _silence(task, account)
    if silence is not None:
        yield silence


def _found(account: AccountName, point: Point, fine: State) -> Finding:
    return Finding(
        about=About.WEBHOOKS,
        account=account,
        subject=point.check,
        state=State.OPEN if point.health is Health.WRONG else fine,
        detail=point.detail,
        todo=point.todo,
    )


def _silence(task: Task, account: AccountName) -> Finding | None:
    """The probe is what we did ourselves: of that it has to tell within minutes."""
    connector = task.parts.vendors.connector(account)
    kinds = [effect.__name__ for effect in connector.tells_of]
    if not kinds or not connector.methods:
        return None
    with reading(task.parts.engine) as db:
        within = reconciling.span(db, task.since)
        told = reconciling.told(db, account, kinds, within, task.until - QUIET)
    return _silent(account, told)


def _silent(account: AccountName, told: Told) -> Finding | None:
    if told.first_at is None or told.heard_at is not None:
        return None
    return Finding(
        about=About.WEBHOOKS,
        account=account,
        subject="silence",
        state=State.OPEN,
        detail=_SILENT.format(done=told.done, first=told.first_at),
        todo=_TODO,
    )
