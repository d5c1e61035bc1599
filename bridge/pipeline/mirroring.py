"""Brings contacts, deals, leads and people from the CRM into the mirror, many at a time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.adopting import record_id
from bridge.domain.errors import ConfigError
from bridge.domain.names import AccountName, CrmId, RecordId
from bridge.domain.people import Directory
from bridge.domain.records import (
    Contact,
    ContactState,
    CrmContact,
    CrmDeal,
    CrmLead,
    Deal,
    Lead,
    Owner,
    RecordKind,
)
from bridge.pipeline.event_keys import CrmKey
from bridge.pipeline.gone import end_entries
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.lease import Lease
from bridge.pipeline.moved import Moved
from bridge.pipeline.overtaken import Before, look, wishes
from bridge.pipeline.parts import Parts
from bridge.pipeline.windows import mark_changed
from bridge.ports import Reader
from bridge.store import chats, cursors, mirror, outbox, records, templates
from bridge.store.deciding import deciding
from bridge.store.engine import reading, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    contacts: Sequence[CrmId] = ()
    deals: Sequence[CrmId] = ()
    leads: Sequence[CrmId] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    contacts: Mapping[CrmId, CrmContact]
    deals: tuple[CrmDeal, ...]
    leads: tuple[CrmLead, ...]


def read(reader: Reader, wanted: Wanted) -> Reading:
    """Contacts come with their deals and leads."""
    contacts = reader.contacts(wanted.contacts) if wanted.contacts else {}
    deals = {deal.crm_id: deal for deal in reader.deals_of(wanted.contacts)} if contacts else {}
    leads = {lead.crm_id: lead for lead in reader.leads_of(wanted.contacts)} if contacts else {}
    more_deals = [x for x in wanted.deals if x not in deals]
    more_leads = [x for x in wanted.leads if x not in leads]
    if more_deals:
        deals.update(reader.deals(more_deals))
    if more_leads:
        leads.update(reader.leads(more_leads))
    return Reading(contacts=contacts, deals=tuple(deals.values()), leads=tuple(leads.values()))


def before_reading(parts: Parts, crm: AccountName, wanted: Wanted) -> Before:
    with reading(parts.engine) as db:
        return _before(db, crm, wanted)


def write(
    parts: Parts,
    crm: AccountName,
    wanted: Wanted,
    found: Reading,
    before: Before,
    lease: Lease | None = None,
) -> None:
    """The mirror as just read. Records that are gone are marked; strangers' are left out, and those
    that moved while they were read, or that a contact was found to have no more, are read once
    more."""
    with deciding(parts.engine) as db:
        if lease is not None:
            lease.keep(db)
        now = parts.now()
        stands = _before(db, crm, wanted)
        overtaken = before.overtaken(stands)
        missed = stands.open_records() - _named(wanted, found)
        mirror.request_refreshes(db, lane(Way.MIRROR, crm), wishes(overtaken | missed), now)
        wanted, found = _without(overtaken, wanted, found)
        moved = Moved()
        contacts = _write_contacts(db, crm, wanted, found, moved, now)
        _write_records(db, crm, wanted, found, contacts, moved, now)
        mark_changed(db, moved.clients, moved.deals, now)


def _before(db: Connection, crm: AccountName, wanted: Wanted) -> Before:
    others = [(RecordKind.DEAL, x) for x in wanted.deals]
    others += [(RecordKind.LEAD, x) for x in wanted.leads]
    return look(db, crm, list(wanted.contacts), others)


def _named(wanted: Wanted, found: Reading) -> frozenset[CrmKey]:
    """Deals and leads that were asked for, or that their contacts were found to have."""
    deals = {*wanted.deals, *(deal.crm_id for deal in found.deals)}
    leads = {*wanted.leads, *(lead.crm_id for lead in found.leads)}
    return frozenset({(RecordKind.DEAL, x) for x in deals} | {(RecordKind.LEAD, x) for x in leads})


def _without(
    overtaken: frozenset[CrmKey], wanted: Wanted, found: Reading
) -> tuple[Wanted, Reading]:
    def stays(kind: RecordKind, crm_id: CrmId) -> bool:
        return (kind, crm_id) not in overtaken

    return Wanted(
        contacts=[x for x in wanted.contacts if stays(RecordKind.CONTACT, x)],
        deals=[x for x in wanted.deals if stays(RecordKind.DEAL, x)],
        leads=[x for x in wanted.leads if stays(RecordKind.LEAD, x)],
    ), Reading(
        contacts=found.contacts,
        deals=tuple(x for x in found.deals if stays(RecordKind.DEAL, x.crm_id)),
        leads=tuple(x for x in found.leads if stays(RecordKind.LEAD, x.crm_id)),
    )


def read_directory(parts: Parts, crm: AccountName) -> Directory:
    """Everybody the CRM knows, stored as the newest directory."""
    people = tuple(sorted(parts.vendors.reader(crm).employees(), key=lambda p: p.crm_id))
    now = parts.now()
    directory = Directory(people=people, as_of=now)
    with writing(parts.engine) as db:
        mirror.put_directory(db, crm, directory, now)
    return directory


def read_pipelines(parts: Parts, crm: AccountName) -> int:
    found = parts.vendors.reader(crm).pipelines()
    with writing(parts.engine) as db:
        mirror.put_pipelines(db, crm, found, parts.now())
    return len(found)


def has_channels(parts: Parts, account: AccountName) -> bool:
    """Whether clients write through this account: a system may be CRM and messenger in one."""
    named = any(one.account == account for one in parts.active().policy.channels.values())
    return named or not parts.vendors.connector(account).is_crm


def read_channels(parts: Parts, account: AccountName) -> int:
    found = parts.vendors.reader(account).channels()
    with writing(parts.engine) as db:
        mirror.put_channels(db, account, found, parts.now())
        cursors.put_cursor(db, channels_cursor(account), "", parts.now())
    return len(found)


def lacks_channels(parts: Parts, account: AccountName) -> bool:
    """A messenger of whose channels none is named yet: a person has to see them to name them."""
    named = any(one.account == account for one in parts.active().policy.channels.values())
    try:
        return not named and not parts.vendors.connector(account).is_crm
    except ConfigError:
        return False


def channels_cursor(account: AccountName) -> AccountName:
    """What the last reading of its channels is noted under."""
    return AccountName(f"channels:{account}")


def read_templates(parts: Parts, account: AccountName) -> int:
    """The messenger's templates, where it has any."""
    read_all = parts.vendors.connector(account).templates
    if read_all is None:
        return 0
    found = read_all(parts.active().accounts[account])
    with writing(parts.engine) as db:
        templates.put_templates(db, account, found, parts.now())
        cursors.put_cursor(db, templates_cursor(account), "", parts.now())
    return len(found)


