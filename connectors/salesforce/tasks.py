"""Timeline entries: closed tasks, one for the client and one for each record that it can't name.

A task names one person and one other record, and none beside a lead. It is inserted closed, which
locks nobody; a later edit of the message changes it, and locks what it names for a moment.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bridge.domain.effects import UpdateTimelineEntry, WriteTimelineEntry
from bridge.domain.errors import BridgeError, DeliveryRejected
from bridge.domain.names import RecordId, digest_id
from bridge.domain.records import RecordKind
from bridge.ports import Delivery, Done
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import LEAD, is_of
from connectors.salesforce.lookup import MESSAGE_KEY
from connectors.salesforce.statuses import Statuses
from connectors.salesforce.task_rows import TaskRows
from connectors.salesforce.timeline import description, subject
from connectors.salesforce.work import Work
from connectors.salesforce.writing import Made, Row

SEPARATOR = ","  # between the ids of the tasks of one entry, the client's own first

Item = tuple[int, Delivery, WriteTimelineEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One task of an entry, by our unique key."""

    key: str
    who: str | None
    what: str | None


@dataclass(frozen=True, slots=True)
class Tasks:
    client: SalesforceClient
    statuses: Statuses

    def write(self, work: Work) -> None:
        items = [item for item in work.of(WriteTimelineEntry) if _is_ready(work, item)]
        if not items or work.is_down():
            return
        try:
            status = self.statuses.closed(self.client)
        except BridgeError as error:
            for place, _, _ in items:
                work.fail(place, error)
            return
        rows, owners = _rows(work, items, status)
        made = TaskRows(self.client).insert(rows)
        self._learn(made)
        _settle(work, owners, made)

    def update(self, work: Work) -> None:
        rows: list[Row] = []
        owners: dict[int, int] = {}
        for place, delivery, effect in work.of(UpdateTimelineEntry):
            known = delivery.ids.get(effect.message, "")
            if not known:
                work.settle({place: work.lacking(delivery, RecordId(effect.message))})
                continue
            for task in known.split(SEPARATOR):
                owners[len(rows)] = place
                rows.append(_changed(len(rows), task, effect))
        if rows and not work.is_down():
            _settle(work, owners, TaskRows(self.client).update(rows))

    def _learn(self, made: Made) -> None:
        wrong = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
        if any(isinstance(e, SalesforceRefused) and e.code == wrong for e in made.values()):
            self.statuses.forget()


def targets(work: Work, delivery: Delivery, entry: WriteTimelineEntry) -> list[Target]:
    """The client with his first deal; each further deal; each lead that is another person."""
    known = [(kind, found) for kind, r in entry.records if (found := work.id_of(delivery, r))]
    deals = _once(found for kind, found in known if kind is RecordKind.DEAL)
    people = _once(found for kind, found in known if kind is not RecordKind.DEAL)
    first = next(iter(people), None)
    named: list[tuple[str | None, str | None]] = []
    if first is not None:
        beside = None if is_of(LEAD, first) or not deals else deals.pop(0)
        named.append((first, beside))
    named += [(None, deal) for deal in deals]
    named += [(person, None) for person in people[1:]]
    return [
        Target(key=_key(entry, place, who or what or ""), who=who, what=what)
        for place, (who, what) in enumerate(named)
    ]


def _key(entry: WriteTimelineEntry, place: int, record: str) -> str:
    """The first one's is made from our message alone: it stays when he is converted or merged."""
    return digest_id("bridge", entry.message, *((record,) if place else ()))


def _once(ids: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def _is_ready(work: Work, item: Item) -> bool:
    place, delivery, entry = item
    waiting = [record for _, record in entry.records if work.waits_for(delivery, record)]
    if not waiting and targets(work, delivery, entry):
        return True
    work.settle({place: work.lacking(delivery, waiting[0] if waiting else RecordId(""))})
    return False


def _rows(
    work: Work, items: Sequence[Item], status: str
) -> tuple[Sequence[Row], Mapping[int, int]]:
    """All tasks, numbered, and by their numbers the places of their entries."""
    rows: list[Row] = []
    owners: dict[int, int] = {}
    for place, delivery, entry in items:
        for target in targets(work, delivery, entry):
            owners[len(rows)] = place
            rows.append(_row(len(rows), target, entry, status))
    return rows, owners


def _row(number: int, target: Target, entry: WriteTimelineEntry, status: str) -> Row:
    fields = {
        MESSAGE_KEY: target.key,
        "Subject": subject(entry),
        "Description": description(entry),
        "Status": status,
        "ActivityDate": entry.occurred_at.date().isoformat(),
        "WhoId": target.who,
        "WhatId": target.what,
        "OwnerId": entry.author,
    }
    present = {name: value for name, value in fields.items() if value}
    return Row(place=number, name=target.key, object_name="Task", fields=present)


def _changed(number: int, task: str, effect: UpdateTimelineEntry) -> Row:
    fields = {
        "Id": task,
        "Subject": subject(effect.entry, effect.note),
        "Description": description(effect.entry, effect.note),
    }
    return Row(place=number, name=task, object_name="Task", fields=fields)


def _settle(work: Work, owners: Mapping[int, int], made: Made) -> None:
    """An entry is done when its first task is; of the others only a refusal leaves it done."""
    by_entry: dict[int, list[str | BridgeError]] = {}
    for number, place in owners.items():
        by_entry.setdefault(place, []).append(made[number])
    for place, (first, *others) in by_entry.items():
        doubts = [e for e in others if not isinstance(e, str | DeliveryRejected)]
        failure = first if not isinstance(first, str) else next(iter(doubts), None)
        if isinstance(failure, BridgeError):
            work.fail(place, failure)
        else:
            ids = SEPARATOR.join(one for one in (first, *others) if isinstance(one, str))
            work.settle({place: Done(vendor_ids={"id": ids})})
