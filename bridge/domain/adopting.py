"""Records just read from the CRM, as ours."""

from bridge.domain.draft import Draft
from bridge.domain.names import AccountName, CrmId, RecordId, digest_id
from bridge.domain.records import (
    Contact,
    CrmContact,
    CrmDeal,
    CrmLead,
    Deal,
    Lead,
    Owner,
    RecordKind,
)


def adopt(
    draft: Draft, found: CrmContact, deals: tuple[CrmDeal, ...], leads: tuple[CrmLead, ...]
) -> tuple[Contact, tuple[Deal, ...], tuple[Lead, ...]]:
    """A contact just read from the CRM as our records, with his deals and leads."""
    now = draft.facts.now
    contact = Contact(
        id=_record(draft, RecordKind.CONTACT, found.crm_id),
        crm_id=found.crm_id,
        name=found.name,
        owner=Owner(crm_id=found.owner, as_of=now),
        phones=found.phones,
    )
    own_deals = tuple(_deal(draft, d) for d in deals if found.crm_id in d.contacts)
    own_leads = tuple(_lead(draft, x) for x in leads if found.crm_id in x.contacts)
    return contact, own_deals, own_leads


def record_id(crm: AccountName, kind: RecordKind, crm_id: CrmId) -> RecordId:
    prefix = {RecordKind.CONTACT: "ct", RecordKind.DEAL: "dl", RecordKind.LEAD: "ld"}[kind]
    return RecordId(digest_id(prefix, crm, kind, crm_id))


def _deal(draft: Draft, found: CrmDeal) -> Deal:
    return Deal(
        id=_record(draft, RecordKind.DEAL, found.crm_id),
        crm_id=found.crm_id,
        name=found.name,
        pipeline=found.pipeline,
        stage=found.stage,
        is_open=found.is_open,
        owner=Owner(crm_id=found.owner, as_of=draft.facts.now),
        contacts=tuple(_record(draft, RecordKind.CONTACT, c) for c in found.contacts),
        active_at=found.active_at,
    )


def _lead(draft: Draft, found: CrmLead) -> Lead:
    return Lead(
        id=_record(draft, RecordKind.LEAD, found.crm_id),
        crm_id=found.crm_id,
        name=found.name,
        is_open=found.is_open,
        owner=Owner(crm_id=found.owner, as_of=draft.facts.now),
        contacts=tuple(_record(draft, RecordKind.CONTACT, c) for c in found.contacts),
    )


def _record(draft: Draft, kind: RecordKind, crm_id: CrmId) -> RecordId:
    """Our id of a CRM record: the one it has, or one made from the CRM's."""
    known = draft.facts.records.get(f"{kind}:{crm_id}")
    return known or record_id(draft.policy.crm or AccountName(""), kind, crm_id)
