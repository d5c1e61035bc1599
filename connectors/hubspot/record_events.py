"""A record was made, changed or removed: the event for its kind."""

from collections.abc import Callable, Mapping

from bridge.domain.events import (
    ContactChanged,
    ContactDeleted,
    DealChanged,
    Event,
    LeadChanged,
    RecordChange,
)
from bridge.domain.names import CrmId
from bridge.domain.records import RecordKind
from connectors.hubspot.facts import Fact


def record_changed(
    fact: Fact,
    kind: RecordKind,
    record: CrmId,
    change: RecordChange,
    part: str = "",
    stage: str = "",
) -> Event:
    if kind is RecordKind.CONTACT and change is RecordChange.DELETED:
        return ContactDeleted(
            event_key=fact.key(part),
            occurred_at=fact.occurred_at,
            account=fact.account,
            raw=fact.raw,
            contact=record,
            by_us=fact.by_us,
        )
    return _MAKERS[kind](fact, record, change, part, stage)


def _contact_changed(
    fact: Fact, record: CrmId, change: RecordChange, part: str, stage: str
) -> Event:
    return ContactChanged(
        event_key=fact.key(part),
        occurred_at=fact.occurred_at,
        account=fact.account,
        raw=fact.raw,
        contact=record,
        change=change,
        by_us=fact.by_us,
    )


def _deal_changed(fact: Fact, record: CrmId, change: RecordChange, part: str, stage: str) -> Event:
    return DealChanged(
        event_key=fact.key(part),
        occurred_at=fact.occurred_at,
        account=fact.account,
        raw=fact.raw,
        deal=record,
        change=change,
        by_us=fact.by_us,
        stage=stage,
    )


def _lead_changed(fact: Fact, record: CrmId, change: RecordChange, part: str, stage: str) -> Event:
    return LeadChanged(
        event_key=fact.key(part),
        occurred_at=fact.occurred_at,
        account=fact.account,
        raw=fact.raw,
        lead=record,
        change=change,
        by_us=fact.by_us,
        stage=stage,
    )


_MAKERS: Mapping[RecordKind, Callable[[Fact, CrmId, RecordChange, str, str], Event]] = {
    RecordKind.CONTACT: _contact_changed,
    RecordKind.DEAL: _deal_changed,
    RecordKind.LEAD: _lead_changed,
}
