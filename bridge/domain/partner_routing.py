"""Every event of the partner programme to its rule."""

from typing import assert_never

from bridge.domain import lead_assigning, lead_life, lead_reading, partner_enabling
from bridge.domain import partner_events as e
from bridge.domain import programme_switching as switching
from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.crm_events import CrmEvent, LeadChanged, OwnerChanged, RecordChange
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.records import RecordKind


def on_partner_event(draft: Draft, event: e.PartnerEvent) -> Decision:
    if isinstance(event, e.ProgrammeEvent):
        return _of_programme(draft, event)
    return _of_lead(draft, event)


def follow_leads(draft: Draft, event: CrmEvent) -> None:
    """A lead that came, changed or moved in the CRM is read for the programme as well."""
    if not draft.policy.partners.is_set or draft.policy.crm != event.account:
        return
    match event:
        case LeadChanged():
            is_new = event.change is RecordChange.CREATED and not event.by_us
            kind = RefreshKind.NEW_LEAD if is_new else RefreshKind.PARTNER_LEAD
            draft.change(RequestRefresh(kind=kind, key=event.lead))
        case OwnerChanged() if event.kind is RecordKind.LEAD:
            draft.change(RequestRefresh(kind=RefreshKind.PARTNER_LEAD, key=event.record))
        case _:
            return


def _of_programme(draft: Draft, event: e.ProgrammeEvent) -> Decision:
    match event:
        case e.ProgrammeSwitchedOn():
            return switching.on_switched_on(draft, event)
        case e.ProgrammeSwitchedOff():
            return switching.on_switched_off(draft, event)
        case e.SharingReviewed():
            return switching.on_reviewed(draft, event)
        case e.EnablingAsked():
            return partner_enabling.on_enabling_asked(draft, event)
        case e.PartnerAccountRead():
            return partner_enabling.on_account_read(draft, event)
        case e.PartnerUserRead():
            return partner_enabling.on_user_read(draft, event)
    assert_never(event)


def _of_lead(draft: Draft, event: e.LeadEvent) -> Decision:
    match event:
        case e.LeadRead():
            return lead_reading.on_read(draft, event)
        case e.LeadDistributed():
            return lead_life.on_distributed(draft, event)
        case e.LeadAssigned():
            return lead_assigning.on_assigned(draft, event)
        case e.LeadRestored():
            return lead_assigning.on_restored(draft, event)
        case e.BatchMailed():
            return lead_assigning.on_batch_mailed(draft, event)
        case _:
            return _of_holder(draft, event)


def _of_holder(
    draft: Draft, event: e.LeadTaken | e.LeadAccepted | e.LeadDeclined | e.LeadExpired
) -> Decision:
    match event:
        case e.LeadTaken():
            return lead_life.on_taken(draft, event)
        case e.LeadAccepted():
            return lead_life.on_accepted(draft, event)
        case e.LeadDeclined():
            return lead_life.on_declined(draft, event)
        case e.LeadExpired():
            return lead_life.on_expired(draft, event)
    assert_never(event)
