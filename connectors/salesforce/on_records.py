"""Effects on records by Salesforce's own ids: owners and fields in one call, tasks and notes in
another.

A lead's owner and fields are always written with the org's assignment rules kept off (PX-01), since
Salesforce applies them at every change. Queues own leads (and contacts) as users do.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bridge.domain.effects import AssignRecord, CreateTask, SetProperty, WriteNote
from bridge.domain.errors import BridgeError
from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind
from bridge.ports import Done, Rejected
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.lookup import MESSAGE_KEY, record_key
from connectors.salesforce.statuses import Statuses
from connectors.salesforce.task_rows import TaskRows
from connectors.salesforce.timeline import fitting_line, fitting_text
from connectors.salesforce.work import Work
from connectors.salesforce.writing import OWNER_IS_OURS, Made, Row, Writing

OBJECTS: Mapping[CrmKind, str] = {
    CrmKind.CONTACT: "Contact",
    CrmKind.COMPANY: "Account",
    CrmKind.DEAL: "Opportunity",
    CrmKind.LEAD: "Lead",
    CrmKind.CONTRACT: "Contract",
}
_PEOPLE = (CrmKind.CONTACT, CrmKind.LEAD)  # a task names them as whom it is with
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_NOT_PLAIN = frozenset({"id", "ownerid"})
_NO_SUCH_KIND = Rejected(
    reason="kind_unknown", detail="salesforce: an org has no records of this kind"
)
_NO_FIELD = Rejected(
    reason="property_refused", detail="salesforce: this is not the name of a field to set"
)
_CONVERTED = Rejected(
    reason="record_converted", detail="salesforce: the lead was converted: nobody owns it any more"
)


@dataclass(frozen=True, slots=True)
class OnRecords:
    client: SalesforceClient
    statuses: Statuses

    def change(self, work: Work) -> None:
        """Owners and fields, those of one record in the order in which they were decided."""
        rows = sorted([*_owners(work), *_fields(work)], key=lambda row: row.place)
        if rows:
            made = Writing(self.client, "PATCH", OWNER_IS_OURS).write(rows)
            _settle(work, made, gives_id=False)

    def create_tasks(self, work: Work) -> None:
        """Open ones; whom they are for must be able to do them, so that a person who left is not
        replaced by the bridge's own user."""
        rows = [
            row
            for place, delivery, effect in work.of(CreateTask)
            for row in _task(work, place, effect, record_key(delivery.idempotency_key))
        ]
        if rows and not work.is_down():
            _settle(work, TaskRows(self.client).insert_as_they_are(rows), gives_id=True)

    def write_notes(self, work: Work) -> None:
        """Closed tasks, as messages are: that is what the activity timeline shows."""
        items = list(work.of(WriteNote))
        if not items or work.is_down():
            return
        try:
            status = self.statuses.closed(self.client)
        except BridgeError as error:
            for place, _, _ in items:
                work.fail(place, error)
            return
        rows = [
            row
            for place, delivery, effect in items
            for row in _note(work, place, effect, record_key(delivery.idempotency_key), status)
        ]
        if rows:
            _settle(work, TaskRows(self.client).insert(rows), gives_id=True)


def _owners(work: Work) -> Iterator[Row]:
    for place, _, effect in list(work.of(AssignRecord)):
        yield from _changed(work, place, effect, {"OwnerId": str(effect.owner)})


def _fields(work: Work) -> Iterator[Row]:
    for place, _, effect in list(work.of(SetProperty)):
        if not _FIELD.fullmatch(effect.name) or effect.name.lower() in _NOT_PLAIN:
            work.settle({place: _NO_FIELD})
        else:
            yield from _changed(work, place, effect, {effect.name: effect.value or None})


def _changed(
    work: Work, place: int, effect: AssignRecord | SetProperty, fields: Mapping[str, str | None]
) -> Sequence[Row]:
    object_name = OBJECTS.get(effect.kind)
    if object_name is None:
        work.settle({place: _NO_SUCH_KIND})
        return ()
    if work.now_as(effect.record) != effect.record:
        work.settle({place: _CONVERTED})
        return ()
    named = {"Id": str(effect.record), **fields}
    return (Row(place=place, name=effect.record, object_name=object_name, fields=named),)


def _task(work: Work, place: int, effect: CreateTask, key: str) -> Sequence[Row]:
    more = {"ActivityDate": effect.due.isoformat(), "OwnerId": effect.owner}
    return _row(work, place, effect, key, more)


def _note(work: Work, place: int, effect: WriteNote, key: str, status: str) -> Sequence[Row]:
    day = effect.occurred_at.date().isoformat()
    more = {"ActivityDate": day, "Status": status, "OwnerId": effect.author}
    return _row(work, place, effect, key, more)


def _row(
    work: Work,
    place: int,
    effect: CreateTask | WriteNote,
    key: str,
    more: Mapping[str, str | CrmId | None],
) -> Sequence[Row]:
    """A lead that was converted goes on as the contact that it became."""
    if effect.kind not in OBJECTS:
        work.settle({place: _NO_SUCH_KIND})
        return ()
    names = "WhoId" if effect.kind in _PEOPLE else "WhatId"
    fields = {
        MESSAGE_KEY: key,
        "Subject": fitting_line(effect.subject),
        "Description": fitting_text(effect.text),
        names: work.now_as(effect.record),
        **more,
    }
    present = {name: str(value) for name, value in fields.items() if value}
    return (Row(place=place, name=key, object_name="Task", fields=present),)


def _settle(work: Work, made: Made, *, gives_id: bool) -> None:
    for place, found in made.items():
        if isinstance(found, str):
            work.settle({place: Done(vendor_ids={"id": found} if gives_id else {})})
        else:
            work.fail(place, found)
