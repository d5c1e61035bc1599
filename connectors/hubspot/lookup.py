"""What became of deliveries whose answer got lost.

Contacts and deals are asked for by their unique key. Leads and timeline entries have none: they are
looked for among everything linked with their contact, which HubSpot shows at once, while its
search takes a while to know of a new record.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

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
from bridge.domain.errors import BridgeError, DeliveryRejected
from bridge.ports import Absent, CannotTell, Delivery, Done, Found
from connectors.hubspot.associations import COMMUNICATIONS, CONTACTS, DEALS, KINDS, LEADS, NOTES
from connectors.hubspot.batches import Row
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.entries import NOTE_PREFIX, Entries, lead_ids
from connectors.hubspot.outcomes import outcome_of
from connectors.hubspot.reading import read_associations, read_records, value
from connectors.hubspot.records import record_key
from connectors.hubspot.remarks import Remarks
from connectors.hubspot.schema import CONTACT_KEY, RECORD_KEY, Schema
from connectors.hubspot.timeline import mark
from connectors.hubspot.work import Work

MAX_ENTRIES_READ = 3000
_MARK = re.compile(r"\[bridge:[0-9a-f]{10}\]")
_BODIES = {COMMUNICATIONS: "hs_communication_body", NOTES: "hs_note_body"}

Answer = Found | Absent | CannotTell
Answers = Mapping[int, Answer]


class Lookup:
    def __init__(self, client: HubSpotClient, entries: Entries, schema: Schema) -> None:
        self._client = client
        self._entries = entries
        self._schema = schema
        self._remarks = Remarks(client)

    def find(self, run: Sequence[Delivery]) -> list[Answer]:
        work = Work(run)
        found: dict[int, Answer] = {}
        for effect, look in (
            (CreateContact, self._contacts),
            (CreateDeal, self._deals),
            (CreateLead, self._leads),
            (WriteTimelineEntry, self._timeline),
            (CreateTask, self._remarks.tasks),
            (WriteNote, self._remarks.notes),
        ):
            found |= _carefully(work, effect, look)
        for harmless_twice in (ChangeOwner, UpdateTimelineEntry, AssignRecord, SetProperty):
            found |= {place: Absent() for place, _, _ in work.of(harmless_twice)}
        unknown = CannotTell(reason="hubspot: not for a CRM")
        return [found.get(place, unknown) for place in range(len(run))]

    def take_existing(self, work: Work, kind: str, rows: Sequence[Row]) -> None:
        """Rows refused because their key is taken: what holds it is what they would have made."""
        if not rows:
            return
        try:
            known = self._by_key(kind, RECORD_KEY, [row.mark for row in rows])
        except DeliveryRejected:
            return  # the refusal stands
        except BridgeError as error:
            work.settle({row.place: outcome_of(error, work.now) for row in rows})
            return
        there = {row.place: known[row.mark] for row in rows if row.mark in known}
        work.settle({place: Done(vendor_ids={"id": one}) for place, one in there.items()})

    def _contacts(self, work: Work) -> Answers:
        wanted = {place: effect.key for place, _, effect in work.of(CreateContact)}
        known = self._by_key(CONTACTS, CONTACT_KEY, list(wanted.values()))
        return {place: _answer(known.get(key)) for place, key in wanted.items()}

    def _deals(self, work: Work) -> Answers:
        wanted = {p: record_key(d.idempotency_key) for p, d, _ in work.of(CreateDeal)}
        known = self._by_key(DEALS, RECORD_KEY, list(wanted.values()))
        return {place: _answer(known.get(key)) for place, key in wanted.items()}

    def _by_key(self, kind: str, key: str, wanted: Sequence[str]) -> Mapping[str, str]:
        try:
            records = read_records(self._client, kind, wanted, [key], key)
        except DeliveryRejected:
            if not self._schema.mend(kind):
                raise
            records = read_records(self._client, kind, wanted, [key], key)
        return {value(record, key): record.at("id").identifier() for record in records}

    def _leads(self, work: Work) -> Answers:
        contacts = {
            place: work.id_of(delivery, effect.contact)
            for place, delivery, effect in work.of(CreateLead)
        }
        linked = self._linked(CONTACTS, LEADS, contacts.values())
        records = read_records(self._client, LEADS, _all(linked), [RECORD_KEY])
        known = {value(record, RECORD_KEY): record.at("id").identifier() for record in records}
        return {
            place: _answer(known.get(record_key(delivery.idempotency_key)))
            for place, delivery, _ in work.of(CreateLead)
        }

    def _timeline(self, work: Work) -> Answers:
        """By the id that an entry has had; else the first record of it that HubSpot knows tells all
        entries it could be among."""
        unknown = CannotTell(reason="hubspot: none of its records is known")
        found: dict[int, Answer] = {p: unknown for p, _, _ in work.of(WriteTimelineEntry)}
        known = self._by_id(work)
        for kind in KINDS.values():
            anchors = {
                place: anchor[1]
                for place, delivery, entry in work.of(WriteTimelineEntry)
                if place not in known
                and (anchor := _anchor(work, delivery, entry))
                and anchor[0] == kind
            }
            found |= self._entries_of(work, kind, anchors) if anchors else {}
        return found | known

    def _by_id(self, work: Work) -> dict[int, Answer]:
        """Of those whose id is known: whether they are there still."""
        ids = {
            place: known
            for place, delivery, entry in work.of(WriteTimelineEntry)
            if (known := delivery.ids.get(entry.message))
        }
        there: set[str] = set()
        for kind, prefix in ((COMMUNICATIONS, ""), (NOTES, NOTE_PREFIX)):
            wanted = [
                one.removeprefix(NOTE_PREFIX)
                for one in ids.values()
                if one.startswith(NOTE_PREFIX) == bool(prefix)
            ]
            records = read_records(self._client, kind, wanted, [_BODIES[kind]])
            there.update(prefix + record.at("id").identifier() for record in records)
        return {place: _answer(one if one in there else None) for place, one in ids.items()}

    def _entries_of(self, work: Work, kind: str, anchors: Mapping[int, str]) -> Answers:
        items = [item for item in work.of(WriteTimelineEntry) if item[0] in anchors]
        found: dict[int, Answer] = {place: Absent() for place in anchors}
        for object_kind in (COMMUNICATIONS, NOTES):
            linked = self._linked(kind, object_kind, anchors.values())
            marked = self._marked(object_kind, linked)
            for place, delivery, entry in items:
                known = marked.get(mark(entry.message))
                if known is not None:
                    leads = lead_ids(work, delivery, entry)
                    found[place] = self._linked_again(work, object_kind, known, leads)
                elif not isinstance(found[place], Found) and _is_cut(
                    linked.get(anchors[place], ())
                ):
                    found[place] = CannotTell(reason="hubspot: too many entries to look through")
        return found

    def _marked(self, kind: str, linked: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        """Our mark → the id of the entry that bears it."""
        newest = {one for some in linked.values() for one in some[:MAX_ENTRIES_READ]}
        records = read_records(self._client, kind, sorted(newest), [_BODIES[kind]])
        return {
            found: record.at("id").identifier()
            for record in records
            for found in _MARK.findall(value(record, _BODIES[kind]))
        }

    def _linked_again(
        self, work: Work, kind: str, known: str, leads: Sequence[str]
    ) -> Found | CannotTell:
        if not self._entries.link_leads(kind, [(lead, known) for lead in leads], work):
            return CannotTell(reason="hubspot: found, but its leads could not be linked")
        return Found(vendor_ids={"id": NOTE_PREFIX + known if kind == NOTES else known})

    def _linked(
        self, from_kind: str, to_kind: str, ids: Iterable[str | None]
    ) -> Mapping[str, list[str]]:
        """Newest first: HubSpot's ids grow."""
        linked = read_associations(self._client, from_kind, to_kind, [i for i in ids if i])
        return {
            one: sorted(some, key=lambda i: (len(i), i), reverse=True)
            for one, some in linked.items()
        }


def _carefully(work: Work, effect: type[Effect], look: Callable[[Work], Answers]) -> Answers:
    places = [place for place, _, _ in work.of(effect)]
    if not places:
        return {}
    try:
        return look(work)
    except BridgeError as error:
        return {place: CannotTell(reason=str(error)) for place in places}


def _anchor(work: Work, delivery: Delivery, entry: WriteTimelineEntry) -> tuple[str, str] | None:
    for kind, record in entry.records:
        known = work.id_of(delivery, record)
        if known is not None:
            return KINDS[kind], known
    return None


def _answer(known: str | None) -> Found | Absent:
    return Absent() if known is None else Found(vendor_ids={"id": known})


def _all(linked: Mapping[str, Sequence[str]]) -> list[str]:
    return [one for some in linked.values() for one in some]


def _is_cut(linked: Sequence[str]) -> bool:
    return len(linked) > MAX_ENTRIES_READ
