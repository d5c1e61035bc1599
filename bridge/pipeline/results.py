"""What a vendor's ids change in our store once an effect is done."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain import effects as f
from bridge.domain.names import AccountName, CrmId, RecordId
from bridge.domain.records import ContactState, Deal, RecordKind
from bridge.pipeline.event_keys import CrmKey
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.overtaken import told_before
from bridge.pipeline.partnering.writing_back import note_owner_written
from bridge.pipeline.windows import mark_changed
from bridge.store import chats, mirror, outbox, outgoing, parking, records
from bridge.store.outgoing import Row
from bridge.store.sends import note_sent

Result = tuple[Row, Mapping[str, str]]
_MADE: Mapping[type[f.Effect], RecordKind] = {
    f.CreateContact: RecordKind.CONTACT,
    f.CreateDeal: RecordKind.DEAL,
    f.CreateLead: RecordKind.LEAD,
}


def note_result(db: Connection, results: Sequence[Result], now: datetime) -> None:
    """The rows are done: their ids are kept, and what waited for them may go."""
    if not results:
        return
    by_account: dict[AccountName, dict[str, str]] = {}
    for row, ids in results:
        if row.makes is not None and "id" in ids:
            by_account.setdefault(row.account, {})[row.makes] = ids["id"]
    for account, made in by_account.items():
        outbox.put_vendor_ids(db, account, made)
    _note_arrived(db, results)
    for row, _ in results:
        note_owner_written(db, row, now)
    touched = [one for row, ids in results for one in _note_record(db, row, ids.get("id", ""))]
    _read_anew(db, results, now)
    deals = [row.effect.deal for row, _ in results if isinstance(row.effect, f.CreateDeal)]
    mark_changed(db, touched, deals, now)
    made_names = [row.makes for row, _ in results if row.makes is not None]
    outgoing.finish(db, [row.id for row, _ in results], made_names, now)


def _read_anew(db: Connection, results: Sequence[Result], now: datetime) -> None:
    """The CRM may have told of what it made before it answered: an assignment rule, a colleague."""
    made: dict[AccountName, list[CrmKey]] = {}
    for row, ids in results:
        kind = _MADE.get(type(row.effect))
        if kind is not None and ids.get("id"):
            made.setdefault(row.account, []).append((kind, CrmId(ids["id"])))
    for account, keys in made.items():
        wishes = told_before(db, account, keys)
        mirror.request_refreshes(db, lane(Way.MIRROR, account), wishes, now)


def _note_arrived(db: Connection, results: Sequence[Result]) -> None:
    """The vendor may have told of these messages before it answered."""
    sent: dict[AccountName, list[str]] = {}
    for row, ids in results:
        if isinstance(row.effect, f.SendMessage) and "id" in ids:
            sent.setdefault(row.account, []).append(ids["id"])
    for account, arrived in sent.items():
        parking.wake(db, account, arrived)


def _note_record(db: Connection, row: Row, vendor_id: str) -> tuple[RecordId, ...]:
    """Gives the contacts that it touched."""
    if isinstance(row.effect, f.CreateContact):
        return _note_contact(db, row.account, row.effect.contact, CrmId(vendor_id))
    _note_other(db, row, vendor_id)
    return ()


def _note_other(db: Connection, row: Row, vendor_id: str) -> None:
    match row.effect:
        case f.CreateDeal():
            _note_deal(db, row.account, row.effect.deal, CrmId(vendor_id))
        case f.CreateLead():
            _note_lead(db, row.account, row.effect.lead, CrmId(vendor_id))
        case f.SendMessage():
            note_sent(db, row.account, row.effect.message, vendor_id)
        case f.CreateContact() | f.ChangeOwner() | f.WriteTimelineEntry():
            return
        case f.UpdateTimelineEntry() | f.JoinChat() | f.SendEmail() | f.PostNotification():
            return
        case f.AssignRecord() | f.SetProperty() | f.CreateTask() | f.WriteNote():
            return


def _note_contact(
    db: Connection, crm: AccountName, made: RecordId, crm_id: CrmId
) -> tuple[RecordId, ...]:
    """The CRM may answer with a contact that we know already: then the chats move to it."""
    contact = chats.contacts_by_id(db, [made]).get(made)
    if contact is None or not crm_id:
        return ()
    known = records.contacts_by_crm_id(db, crm, [crm_id]).get(crm_id)
    if known is None or known.id == made:
        records.put_contacts(db, crm, [replace(contact, crm_id=crm_id)])
        return (made,)
    merged = replace(contact, state=ContactState.MERGED, name="", phones=(), merged_into=known.id)
    records.put_contacts(db, crm, [merged])
    moved = records.conversations_of(db, [made]).get(made, ())
    records.put_conversations(db, [replace(c, contact=known.id) for c in moved])
    deals, leads = chats.records_of(db, [made])
    records.put_deals(db, crm, [replace(d, contacts=(known.id,)) for d in deals.get(made, ())])
    records.put_leads(db, crm, [replace(x, contacts=(known.id,)) for x in leads.get(made, ())])
    return made, known.id


def _note_deal(db: Connection, crm: AccountName, made: RecordId, crm_id: CrmId) -> None:
    for record in records.records_by_id(db, [made]):
        if isinstance(record, Deal) and not _is_mirrored(db, crm, RecordKind.DEAL, crm_id):
            records.put_deals(db, crm, [replace(record, crm_id=crm_id)])


def _note_lead(db: Connection, crm: AccountName, made: RecordId, crm_id: CrmId) -> None:
    for record in records.records_by_id(db, [made]):
        if not isinstance(record, Deal) and not _is_mirrored(db, crm, RecordKind.LEAD, crm_id):
            records.put_leads(db, crm, [replace(record, crm_id=crm_id)])


def _is_mirrored(db: Connection, crm: AccountName, kind: RecordKind, crm_id: CrmId) -> bool:
    """A webhook of the CRM may have brought the record before the answer did."""
    return (kind, crm_id) in records.records_by_crm_id(db, crm, [(kind, crm_id)])
