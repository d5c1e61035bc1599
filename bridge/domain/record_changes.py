"""Deals, leads and links that moved in the CRM: what takes sight away counts at once (ROL-11).

What gives it is read anew first, as an event that comes late might give what was taken since; it is
rung for at once.
"""

from dataclasses import replace

from bridge.domain.changes import PutDeal, PutLead, RefreshKind, RequestRefresh
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.events import AssociationChanged, DealChanged, LeadChanged, RecordChange
from bridge.domain.facts import Facts
from bridge.domain.names import CrmId, RecordId
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import RecordKind

REFRESH = {
    RecordKind.CONTACT: RefreshKind.CONTACT,
    RecordKind.DEAL: RefreshKind.DEAL,
    RecordKind.LEAD: RefreshKind.LEAD,
}


def on_deal(draft: Draft, event: DealChanged) -> Decision:
    known = [deal for deal in draft.facts.deals if deal.crm_id == event.deal]
    if event.change is RecordChange.DELETED:
        draft.change(*(PutDeal(deal=replace(deal, is_open=False)) for deal in known))
        return _deleted(draft, bool(known))
    if known and closes(event, draft.facts):
        stage = event.stage or known[0].stage
        draft.change(*(PutDeal(deal=replace(x, stage=stage, is_open=False)) for x in known))
        draft.because(ReasonCode.MIRROR_UPDATED, "closed in the CRM: its owner sees no more by it")
    return read_anew(draft, RefreshKind.DEAL, event.deal)


def on_lead(draft: Draft, event: LeadChanged) -> Decision:
    known = [lead for lead in draft.facts.leads if lead.crm_id == event.lead]
    if event.change is RecordChange.DELETED:
        draft.change(*(PutLead(lead=replace(lead, is_open=False)) for lead in known))
        return _deleted(draft, bool(known))
    if known and closes(event, draft.facts):
        draft.change(*(PutLead(lead=replace(lead, is_open=False)) for lead in known))
        draft.because(ReasonCode.MIRROR_UPDATED, "closed in the CRM: its owner sees no more by it")
    return read_anew(draft, RefreshKind.LEAD, event.lead)


def closes(event: DealChanged | LeadChanged, facts: Facts) -> bool:
    """What the vendor says counts before what the pipelines say of the stage."""
    is_open = facts.is_open_stage if event.is_open is None else event.is_open
    return is_open is False


def on_association(draft: Draft, event: AssociationChanged) -> Decision:
    """The side that is a deal or lead is read anew, with all its contacts."""
    ends = ((event.from_kind, event.from_record), (event.to_kind, event.to_record))
    for place, (kind, record) in enumerate(ends):
        if kind is not RecordKind.CONTACT:
            other, of = ends[1 - place]
            if event.removed and other is RecordKind.CONTACT:
                _unlink(draft, record, of)
            return read_anew(draft, REFRESH[kind], record)
    return draft.ignored(ReasonCode.EVENT_IGNORED, "contacts linked to contacts mean nothing here")


def _unlink(draft: Draft, record: CrmId, contact: CrmId) -> None:
    gone = draft.facts.records.get(f"{RecordKind.CONTACT}:{contact}")
    deals = [x for x in draft.facts.deals if x.crm_id == record and gone in x.contacts]
    leads = [x for x in draft.facts.leads if x.crm_id == record and gone in x.contacts]
    for deal in deals:
        draft.change(PutDeal(deal=replace(deal, contacts=_without(gone, deal.contacts))))
    for lead in leads:
        draft.change(PutLead(lead=replace(lead, contacts=_without(gone, lead.contacts))))
    if deals or leads:
        draft.because(ReasonCode.MIRROR_UPDATED, "parted in the CRM: its owner sees no more by it")


def _without(gone: RecordId | None, contacts: tuple[RecordId, ...]) -> tuple[RecordId, ...]:
    return tuple(contact for contact in contacts if contact != gone)


def read_anew(draft: Draft, kind: RefreshKind, key: CrmId) -> Decision:
    draft.change(RequestRefresh(kind=kind, key=key))
    draft.because(ReasonCode.MIRROR_REFRESH, f"the {kind} is read anew from the CRM")
    return draft.applied()


def _deleted(draft: Draft, known: bool) -> Decision:
    if not known:
        return draft.ignored(ReasonCode.MIRROR_UNKNOWN_RECORD, "the record is not mirrored")
    draft.because(ReasonCode.MIRROR_UPDATED, "deleted in the CRM: no longer open here")
    return draft.applied()
