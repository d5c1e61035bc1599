"""Effects on records by HubSpot's own ids: owners and properties, tasks and notes, in batches.

Tasks and notes have no unique property, so the mark in their text tells ours from others, as in
entries of messages. Sources: https://developers.hubspot.com/docs/api-reference/latest/crm/activities/
tasks/guide (hs_timestamp is the due date; NOT_STARTED, TODO) and .../notes/guide.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from bridge.domain.effects import AssignRecord, CreateTask, SetProperty, WriteNote
from bridge.domain.errors import BridgeError, DeliveryRejected
from bridge.domain.names import CrmId, MessageId
from bridge.ports import Delivery, Done, Outcome, Rejected, Unknown
from connectors.hubspot.answers import checked
from connectors.hubspot.associations import CRM_KINDS, NOTES, TASKS, TYPE_IDS, link
from connectors.hubspot.batches import BatchCall, Outcomes, Row
from connectors.hubspot.client import MAX_INPUTS, HubSpotClient
from connectors.hubspot.records import update_row
from connectors.hubspot.timeline import mark, remark_body
from connectors.hubspot.work import Work

BODIES: Mapping[str, str] = {TASKS: "hs_task_body", NOTES: "hs_note_body"}
_NOON = time(12, tzinfo=UTC)  # the same day nearly everywhere
_PROPERTY = re.compile(r"[a-z][a-z0-9_]{0,99}")
_NOT_PLAIN = frozenset({"hubspot_owner_id", "hs_object_id"})
_NO_SUCH_KIND = Rejected(
    reason="kind_unknown", detail="hubspot: an account has no records of this kind"
)
_NO_PROPERTY = Rejected(
    reason="property_refused", detail="hubspot: this is not the name of a property to set"
)

Remark = CreateTask | WriteNote
Item = tuple[int, Delivery, Remark]


@dataclass(frozen=True, slots=True)
class OnRecords:
    client: HubSpotClient

    def change(self, work: Work) -> None:
        """Owners and properties, those of one record in the order in which they were decided."""
        rows = [*_owners(work), *_properties(work)]
        for kind in dict.fromkeys(kind for kind, _ in rows):
            mine = sorted((row for of, row in rows if of == kind), key=lambda row: row.place)
            if not work.is_down():
                outcomes = self._call("update", kind, work).write(mine)
                work.settle({place: _without_id(one) for place, one in outcomes.items()})

    def create_tasks(self, work: Work) -> None:
        self._create(work, TASKS, [*work.of(CreateTask)])

    def write_notes(self, work: Work) -> None:
        self._create(work, NOTES, [*work.of(WriteNote)])

    def _create(self, work: Work, kind: str, items: Sequence[Item]) -> None:
        unknown = [place for place, _, effect in items if effect.kind not in CRM_KINDS]
        work.settle(dict.fromkeys(unknown, _NO_SUCH_KIND))
        known = [item for item in items if item[2].kind in CRM_KINDS]
        if not known or work.is_down():
            return
        rows = [_row(kind, *item) for item in known]
        outcomes = self._call("create", kind, work).write(rows)
        work.settle(self._linked(work, kind, known, outcomes))

    def _linked(self, work: Work, kind: str, items: Sequence[Item], outcomes: Outcomes) -> Outcomes:
        """Those of records that no id of HubSpot's links at once are linked by its default."""
        found = dict(outcomes)
        for of in dict.fromkeys(CRM_KINDS[effect.kind] for _, _, effect in items):
            pairs = {
                place: (str(effect.record), outcome.vendor_ids["id"])
                for place, _, effect in items
                if CRM_KINDS[effect.kind] == of
                and (kind, of) not in TYPE_IDS
                and isinstance(outcome := outcomes[place], Done)
            }
            if pairs and not self.link(of, kind, list(pairs.values()), work):
                unsure = Unknown(reason=f"hubspot: {kind} written, not linked yet")
                found |= dict.fromkeys(pairs, unsure)
        return found

    def link(self, of: str, kind: str, pairs: Sequence[tuple[str, str]], work: Work) -> bool:
        for start in range(0, len(pairs), MAX_INPUTS):
            batch = pairs[start : start + MAX_INPUTS]
            try:
                answer = self.client.associate(of, kind, batch)
                checked(f"hubspot: link {of} and {kind}", answer, work.now)
            except DeliveryRejected:
                continue  # the record is gone by now
            except BridgeError:
                return False
        return True

    def _call(self, verb: str, kind: str, work: Work) -> BatchCall:
        write = self.client.create if verb == "create" else self.client.update
        return BatchCall(
            operation=f"hubspot: {verb} {kind}",
            send=lambda inputs: write(kind, inputs),
            now=work.now,
            still_ours=work.still_ours,
        )


def remark_mark(idempotency_key: str) -> str:
    return mark(MessageId(idempotency_key))


def _owners(work: Work) -> Iterator[tuple[str, Row]]:
    for place, _, effect in list(work.of(AssignRecord)):
        yield from _changed(work, place, effect, "hubspot_owner_id", str(effect.owner))


def _properties(work: Work) -> Iterator[tuple[str, Row]]:
    for place, _, effect in list(work.of(SetProperty)):
        if not _PROPERTY.fullmatch(effect.name) or effect.name in _NOT_PLAIN:
            work.settle({place: _NO_PROPERTY})
        else:
            yield from _changed(work, place, effect, effect.name, effect.value)


def _changed(
    work: Work, place: int, effect: AssignRecord | SetProperty, name: str, value: str
) -> Iterator[tuple[str, Row]]:
    if effect.kind not in CRM_KINDS:
        work.settle({place: _NO_SUCH_KIND})
    else:
        yield CRM_KINDS[effect.kind], update_row(place, effect.record, {name: value})


def _row(kind: str, place: int, delivery: Delivery, effect: Remark) -> Row:
    known = remark_mark(delivery.idempotency_key)
    of = CRM_KINDS[effect.kind]
    links = [link(kind, of, effect.record)] if (kind, of) in TYPE_IDS else []
    properties = _task(effect, known) if isinstance(effect, CreateTask) else _note(effect, known)
    return Row(
        place=place,
        name=known,
        body={"properties": properties, "associations": links},
        mark_property=BODIES[kind],
        mark=known,
    )


def _task(effect: CreateTask, known: str) -> dict[str, str]:
    return {
        "hs_task_subject": effect.subject,
        "hs_task_body": remark_body("", effect.text, known),
        "hs_task_status": "NOT_STARTED",
        "hs_task_type": "TODO",
        "hs_timestamp": milliseconds(datetime.combine(effect.due, _NOON)),
        **_owner(effect.owner),
    }


def _note(effect: WriteNote, known: str) -> dict[str, str]:
    return {
        "hs_note_body": remark_body(effect.subject, effect.text, known),
        "hs_timestamp": milliseconds(effect.occurred_at),
        **_owner(effect.author),
    }


def _owner(owner: CrmId | None) -> dict[str, str]:
    return {} if owner is None else {"hubspot_owner_id": str(owner)}


def milliseconds(when: datetime) -> str:
    return str(round(when.timestamp() * 1000))


def _without_id(outcome: Outcome) -> Outcome:
    return Done() if isinstance(outcome, Done) else outcome
