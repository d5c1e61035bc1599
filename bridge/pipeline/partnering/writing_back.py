"""What became of the owner that the CRM was told: kept on the lead, which is then read back."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.crm_effects import AssignRecord, SetProperty
from bridge.domain.partner_leads import PartnerLead, Written
from bridge.domain.records import CrmKind
from bridge.pipeline.lanes import Way, lane
from bridge.store import mirror, partner_leads
from bridge.store.outgoing import Row

_MOST_DETAIL = 500


def note_owner_written(db: Connection, row: Row, now: datetime) -> None:
    """The CRM took it; whether it shows it is read next (PRM-23)."""
    lead = _lead_of(db, row)
    if lead is None:
        return
    written = replace(lead.written, state=Written.DONE, at=now, detail="", told=False)
    _put(db, replace(lead, written=written), now)


def note_owner_refused(db: Connection, row: Row, reason: str, now: datetime) -> None:
    """Shown on the lead; whoever has to know is told by the decision about the reading."""
    lead = _lead_of(db, row)
    if lead is None:
        return
    failed = replace(lead.written, state=Written.FAILED, detail=reason[:_MOST_DETAIL], told=False)
    _put(db, replace(lead, written=failed), now)


def _lead_of(db: Connection, row: Row) -> PartnerLead | None:
    """None where a later assignment has overtaken this one, or nothing waits for it."""
    effect = row.effect
    if not isinstance(effect, AssignRecord | SetProperty) or effect.kind is not CrmKind.LEAD:
        return None
    lead = partner_leads.lead_of(db, row.account, effect.record)
    if lead is None or lead.written.state in (Written.NOT_ASKED, Written.CONFIRMED):
        return None
    owner = effect.owner if isinstance(effect, AssignRecord) else None
    return lead if owner == lead.written.owner else None


def _put(db: Connection, lead: PartnerLead, now: datetime) -> None:
    partner_leads.put_leads(db, [lead])
    wish = RequestRefresh(kind=RefreshKind.PARTNER_LEAD, key=lead.crm_id)
    mirror.request_refreshes(db, lane(Way.MIRROR, lead.account), [wish], now)
