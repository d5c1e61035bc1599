"""Turns our effects into orders, with the other side's ids in place of ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import assert_never

from bridge.domain.effects import (
    AssignRecord,
    ChangeOwner,
    CreateContact,
    CreateDeal,
    CreateLead,
    CreateTask,
    CrmRecordEffect,
    Effect,
    JoinChat,
    PostNotification,
    SendEmail,
    SendMessage,
    SetProperty,
    UpdateTimelineEntry,
    WriteNote,
    WriteTimelineEntry,
)
from bridge.domain.names import CrmId
from bridge.ports import Delivery, Done, Outcome, Rejected
from connectors.webhook.orders import (
    AssignOrder,
    ContactOrder,
    DealOrder,
    EmailOrder,
    EntryOrder,
    EntryRecord,
    EntryUpdateOrder,
    JoinOrder,
    LeadOrder,
    MessageOrder,
    NoteOrder,
    NotificationOrder,
    Order,
    OwnerOrder,
    PropertyOrder,
    TaskOrder,
)

_MISSING = Rejected(
    reason="record_missing", detail="webhook: the record has no id at the other side"
)


@dataclass(slots=True)
class Ids:
    """The other side's ids: those that a delivery brings, and those made earlier in its run."""

    made: dict[str, str] = field(default_factory=dict)

    def of(self, delivery: Delivery, name: str) -> CrmId | None:
        found = delivery.ids.get(name) or self.made.get(name)
        return None if found is None else CrmId(found)

    def note(self, effect: Effect, outcome: Outcome) -> None:
        name = makes(effect)
        if name is not None and isinstance(outcome, Done) and "id" in outcome.vendor_ids:
            self.made[name] = outcome.vendor_ids["id"]


def order_of(delivery: Delivery, ids: Ids) -> Order | Rejected:
    """What is ordered, with the other side's ids; Rejected where it lacks one."""
    match delivery.effect:
        case CreateDeal() | CreateLead() as effect:
            return _linked(effect, ids.of(delivery, effect.contact))
        case ChangeOwner() as effect:
            record = ids.of(delivery, effect.record)
            if record is None:
                return _MISSING
            return OwnerOrder(kind=effect.kind, record=record, owner=effect.owner)
        case WriteTimelineEntry() as effect:
            return _entry(delivery, effect, ids)
        case UpdateTimelineEntry() as effect:
            return _entry_update(delivery, effect, ids)
        case AssignRecord() | SetProperty() | CreateTask() | WriteNote() as effect:
            return _on_record(effect)
        case effect:
            return _of_itself(effect)


def _of_itself(
    effect: CreateContact | SendMessage | JoinChat | SendEmail | PostNotification,
) -> Order | Rejected:
    """What names no record of the other side."""
    match effect:
        case CreateContact():
            return ContactOrder(**_same(effect, ContactOrder))  # type: ignore[arg-type]
        case SendMessage():
            return _message(effect)
        case JoinChat():
            return JoinOrder(**_same(effect, JoinOrder))  # type: ignore[arg-type]
        case SendEmail():
            return EmailOrder(**_same(effect, EmailOrder))  # type: ignore[arg-type]
        case PostNotification():
            return NotificationOrder(**_same(effect, NotificationOrder))  # type: ignore[arg-type]
    assert_never(effect)


def _on_record(effect: CrmRecordEffect) -> Order:
    """What names a record by the other side's own id."""
    match effect:
        case AssignRecord():
            return AssignOrder(**_same(effect, AssignOrder))  # type: ignore[arg-type]
        case SetProperty():
            return PropertyOrder(**_same(effect, PropertyOrder))  # type: ignore[arg-type]
        case CreateTask():
            return TaskOrder(**_same(effect, TaskOrder))  # type: ignore[arg-type]
        case WriteNote():
            return NoteOrder(**_same(effect, NoteOrder))  # type: ignore[arg-type]
    assert_never(effect)


def _linked(effect: CreateDeal | CreateLead, contact: CrmId | None) -> Order | Rejected:
    if contact is None:
        return _MISSING
    if isinstance(effect, CreateLead):
        return LeadOrder(contact=contact, name=effect.name, owner=effect.owner)
    return DealOrder(
        contact=contact,
        name=effect.name,
        pipeline=effect.pipeline,
        stage=effect.stage,
        owner=effect.owner,
    )


def _entry(delivery: Delivery, effect: WriteTimelineEntry, ids: Ids) -> EntryOrder | Rejected:
    known = [(kind, ids.of(delivery, record)) for kind, record in effect.records]
    records = tuple(EntryRecord(kind=kind, id=one) for kind, one in known if one is not None)
    if not records:
        return _MISSING
    return EntryOrder(**{**_same(effect, EntryOrder), "records": records})  # type: ignore[arg-type]


def _entry_update(
    delivery: Delivery, effect: UpdateTimelineEntry, ids: Ids
) -> EntryUpdateOrder | Rejected:
    entry, now = ids.of(delivery, effect.message), _entry(delivery, effect.entry, ids)
    if entry is None or isinstance(now, Rejected):
        return _MISSING
    return EntryUpdateOrder(entry=entry, entry_now=now, note=effect.note)


def _message(effect: SendMessage) -> MessageOrder | Rejected:
    if effect.media is not None and not effect.media.url:
        return Rejected(
            reason="file_without_link", detail="webhook: files are handed over by their link"
        )
    return MessageOrder(**_same(effect, MessageOrder))  # type: ignore[arg-type]


def _same(effect: Effect, order: type[Order]) -> Mapping[str, object]:
    """The fields that the order has in common with the effect."""
    shared = {one.name for one in fields(order)} & {one.name for one in fields(effect)}
    return {name: getattr(effect, name) for name in shared}


def makes(effect: Effect) -> str | None:
    match effect:
        case CreateContact():
            return effect.contact
        case CreateDeal():
            return effect.deal
        case CreateLead():
            return effect.lead
        case WriteTimelineEntry():
            return effect.message
        case _:
            return None