def has_templates(parts: Parts, account: AccountName) -> bool:
    """Not for an account that is not set up either: others tell of that."""
    try:
        named = any(one.account == account for one in parts.active().policy.channels.values())
        return named and parts.vendors.connector(account).templates is not None
    except ConfigError:
        return False


def templates_cursor(account: AccountName) -> AccountName:
    """What the last reading of its templates is noted under."""
    return AccountName(f"templates:{account}")


def _write_contacts(
    db: Connection, crm: AccountName, wanted: Wanted, found: Reading, moved: Moved, now: datetime
) -> dict[CrmId, RecordId]:
    """Gives the record ids of all contacts that the reading names and the mirror has."""
    named = {x for d in found.deals for x in d.contacts} | {
        x for lead in found.leads for x in lead.contacts
    }
    known = records.contacts_by_crm_id(db, crm, {*wanted.contacts, *named})
    fresh = [_fresh(known[x], found.contacts.get(x), now) for x in wanted.contacts if x in known]
    moved.contacts(known.values(), fresh)
    records.put_contacts(db, crm, fresh)
    lost = [x for x in fresh if x.state is ContactState.DELETED]
    end_entries(db, lost, now)
    return {crm_id: _standing(db, contact) for crm_id, contact in known.items()}


def _standing(db: Connection, contact: Contact) -> RecordId:
    """He himself, or the contact whom a manager has said that he is: his deals are that one's."""
    seen = {contact.id}
    while contact.merged_into is not None and contact.merged_into not in seen:
        seen.add(contact.merged_into)
        found = chats.contacts_by_id(db, [contact.merged_into]).get(contact.merged_into)
        if found is None:
            break
        contact = found
    return contact.id


