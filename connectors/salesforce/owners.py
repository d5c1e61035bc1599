"""Owners: changed in one call, and never by the org's assignment rules (PX-01)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.domain.effects import ChangeOwner
from bridge.domain.records import RecordKind
from bridge.ports import Done
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import CONTACT, LEAD, OPPORTUNITY
from connectors.salesforce.work import Work
from connectors.salesforce.writing import OWNER_IS_OURS, Row, Writing

_OBJECTS: Mapping[str, str] = {CONTACT: "Contact", LEAD: "Lead", OPPORTUNITY: "Opportunity"}
_OF_KIND: Mapping[RecordKind, str] = {
    RecordKind.CONTACT: "Contact",
    RecordKind.DEAL: "Opportunity",
    RecordKind.LEAD: "Lead",
}


@dataclass(frozen=True, slots=True)
class Owners:
    client: SalesforceClient

    def change(self, work: Work) -> None:
        """A lead that was converted is owned as the contact that he became. A client who is a
        lead has one record for both of ours: it is changed once."""
        rows: list[Row] = []
        joined: dict[int, list[int]] = {}
        for place, delivery, effect in work.of(ChangeOwner):
            record = work.id_of(delivery, effect.record)
            if record is None:
                work.settle({place: work.lacking(delivery, effect.record)})
                continue
            row = _row(place, effect, record)
            last = next((one for one in reversed(rows) if one.name == row.name), None)
            if last is not None and last.fields == row.fields:
                joined[last.place].append(place)
            else:
                rows.append(row)
                joined[place] = [place]
        self._write(work, rows, joined)

    def _write(self, work: Work, rows: Sequence[Row], joined: Mapping[int, Sequence[int]]) -> None:
        made = Writing(self.client, "PATCH", OWNER_IS_OURS).write(rows)
        for row in rows:
            answer = made[row.place]
            for place in joined[row.place]:
                if isinstance(answer, str):
                    work.settle({place: Done()})
                else:
                    work.fail(place, answer)


def _row(place: int, effect: ChangeOwner, record: str) -> Row:
    """By its id, which knows better: our lead may be their contact by now."""
    object_name = _OBJECTS.get(record[:3], _OF_KIND[effect.kind])
    fields = {"Id": record, "OwnerId": str(effect.owner)}
    return Row(place=place, name=record, object_name=object_name, fields=fields)
