"""One `bridge sync` and its parts, each noted as it goes: what was done is not done again."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.domain.names import AccountName
from bridge.pipeline.parts import Parts
from bridge.store import syncs
from bridge.store.engine import reading, writing
from bridge.store.syncs import Sync

RESUMED_WITHIN = timedelta(days=1)  # later the clock has read most of it anew by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Ongoing:
    """`resumed`: it was interrupted before."""

    parts: Parts
    crm: AccountName
    began_at: datetime
    resumed: bool

    def part(self, name: str) -> Sync:
        """How far this part is; as good as new where it is an earlier sync's."""
        with reading(self.parts.engine) as db:
            known = syncs.find(db, name)
        if known is None or known.began_at < self.began_at:
            return Sync(subject=name, began_at=self.began_at)
        return known

    def note(self, part: Sync) -> None:
        with writing(self.parts.engine) as db:
            syncs.put_sync(db, part)

    def end(self, part: Sync) -> None:
        self.note(replace(part, ended_at=self.parts.now()))


def begin(parts: Parts, crm: AccountName, *, anew: bool) -> Ongoing:
    """Goes on with one that was interrupted within a day, else begins."""
    subject = _whole(crm)
    now = parts.now()
    with writing(parts.engine) as db:
        known = syncs.find(db, subject)
        if known is not None and not anew and _goes_on(known, now):
            return Ongoing(parts=parts, crm=crm, began_at=known.began_at, resumed=True)
        syncs.put_sync(db, Sync(subject=subject, began_at=now))
    return Ongoing(parts=parts, crm=crm, began_at=now, resumed=False)


def finish(ongoing: Ongoing) -> None:
    ongoing.end(Sync(subject=_whole(ongoing.crm), began_at=ongoing.began_at))


def _goes_on(known: Sync, now: datetime) -> bool:
    return known.ended_at is None and timedelta() <= now - known.began_at <= RESUMED_WITHIN


def _whole(crm: AccountName) -> str:
    return f"sync:{crm}"
