"""Timeline entries: written with their contact and deals in one call, linked to leads in another.

The id of an entry that had to be a note is `note:…`, so that a later edit finds the right object.
"""

from collections.abc import Sequence

from bridge.domain.effects import UpdateTimelineEntry, WriteTimelineEntry
from bridge.domain.errors import BridgeError, DeliveryRejected
from bridge.domain.names import RecordId
from bridge.domain.records import RecordKind
from bridge.ports import Delivery, Done, Outcome, Rejected, Unknown
from connectors.hubspot.answers import checked
from connectors.hubspot.associations import COMMUNICATIONS, KINDS, LEADS, NOTES, TYPE_IDS, link
from connectors.hubspot.batches import BatchCall, Outcomes, Row
from connectors.hubspot.client import MAX_INPUTS, HubSpotClient
from connectors.hubspot.records import update_row
from connectors.hubspot.timeline import (
    OTHER_CHANNEL,
    channel_type,
    comment,
    communication,
    mark,
)
from connectors.hubspot.work import Work

NOTE_PREFIX = "note:"
_BODY = {COMMUNICATIONS: "hs_communication_body", NOTES: "hs_note_body"}

Item = tuple[int, Delivery, WriteTimelineEntry]


class Entries:
    """Option `other_channels: note` writes messages of other channels than WhatsApp and SMS as
    notes at once; by default that is tried only after HubSpot has refused them otherwise."""

    def __init__(self, client: HubSpotClient, other_channels: str) -> None:
        self._client = client
        self._others_are_notes = other_channels == "note"

    def write(self, work: Work) -> None:
        items = [item for item in work.of(WriteTimelineEntry) if self._is_ready(work, item)]
        self._create(work, COMMUNICATIONS, [i for i in items if not self._is_note(i)])
        refused = [item for item in items if self._was_refused_by_channel(work, item)]
        self._create(work, NOTES, [i for i in items if self._is_note(i)] + refused)
        self._learn(work, refused)

    def update(self, work: Work) -> None:
        for kind in (COMMUNICATIONS, NOTES):
            rows = self._update_rows(work, kind)
            if rows and not work.is_down():
                work.settle(_noted_ids(kind, self._call("update", kind, work).write(rows)))

    def link_leads(self, kind: str, pairs: Sequence[tuple[str, str]], work: Work) -> bool:
        """Links leads with entries, a hundred pairs a call; False when that is not sure."""
        for start in range(0, len(pairs), MAX_INPUTS):
            batch = pairs[start : start + MAX_INPUTS]
            try:
                operation = f"hubspot: link leads and {kind}"
                checked(operation, self._client.associate(LEADS, kind, batch), work.now)
            except DeliveryRejected:
                continue  # a lead that is gone by now: the entry stands with contact and deals
            except BridgeError:
                return False
        return True

    def _create(self, work: Work, kind: str, items: Sequence[Item]) -> None:
        if not items or work.is_down():
            return
        rows = [self._row(work, kind, item) for item in items]
        outcomes = _noted_ids(kind, self._call("create", kind, work).write(rows))
        pairs = {place: _lead_pairs(work, place, items, outcomes) for place in outcomes}
        every = [pair for found in pairs.values() for pair in found]
        if every and not self.link_leads(kind, every, work):
            unsure = Unknown(reason=f"hubspot: {kind} written, leads not linked yet")
            outcomes = {**outcomes, **{place: unsure for place, some in pairs.items() if some}}
        work.settle(outcomes)

    def _row(self, work: Work, kind: str, item: Item) -> Row:
        place, delivery, entry = item
        properties = comment(entry) if kind == NOTES else communication(entry)
        links = [
            link(kind, KINDS[of], known)
            for of, record in entry.records
            if (kind, KINDS[of]) in TYPE_IDS and (known := work.id_of(delivery, record))
        ]
        return Row(
            place=place,
            name=entry.message,
            body={"properties": properties, "associations": links},
            mark_property=_BODY[kind],
            mark=mark(entry.message),
        )

    def _call(self, verb: str, kind: str, work: Work) -> BatchCall:
        write = self._client.create if verb == "create" else self._client.update
        operation = f"hubspot: {verb} {kind}"
        return BatchCall(
            operation=operation,
            send=lambda i: write(kind, i),
            now=work.now,
            still_ours=work.still_ours,
        )

    def _is_ready(self, work: Work, item: Item) -> bool:
        place, delivery, entry = item
        waiting = [record for _, record in entry.records if work.waits_for(delivery, record)]
        known = [r for _, r in entry.records if work.id_of(delivery, r) is not None]
        if not waiting and known:
            return True
        nowhere: RecordId = RecordId("")
        work.settle({place: work.lacking(delivery, waiting[0] if waiting else nowhere)})
        return False

    def _is_note(self, item: Item) -> bool:
        return self._others_are_notes and channel_type(item[2]) == OTHER_CHANNEL

    def _was_refused_by_channel(self, work: Work, item: Item) -> bool:
        place, _, entry = item
        refused = isinstance(work.outcome(place), Rejected)
        return refused and channel_type(entry) == OTHER_CHANNEL and not self._is_note(item)

    def _learn(self, work: Work, refused: Sequence[Item]) -> None:
        """What went through as a note only will be a note at once from now on."""
        if any(isinstance(work.outcome(place), Done) for place, _, _ in refused):
            self._others_are_notes = True

    def _update_rows(self, work: Work, kind: str) -> list[Row]:
        rows = []
        for place, delivery, effect in work.of(UpdateTimelineEntry):
            known = delivery.ids.get(effect.message, "")
            if not known:
                work.settle({place: work.lacking(delivery, RecordId(effect.message))})
            elif known.startswith(NOTE_PREFIX) == (kind == NOTES):
                entry = known.removeprefix(NOTE_PREFIX)
                rows.append(update_row(place, entry, _rewritten(kind, effect)))
        return rows


def lead_ids(work: Work, delivery: Delivery, entry: WriteTimelineEntry) -> list[str]:
    leads = [record for kind, record in entry.records if kind is RecordKind.LEAD]
    return [known for lead in leads if (known := work.id_of(delivery, lead))]


def _lead_pairs(
    work: Work, place: int, items: Sequence[Item], outcomes: Outcomes
) -> list[tuple[str, str]]:
    outcome = outcomes[place]
    if not isinstance(outcome, Done):
        return []
    entry_id = outcome.vendor_ids["id"].removeprefix(NOTE_PREFIX)
    mine = next(item for item in items if item[0] == place)
    return [(lead, entry_id) for lead in lead_ids(work, mine[1], mine[2])]


def _rewritten(kind: str, effect: UpdateTimelineEntry) -> dict[str, str]:
    make = comment if kind == NOTES else communication
    return {_BODY[kind]: make(effect.entry, effect.note)[_BODY[kind]]}


def _noted_ids(kind: str, outcomes: Outcomes) -> dict[int, Outcome]:
    return {place: _noted(kind, outcome) for place, outcome in outcomes.items()}


def _noted(kind: str, outcome: Outcome) -> Outcome:
    if kind != NOTES or not isinstance(outcome, Done):
        return outcome
    return Done(vendor_ids={"id": NOTE_PREFIX + outcome.vendor_ids["id"]})
