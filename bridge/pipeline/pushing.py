"""Tells a messenger's own window what is new: what it shows already costs no call (WS-12)."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from bridge import codec
from bridge.domain.messenger_window import WindowClient, WindowDeal
from bridge.domain.names import AccountName, CrmId, RecordId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import Pipeline
from bridge.pipeline.lease import Lease
from bridge.pipeline.parts import Parts
from bridge.pipeline.window_records import Item, Wanted, WindowRecords
from bridge.pipeline.windows import kept_windows, mark_changed
from bridge.ports import Rejected, Window
from bridge.store import chats, mirror, pushes
from bridge.store.engine import reading, writing
from bridge.store.pushes import Push, Pushed, Shown

RUN = 100
EMPLOYEES = 10_000  # at once: they are few, and those who leave go last
Refused = Mapping[CrmId, Rejected]
Progress = Callable[[int], None]
T = TypeVar("T")
_log = structlog.get_logger()


class NoBudget(Exception):
    """The account's rate is used up: there is some again after `pause` seconds."""

    def __init__(self, pause: float) -> None:
        Exception.__init__(self, "the account's rate budget is used up")
        self.pause = pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushing:
    """One turn on the window of one account, under the lease of its mirror lane."""

    parts: Parts
    lease: Lease
    account: AccountName
    window: Window
    over: Callable[[], bool]
    progress: Progress = lambda count: None

    def run(self) -> bool:
        """Employees first, as clients name them, and those who left last. Gives whether all is
        told; raises NoBudget and what `Window` raises."""
        self._employees(come=True)
        self._pipelines()
        if not (self._all(Shown.CLIENT) and self._all(Shown.DEAL)):
            return False
        self._employees(come=False)
        return True

    def _employees(self, *, come: bool) -> None:
        with reading(self.parts.engine) as db:
            due = pushes.due(db, self.account, Shown.EMPLOYEE, EMPLOYEES)
            wanted = self._records().employees(db, due)
        self._settle([(push, item) for push, item in wanted if (item is not None) == come])

    def _pipelines(self) -> None:
        crm = self.parts.active().policy.crm
        with reading(self.parts.engine) as db:
            due = pushes.due(db, self.account, Shown.PIPELINES, 1)
            found: tuple[Pipeline, ...] = () if crm is None else mirror.pipelines(db, crm)
        for push in due:
            self._note([self._pipelines_told(push, found)])

    def _pipelines_told(self, push: Push, found: tuple[Pipeline, ...]) -> Pushed:
        digest = _digest(found)
        if not found or digest == push.digest:
            return Pushed(push=push, shown_as=push.shown_as, digest=push.digest)
        why = self._call(1, lambda: self.window.put_pipelines(found))
        told = Pushed(push=push, shown_as=Shown.PIPELINES, digest=digest)
        return told if why is None else _refused(push, why)

    def _all(self, kind: Shown) -> bool:
        """False when the time is over before all are told."""
        while not self.over():
            with reading(self.parts.engine) as db:
                due = pushes.due(db, self.account, kind, RUN)
                of = self._records()
                wanted = (of.clients if kind is Shown.CLIENT else of.deals)(db, due)
            if not wanted:
                return True
            self._settle(wanted)
            self.progress(len(wanted))
        return False

    def _records(self) -> WindowRecords:
        policy = self.parts.active().policy
        return WindowRecords(account=self.account, policy=policy, public_url=self.parts.public_url)

    def _settle(self, wanted: Wanted) -> None:
        """Drops what has to go, puts what is new, and notes both."""
        if not wanted:
            return
        kind = wanted[0][0].kind
        fresh = [item for push, item in wanted if item is not None and _is_new(push, item)]
        stay = {item.crm_id for _, item in wanted if item is not None}
        gone = [CrmId(push.shown_as) for push, _ in wanted if push.shown_as]
        refused = {
            **self._drop(kind, [crm_id for crm_id in gone if crm_id not in stay]),
            **self._put(kind, fresh),
        }
        self._note([_pushed(push, item, refused) for push, item in wanted])

    def _drop(self, kind: Shown, ids: Sequence[CrmId]) -> Refused:
        if not ids:
            return {}
        drop = {
            Shown.EMPLOYEE: self.window.drop_employees,
            Shown.CLIENT: self.window.drop_clients,
            Shown.DEAL: self.window.drop_deals,
        }[kind]
        return self._call(len(ids) if kind is Shown.EMPLOYEE else 1, lambda: drop(ids))

    def _put(self, kind: Shown, items: Sequence[Item]) -> Refused:
        if not items:
            return {}
        return self._call(-(-len(items) // RUN), lambda: _put(self.window, kind, items))

    def _call(self, calls: int, call: Callable[[], T]) -> T:
        pause = self.parts.budgets.take(self.account, calls)
        if pause > 0:
            raise NoBudget(pause)
        return self.lease.while_waiting(self.parts.engine, call)

    def _note(self, done: Sequence[Pushed]) -> None:
        for one in done:
            if one.reason:
                _log.warning(
                    "window refuses", account=self.account, kind=one.push.kind, reason=one.reason
                )
        with writing(self.parts.engine) as db:
            self.lease.keep(db)
            pushes.note(db, self.account, done)
            self._mark_deals(db, done)

    def _mark_deals(self, db: Connection, done: Sequence[Pushed]) -> None:
        """A deal is shown with those of its clients that the window knows."""
        came_or_went = [
            RecordId(one.push.record)
            for one in done
            if one.push.kind is Shown.CLIENT and bool(one.shown_as) != bool(one.push.shown_as)
        ]
        if came_or_went:
            deals, _ = chats.records_of(db, came_or_went)
            of = [deal.id for found in deals.values() for deal in found]
            mark_changed(db, (), of, self.parts.now())


def push(
    parts: Parts,
    lease: Lease,
    account: AccountName,
    over: Callable[[], bool],
    progress: Progress = lambda count: None,
) -> bool:
    """Whether all is told; so it is where there is no window any more."""
    make = parts.vendors.connector(account).window
    if make is None or account not in kept_windows(parts):
        return True
    window = make(parts.active().accounts[account])
    turn = Pushing(
        parts=parts, lease=lease, account=account, window=window, over=over, progress=progress
    )
    return turn.run()


def _put(window: Window, kind: Shown, items: Sequence[Item]) -> Refused:
    match kind:
        case Shown.EMPLOYEE:
            return window.put_employees([x for x in items if isinstance(x, CrmEmployee)])
        case Shown.CLIENT:
            return window.put_clients([x for x in items if isinstance(x, WindowClient)])
        case _:
            return window.put_deals([x for x in items if isinstance(x, WindowDeal)])


def _is_new(push: Push, item: Item) -> bool:
    return push.shown_as != item.crm_id or push.digest != _digest(item)


def _pushed(push: Push, item: Item | None, refused: Refused) -> Pushed:
    """What can't be dropped is tried again when it is marked again; it is told of meanwhile."""
    why = refused.get(item.crm_id if item is not None else CrmId(push.shown_as))
    if why is not None:
        return _refused(push, why)
    if item is None:
        return Pushed(push=push)
    return Pushed(push=push, shown_as=item.crm_id, digest=_digest(item))


def _refused(push: Push, why: Rejected) -> Pushed:
    return Pushed(push=push, shown_as=push.shown_as, digest=push.digest, reason=why.reason)


def _digest(item: Item | tuple[Pipeline, ...]) -> str:
    return hashlib.sha256(codec.encode(item)).hexdigest()
