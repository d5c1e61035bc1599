"""What became of deliveries whose answer got lost: asked by our unique keys."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bridge.domain.effects import (
    AssignRecord,
    ChangeOwner,
    CreateContact,
    CreateDeal,
    CreateLead,
    CreateTask,
    Effect,
    SetProperty,
    UpdateTimelineEntry,
    WriteNote,
    WriteTimelineEntry,
)
from bridge.domain.errors import BridgeError
from bridge.ports import Absent, CannotTell, Delivery, Found
from connectors.salesforce.lookup import Lookup, record_key
from connectors.salesforce.tasks import SEPARATOR, Target, targets
from connectors.salesforce.work import Work

_HARMLESS_TWICE = (CreateLead, ChangeOwner, UpdateTimelineEntry, AssignRecord, SetProperty)

Answer = Found | Absent | CannotTell
Answers = Mapping[int, Answer]


@dataclass(frozen=True, slots=True)
class Finding:
    lookup: Lookup

    def find(self, run: Sequence[Delivery]) -> list[Answer]:
        work = Work(run)
        found: dict[int, Answer] = {}
        for effect, look in (
            (CreateContact, self._people),
            (CreateDeal, self._deals),
            (WriteTimelineEntry, self._entries),
            (CreateTask, self._tasks),
            (WriteNote, self._notes),
        ):
            found |= _carefully(work, effect, look)
        # No lead is made but as a contact; the others say what shall be, and do so again.
        for harmless_twice in _HARMLESS_TWICE:
            found |= {place: Absent() for place, _, _ in work.of(harmless_twice)}
        unknown = CannotTell(reason="salesforce: not for a CRM")
        return [found.get(place, unknown) for place in range(len(run))]

    def _people(self, work: Work) -> Answers:
        found: dict[int, Answer] = {}
        for first in ("Contact", "Lead"):
            keys = {
                place: effect.key
                for place, _, effect in work.of(CreateContact)
                if effect.with_lead is (first == "Lead")
            }
            known = self.lookup.people(keys.values(), first) if keys else {}
            found |= {place: _answer(known.get(key)) for place, key in keys.items()}
        return found

    def _deals(self, work: Work) -> Answers:
        keys = {place: record_key(d.idempotency_key) for place, d, _ in work.of(CreateDeal)}
        known = self.lookup.deals(keys.values())
        return {place: _answer(known.get(key)) for place, key in keys.items()}

    def _tasks(self, work: Work) -> Answers:
        return self._by_record_key({p: d.idempotency_key for p, d, _ in work.of(CreateTask)})

    def _notes(self, work: Work) -> Answers:
        return self._by_record_key({p: d.idempotency_key for p, d, _ in work.of(WriteNote)})

    def _by_record_key(self, keys: Mapping[int, str]) -> Answers:
        wanted = {place: record_key(key) for place, key in keys.items()}
        known = self.lookup.tasks(wanted.values())
        return {place: _answer(known.get(key)) for place, key in wanted.items()}

    def _entries(self, work: Work) -> Answers:
        """Where one of its tasks is missing it is written again: the keys refuse the others."""
        work.follow(self.lookup.converted(work.known_ids()))
        wanted = {
            place: targets(work, delivery, entry)
            for place, delivery, entry in work.of(WriteTimelineEntry)
        }
        known = self.lookup.tasks(one.key for some in wanted.values() for one in some)
        return {place: _of_tasks(some, known) for place, some in wanted.items()}


def _of_tasks(wanted: Sequence[Target], known: Mapping[str, str]) -> Answer:
    if not wanted:
        return CannotTell(reason="salesforce: none of its records is known")
    if not all(one.key in known for one in wanted):
        return Absent()
    return Found(vendor_ids={"id": SEPARATOR.join(known[one.key] for one in wanted)})


def _carefully(work: Work, effect: type[Effect], look: Callable[[Work], Answers]) -> Answers:
    places = [place for place, _, _ in work.of(effect)]
    if not places:
        return {}
    try:
        return look(work)
    except BridgeError as error:
        return {place: CannotTell(reason=str(error)) for place in places}


def _answer(known: str | None) -> Answer:
    return Absent() if known is None else Found(vendor_ids={"id": known})
