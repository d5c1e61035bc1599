"""Readings of the CRM that a webhook has overtaken: the older word must not undo the newer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.names import AccountName, CrmId, RecordId
from bridge.domain.records import Contact, ContactState, Deal, Lead, Owner, RecordKind
from bridge.pipeline.event_keys import CrmKey
from bridge.store import chats, records, strangers

_KINDS = {
    RecordKind.CONTACT: RefreshKind.CONTACT,
    RecordKind.DEAL: RefreshKind.DEAL,
    RecordKind.LEAD: RefreshKind.LEAD,
}
Look = tuple[Owner, bool, frozenset[RecordId]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """How the mirror stood when the reading began: no clock says what came later as surely."""

    looks: Mapping[CrmKey, Look] = field(default_factory=dict)

    def overtaken(self, now: "Before") -> frozenset[CrmKey]:
        return frozenset(
            key for key, look in self.looks.items() if now.looks.get(key, look) != look
        )

    def open_records(self) -> frozenset[CrmKey]:
        """Deals and leads by which somebody may read."""
        return frozenset(
            key for key, (_, is_open, _) in self.looks.items() if is_open and _is_record(key)
        )


def _is_record(key: CrmKey) -> bool:
    return key[0] is not RecordKind.CONTACT


def look(db: Connection, crm: AccountName, contacts: list[CrmId], others: list[CrmKey]) -> Before:
    """These records, and the deals and leads of these contacts."""
    people = records.contacts_by_crm_id(db, crm, contacts)
    deals, leads = chats.records_of(db, [one.id for one in people.values()])
    found: list[Contact | Deal | Lead] = [*people.values()]
    found += [deal for some in deals.values() for deal in some]
    found += [lead for some in leads.values() for lead in some]
    found += records.records_by_crm_id(db, crm, others).values()
    return Before(looks={key: _look(one) for one in found if (key := _key(one)) is not None})


def told_before(
    db: Connection, crm: AccountName, mirrored: Iterable[CrmKey]
) -> list[RequestRefresh]:
    """What is to be read anew of records that are mirrored from now on: those of which the CRM told
    while nobody here knew them."""
    return wishes(frozenset(strangers.take(db, crm, mirrored)))


def wishes(overtaken: frozenset[CrmKey]) -> list[RequestRefresh]:
    return [RequestRefresh(kind=_KINDS[kind], key=crm_id) for kind, crm_id in sorted(overtaken)]


def _key(record: Contact | Deal | Lead) -> CrmKey | None:
    if record.crm_id is None:
        return None
    match record:
        case Contact():
            return RecordKind.CONTACT, record.crm_id
        case Deal():
            return RecordKind.DEAL, record.crm_id
        case Lead():
            return RecordKind.LEAD, record.crm_id


def _look(record: Contact | Deal | Lead) -> Look:
    """The owner with his time: he may have lost the record and got it back meanwhile."""
    if isinstance(record, Contact):
        return record.owner, record.state is ContactState.ACTIVE, frozenset()
    return record.owner, record.is_open, frozenset(record.contacts)
