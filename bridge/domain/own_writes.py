"""Our own writes coming back from the CRM: what we did and know already moves nothing.

What the CRM does because of a write of ours (an assignment rule, a flow) may bear our name as well.
So only what we do counts as ours: we make and change records, link them and give them owners; we
never delete, close or part them, and the owner that we gave is the one that we know.
"""

from bridge.domain.events import (
    AssociationChanged,
    ContactChanged,
    CrmEvent,
    DealChanged,
    LeadChanged,
    OwnerChanged,
    RecordChange,
)
from bridge.domain.facts import Facts
from bridge.domain.record_changes import closes
from bridge.domain.records import Owner, RecordKind

_OURS = (RecordChange.CREATED, RecordChange.CHANGED)


def is_own_write(event: CrmEvent, facts: Facts) -> bool:
    match event:
        case OwnerChanged():
            known = known_owner(facts, event)
            return event.by_us and (known is None or known.crm_id == event.owner)
        case ContactChanged():
            return event.by_us and event.change in _OURS
        case DealChanged() | LeadChanged():
            return event.by_us and event.change in _OURS and not closes(event, facts)
        case AssociationChanged():
            return event.by_us and not event.removed
        case _:
            return False


def known_owner(facts: Facts, event: OwnerChanged) -> Owner | None:
    record = facts.records.get(f"{event.kind}:{event.record}")
    match event.kind:
        case RecordKind.CONTACT:
            return facts.contact.owner if facts.contact and record else None
        case RecordKind.DEAL:
            return next((d.owner for d in facts.deals if d.id == record), None)
        case RecordKind.LEAD:
            return next((x.owner for x in facts.leads if x.id == record), None)
