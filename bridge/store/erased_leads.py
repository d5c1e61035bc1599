"""Leads of the partner programme of somebody who must be forgotten: they say nothing any more."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select, union, update

from bridge.domain.names import CrmId, RecordId
from bridge.domain.partner_leads import LeadSummary, PartnerLead
from bridge.domain.records import RecordKind
from bridge.domain.subjects import Subject, SubjectKind
from bridge.store.among import among
from bridge.store.outbox import WIPED, State
from bridge.store.partner_leads import lead_of, put_leads
from bridge.store.schema import CONTACTS, DECISIONS, OUTBOX, RECORD_CONTACTS, RECORDS

_SAYS_SOMETHING = "SendEmail"  # all else that is done for a lead names ids alone


def erase_leads(db: Connection, contact: RecordId, now: datetime) -> None:
    """The contact may be a lead himself, or have some."""
    leads = [lead for lead in _leads_of(db, contact) if lead is not None]
    if not leads:
        return
    put_leads(db, [_wiped(lead) for lead in leads])
    of = DECISIONS.c
    there = among(of.subject, [Subject(kind=SubjectKind.LEAD, id=x.id).name for x in leads])
    mine = OUTBOX.c.event_key.in_(select(of.event_key).where(there))
    mails = mine & (OUTBOX.c.kind == _SAYS_SOMETHING)
    ended = [State.DONE.value, State.DROPPED.value]
    dropped = {"state": State.DROPPED.value, "next_attempt_at": None, "done_at": now}
    db.execute(update(OUTBOX).where(mails, OUTBOX.c.state.not_in(ended)).values(**dropped))
    db.execute(update(OUTBOX).where(mails).values(effect=WIPED, reason="erased"))
    db.execute(update(DECISIONS).where(there).values(event=None, facts=None))


def _leads_of(db: Connection, contact: RecordId) -> list[PartnerLead | None]:
    himself = select(CONTACTS.c.account, CONTACTS.c.crm_id).where(CONTACTS.c.id == contact)
    his = (
        select(RECORDS.c.account, RECORDS.c.crm_id)
        .join(RECORD_CONTACTS, RECORD_CONTACTS.c.record == RECORDS.c.id)
        .where(RECORD_CONTACTS.c.contact == contact, RECORDS.c.kind == RecordKind.LEAD)
    )
    rows = db.execute(union(himself, his)).all()
    return [lead_of(db, account, CrmId(crm_id)) for account, crm_id in rows if crm_id]


def _wiped(lead: PartnerLead) -> PartnerLead:
    passed = tuple(replace(one, why="") for one in lead.passed)
    return replace(lead, summary=LeadSummary(), passed=passed)