def _fresh(known: Contact, found: CrmContact | None, now: datetime) -> Contact:
    if known.state in (ContactState.ERASED, ContactState.MERGED):
        return known
    if found is None:
        return replace(known, state=ContactState.DELETED)
    owner = Owner(crm_id=found.owner, as_of=now)
    active = ContactState.ACTIVE
    return replace(known, name=found.name, owner=owner, phones=found.phones, state=active)


def _write_records(
    db: Connection,
    crm: AccountName,
    wanted: Wanted,
    found: Reading,
    contacts: Mapping[CrmId, RecordId],
    moved: Moved,
    now: datetime,
) -> None:
    keys = [(RecordKind.DEAL, d.crm_id) for d in found.deals]
    keys += [(RecordKind.LEAD, x.crm_id) for x in found.leads]
    gone = _gone(wanted, found)
    known = records.records_by_crm_id(db, crm, [*keys, *gone])
    deals, leads = [], []
    for deal in found.deals:
        before = known.get((RecordKind.DEAL, deal.crm_id))
        linked = _linked(deal.contacts, contacts)
        if linked or before is not None:
            deals.append(_deal(crm, deal, before.id if before else None, linked, now))
    for lead in found.leads:
        before = known.get((RecordKind.LEAD, lead.crm_id))
        linked = _linked(lead.contacts, contacts)
        if linked or before is not None:
            leads.append(_lead(crm, lead, before.id if before else None, linked, now))
    for key in gone:
        lost = known.get(key)
        if isinstance(lost, Deal):
            deals.append(replace(lost, is_open=False))
        elif lost is not None:
            leads.append(replace(lost, is_open=False))
    moved.records(known.values(), [*deals, *leads])
    records.put_deals(db, crm, deals)
    records.put_leads(db, crm, leads)
    ids: dict[str, str] = {d.id: d.crm_id for d in deals if d.crm_id is not None}
    ids.update({x.id: x.crm_id for x in leads if x.crm_id is not None})
    outbox.put_vendor_ids(db, crm, ids)


def _gone(wanted: Wanted, found: Reading) -> list[tuple[RecordKind, CrmId]]:
    deals, leads = {d.crm_id for d in found.deals}, {x.crm_id for x in found.leads}
    gone = [(RecordKind.DEAL, x) for x in wanted.deals if x not in deals]
    return gone + [(RecordKind.LEAD, x) for x in wanted.leads if x not in leads]


def _linked(contacts: Iterable[CrmId], known: Mapping[CrmId, RecordId]) -> tuple[RecordId, ...]:
    return tuple(dict.fromkeys(known[x] for x in contacts if x in known))


def _deal(
    crm: AccountName,
    found: CrmDeal,
    known: RecordId | None,
    contacts: tuple[RecordId, ...],
    now: datetime,
) -> Deal:
    return Deal(
        id=known or record_id(crm, RecordKind.DEAL, found.crm_id),
        crm_id=found.crm_id,
        name=found.name,
        pipeline=found.pipeline,
        stage=found.stage,
        is_open=found.is_open,
        owner=Owner(crm_id=found.owner, as_of=now),
        contacts=contacts,
        active_at=found.active_at,
    )


def _lead(
    crm: AccountName,
    found: CrmLead,
    known: RecordId | None,
    contacts: tuple[RecordId, ...],
    now: datetime,
) -> Lead:
    return Lead(
        id=known or record_id(crm, RecordKind.LEAD, found.crm_id),
        crm_id=found.crm_id,
        name=found.name,
        is_open=found.is_open,
        owner=Owner(crm_id=found.owner, as_of=now),
        contacts=contacts,
    )
