"""What became of tasks and notes of our own whose answer got lost: looked for by their marks among
those of their record, never by search, which lags."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.domain.effects import CreateTask, WriteNote
from bridge.ports import Absent, CannotTell, Found
from connectors.hubspot.associations import CRM_KINDS, NOTES, TASKS
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.on_records import BODIES, Item, remark_mark
from connectors.hubspot.reading import read_associations, read_records, value
from connectors.hubspot.work import Work

MAX_READ = 3000
_MARK = re.compile(r"\[bridge:[0-9a-f]{10}\]")

Answer = Found | Absent | CannotTell
Answers = Mapping[int, Answer]


@dataclass(frozen=True, slots=True)
class Remarks:
    client: HubSpotClient

    def tasks(self, work: Work) -> Answers:
        return self._of(TASKS, [*work.of(CreateTask)])

    def notes(self, work: Work) -> Answers:
        return self._of(NOTES, [*work.of(WriteNote)])

    def _of(self, kind: str, items: Sequence[Item]) -> Answers:
        """Of a kind of record that HubSpot does not have nothing was written."""
        found: dict[int, Answer] = {place: Absent() for place, _, _ in items}
        known = [item for item in items if item[2].kind in CRM_KINDS]
        for of in dict.fromkeys(CRM_KINDS[effect.kind] for _, _, effect in known):
            mine = [item for item in known if CRM_KINDS[item[2].kind] == of]
            found |= self._on(of, kind, mine)
        return found

    def _on(self, of: str, kind: str, items: Sequence[Item]) -> Answers:
        records = [str(effect.record) for _, _, effect in items]
        linked = {
            one: sorted(some, key=lambda i: (len(i), i), reverse=True)  # newest first: ids grow
            for one, some in read_associations(self.client, of, kind, records).items()
        }
        marked = self._marked(kind, linked)
        return {
            place: _answer(
                marked.get(remark_mark(delivery.idempotency_key)),
                linked.get(str(effect.record), ()),
            )
            for place, delivery, effect in items
        }

    def _marked(self, kind: str, linked: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        newest = {one for some in linked.values() for one in some[:MAX_READ]}
        found = read_records(self.client, kind, sorted(newest), [BODIES[kind]])
        return {
            known: record.at("id").identifier()
            for record in found
            for known in _MARK.findall(value(record, BODIES[kind]))
        }


def _answer(known: str | None, linked: Sequence[str]) -> Answer:
    if known is not None:
        return Found(vendor_ids={"id": known})
    if len(linked) > MAX_READ:
        return CannotTell(reason="hubspot: too many tasks or notes to look through")
    return Absent()
