"""A record that changed → our events. In Salesforce a lead is a person of its own, so that his id
stands for a contact and for a lead of ours, until he is converted and lives on as a contact."""

from collections.abc import Callable, Iterator, Mapping

from bridge.domain.errors import PayloadInvalid
from bridge.domain.events import (
    AssociationChanged,
    ContactChanged,
    ContactDeleted,
    ContactsMerged,
    DealChanged,
    Event,
    LeadChanged,
    OwnerChanged,
    RecordChange,
)
from bridge.domain.names import CrmId
from bridge.domain.records import RecordKind
from connectors.salesforce.facts import Fact
from connectors.salesforce.ids import CONTACT, LEAD, OPPORTUNITY, QUEUE, USER

_ROLE = "00K"


def events_of(fact: Fact) -> tuple[Event, ...]:
    """None for an object that means nothing to us. Raises PayloadInvalid."""
    make = _OBJECTS.get(fact.object_name)
    return () if make is None else tuple(make(fact))


def is_known(object_name: str) -> bool:
    return object_name in _OBJECTS


def _contact(fact: Fact) -> Iterator[Event]:
    contact = fact.id("Id", CONTACT)
    if _is_gone(fact):
        yield _merged_or_gone(fact, contact, CONTACT)
        return
    yield from _owner(fact, contact, RecordKind.CONTACT)
    yield _contact_changed(fact, contact)


def _lead(fact: Fact) -> Iterator[Event]:
    lead = fact.id("Id", LEAD)
    if _is_gone(fact):
        yield _merged_or_gone(fact, lead, LEAD)
        yield _lead_changed(fact, lead, RecordChange.DELETED)
        return
    if fact.flag("IsConverted"):
        yield from _converted(fact, lead)
        return
    yield from _owner(fact, lead, RecordKind.CONTACT)
    yield from _owner(fact, lead, RecordKind.LEAD)
    yield _contact_changed(fact, lead)
    yield _lead_changed(fact, lead, _change(fact))


def _converted(fact: Fact, lead: CrmId) -> Iterator[Event]:
    """The owner of a converted lead says nothing of the contact that he became."""
    survivor = fact.optional_id("ConvertedContactId", CONTACT)
    if survivor is not None:
        yield _merged(fact, survivor, lead)
    else:
        yield _contact_changed(fact, lead)
    yield _lead_changed(fact, lead, RecordChange.CHANGED)


def _opportunity(fact: Fact) -> Iterator[Event]:
    deal = fact.id("Id", OPPORTUNITY)
    gone = _is_gone(fact)
    if not gone:
        yield from _owner(fact, deal, RecordKind.DEAL)
    yield DealChanged(
        event_key=fact.event_key("deal"),
        occurred_at=fact.occurred_at,
        account=fact.account,
        raw=fact.raw,
        deal=deal,
        change=RecordChange.DELETED if gone else _change(fact),
        by_us=fact.by_us,
        stage=fact.text("StageName"),
        is_open=not fact.flag("IsClosed") if fact.has("IsClosed") else None,
    )


def _contact_role(fact: Fact) -> Iterator[Event]:
    fact.id("Id", _ROLE)
    yield AssociationChanged(
        event_key=fact.event_key("role"),
        occurred_at=fact.occurred_at,
        account=fact.account,
        raw=fact.raw,
        from_kind=RecordKind.DEAL,
        from_record=fact.id("OpportunityId", OPPORTUNITY),
        to_kind=RecordKind.CONTACT,
        to_record=fact.id("ContactId", CONTACT),
        removed=_is_gone(fact),
        by_us=fact.by_us,
    )


def _owner(fact: Fact, record: CrmId, kind: RecordKind) -> Iterator[Event]:
    """The owner as it is. Who only says how the record is now, with the name of its last changer,
    does not say who changed the owner: that a person did so a moment before a write of ours must
    not get lost, so it is ours only where the sender says what changed.
    """
    if not fact.has("OwnerId") or fact.kept("OwnerId"):
        return
    yield OwnerChanged(
        event_key=fact.event_key(f"owner:{kind}"),
        occurred_at=fact.occurred_at,
        account=fact.account,
        raw=fact.raw,
        kind=kind,
        record=record,
        owner=fact.optional_id("OwnerId", USER, QUEUE),
        by_us=fact.by_us and fact.tells_change_of("OwnerId"),
    )


def _contact_changed(fact: Fact, contact: CrmId) -> ContactChanged:
    return ContactChanged(
        event_key=fact.event_key("contact"),
        occurred_at=fact.occurred_at,
        account=fact.account,
        raw=fact.raw,
        contact=contact,
        change=_change(fact),
        by_us=fact.by_us,
    )


def _lead_changed(fact: Fact, lead: CrmId, change: RecordChange) -> LeadChanged:
    return LeadChanged(
        event_key=fact.event_key("lead"),
        occurred_at=fact.occurred_at,
        account=fact.account,
        raw=fact.raw,
        lead=lead,
        change=change,
        by_us=fact.by_us,
        stage=fact.text("Status"),
        is_open=False if fact.flag("IsConverted") else None,
    )


def _merged_or_gone(fact: Fact, contact: CrmId, prefix: str) -> ContactsMerged | ContactDeleted:
    """A record that was merged into another one is deleted and names it."""
    survivor = fact.optional_id("MasterRecordId", prefix)
    if survivor is not None:
        return _merged(fact, survivor, contact)
    return ContactDeleted(
        event_key=fact.event_key("contact"),
        occurred_at=fact.occurred_at,
        account=fact.account,
        raw=fact.raw,
        contact=contact,
        by_us=fact.by_us,
    )


def _merged(fact: Fact, survivor: CrmId, absorbed: CrmId) -> ContactsMerged:
    if survivor == absorbed:
        raise PayloadInvalid(f"{fact.record.path} is merged into itself", fact.record.path)
    return ContactsMerged(
        event_key=fact.event_key("merged"),
        occurred_at=fact.occurred_at,
        account=fact.account,
        raw=fact.raw,
        survivor=survivor,
        absorbed=(absorbed,),
    )


def _is_gone(fact: Fact) -> bool:
    return fact.change is RecordChange.DELETED or fact.flag("IsDeleted")


def _change(fact: Fact) -> RecordChange:
    """Who only says how the record is now may still show that it was just made."""
    created = fact.text("CreatedDate")
    if created and fact.change is RecordChange.CHANGED and created == fact.text("LastModifiedDate"):
        return RecordChange.CREATED
    return fact.change


_OBJECTS: Mapping[str, Callable[[Fact], Iterator[Event]]] = {
    "Contact": _contact,
    "Lead": _lead,
    "Opportunity": _opportunity,
    "OpportunityContactRole": _contact_role,
}
