"""What the CRM says of partners and of leads in the programme: read outside, decided at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.crm_partners import (
    CrmPartnerAccount,
    CrmPartnerUser,
    Organisation,
    PartnersRead,
    ProgrammeLead,
    SharingReview,
)
from bridge.domain.errors import ConfigError
from bridge.domain.events import Event
from bridge.domain.lead_reading import is_as_it_came, summary_of
from bridge.domain.names import AccountName, CrmId, EventKey, digest_id
from bridge.domain.partner_events import LeadRead, PartnerAccountRead, PartnerUserRead
from bridge.domain.partner_leads import PartnerLead, Written, lead_id
from bridge.domain.partner_policy import PartnersPolicy
from bridge.pipeline.house import decide_here
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.lease import Lease
from bridge.pipeline.parts import Parts
from bridge.ports import PartnerReader
from bridge.store import mirror, partner_leads, partners
from bridge.store.engine import reading, writing
from bridge.store.partners import House

SIDE_MAX_AGE = timedelta(hours=1)
_AT_ONCE = 25
_OLD_AT_ONCE = 200


def reader_of(parts: Parts, crm: AccountName) -> PartnerReader | None:
    """None where the house has no partners, or its CRM knows of none."""
    if not parts.active().policy.partners.is_set:
        return None
    try:
        make = parts.vendors.connector(crm).partners
    except ConfigError:
        return None
    return None if make is None else make(parts.active().accounts[crm])


def due_readings(parts: Parts) -> list[AccountName]:
    """The CRM, where its partner side was read too long ago and is not asked for yet."""
    crm = parts.active().policy.crm
    if crm is None or reader_of(parts, crm) is None:
        return []
    with reading(parts.engine) as db:
        read_at = partners.partner_state(db).side.read_at
        waits = mirror.waiting_refreshes(db, lane(Way.MIRROR, crm))
    is_old = read_at is None or parts.now() - read_at >= SIDE_MAX_AGE
    return [crm] if is_old and not waits else []


def old_leads(parts: Parts) -> list[RequestRefresh]:
    """Open leads that were read long ago: a net under the CRM's webhooks."""
    policy = parts.active().policy
    if policy.crm is None or reader_of(parts, policy.crm) is None:
        return []
    before = parts.now() - policy.ownership.max_age / 2
    with reading(parts.engine) as db:
        if mirror.waiting_refreshes(db, lane(Way.MIRROR, policy.crm)):
            return []
        found = partner_leads.read_long_ago(db, before, _OLD_AT_ONCE)
    return [RequestRefresh(kind=RefreshKind.PARTNER_LEAD, key=crm_id) for crm_id in found]


def wish(account: AccountName) -> RequestRefresh:
    return RequestRefresh(kind=RefreshKind.PARTNERS, key=account)


def read_side(parts: Parts, lease: Lease, crm: AccountName) -> None:
    """The organisation, partner accounts and their users. What is new of one of them is decided;
    what nobody has any more goes."""
    reader, policy = reader_of(parts, crm), parts.active().policy.partners
    if reader is None:
        return
    put_side(parts, crm, lease.while_waiting(parts.engine, lambda: ask_side(reader, policy)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SideRead:
    organisation: Organisation
    people: PartnersRead
    sharing: SharingReview


def ask_side(reader: PartnerReader, policy: PartnersPolicy) -> SideRead:
    ids = [account.crm_id for account in policy.accounts.values()]
    return SideRead(
        organisation=reader.organisation(),
        people=_ours(reader.partners(ids, list(policy.users)), policy),
        sharing=reader.sharing(),
    )


def put_side(parts: Parts, crm: AccountName, read: SideRead) -> None:
    found, now = read.people, parts.now()
    with reading(parts.engine) as db:
        known = partners.partner_state(db).side
    accounts = {x.crm_id for x in found.accounts}
    users = {partners.user_key(x) for x in found.users}
    with writing(parts.engine) as db:
        house = House(crm=crm, organisation=read.organisation, sharing=read.sharing, read_at=now)
        partners.put_house(db, house, now)
        partners.drop_accounts(db, [x for x in known.accounts if x.crm_id not in accounts])
        gone = [x for x in known.users if partners.user_key(x) not in users]
        partners.drop_users(db, gone)
    news = [_account_event(x, now) for x in found.accounts if x not in known.accounts]
    people = [_user_event(x, now) for x in found.users if _is_news(x, known.users)]
    for some in _portions([*news, *people]):
        decide_here(parts, some)


def read_leads(
    parts: Parts,
    lease: Lease,
    crm: AccountName,
    ids: Sequence[CrmId],
    fresh: frozenset[CrmId],
) -> None:
    """As the CRM has them now; `fresh` have just come there. What is as we know it says nothing."""
    reader = reader_of(parts, crm)
    if reader is None:
        return
    with reading(parts.engine) as db:
        if not partners.partner_state(db).programme.is_on:
            return
    began = parts.now()
    wanted = list(dict.fromkeys(ids))
    policy = parts.active().policy.partners
    asked = list(policy.properties)
    found = lease.while_waiting(parts.engine, lambda: reader.leads(wanted, asked))
    with reading(parts.engine) as db:
        known = partner_leads.leads_by_id(db, [lead_id(crm, one) for one in wanted])
    told = [
        one
        for one in wanted
        if _says_something(known.get(lead_id(crm, one)), found.get(one), is_new=one in fresh)
    ]
    unchanged = [lead.id for lead in known.values() if lead.crm_id not in told]
    with writing(parts.engine) as db:
        partner_leads.note_read(db, unchanged, began)
    events: list[Event] = [
        _lead_event(_Read(crm=crm, crm_id=one, found=found.get(one), began=began), one in fresh)
        for one in told
    ]
    for some in _portions(events):
        decide_here(parts, some)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    crm: AccountName
    crm_id: CrmId
    found: ProgrammeLead | None
    began: datetime


def _lead_event(read: _Read, is_new: bool) -> LeadRead:
    moment = str(int(read.began.timestamp() * 1_000_000))
    return LeadRead(
        event_key=EventKey(digest_id("lead-read", read.crm, read.crm_id, moment)),
        occurred_at=read.began,
        crm=read.crm,
        crm_id=read.crm_id,
        found=read.found,
        read_at=read.began,
        is_new=is_new,
    )


def _says_something(
    known: PartnerLead | None, found: ProgrammeLead | None, *, is_new: bool
) -> bool:
    return _differs(known, found) or (is_new and known is not None and is_as_it_came(known))


def _differs(known: PartnerLead | None, found: ProgrammeLead | None) -> bool:
    if known is None or found is None:
        return known is not None or found is not None
    is_open = found.is_open and not found.is_converted
    return (
        known.summary != summary_of(found)
        or known.crm_owner != found.owner
        or known.is_open != is_open
        or known.written.state in (Written.PENDING, Written.DONE, Written.FAILED)
    )


def _ours(found: PartnersRead, policy: PartnersPolicy) -> PartnersRead:
    """Of the people those whom partners.yaml names: of others nothing is kept."""
    contacts = {user.crm_contact for user in policy.users.values()} - {None}
    users = tuple(x for x in found.users if x.email in policy.users or x.contact in contacts)
    return PartnersRead(accounts=found.accounts, users=users)


def _is_news(user: CrmPartnerUser, known: Sequence[CrmPartnerUser]) -> bool:
    """That he has signed in once more says nothing new."""
    return not any(_undated(user) == _undated(one) for one in known)


def _undated(user: CrmPartnerUser) -> CrmPartnerUser:
    return replace(user, signed_in_at=None)


def _account_event(found: CrmPartnerAccount, now: datetime) -> PartnerAccountRead:
    moment = str(int(now.timestamp() * 1_000_000))
    return PartnerAccountRead(
        event_key=EventKey(digest_id("account-read", found.crm_id, moment)),
        occurred_at=now,
        found=found,
    )


def _user_event(found: CrmPartnerUser, now: datetime) -> PartnerUserRead:
    moment = str(int(now.timestamp() * 1_000_000))
    return PartnerUserRead(
        event_key=EventKey(digest_id("user-read", partners.user_key(found), moment)),
        occurred_at=now,
        found=found,
    )


def _portions(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    return (events[start : start + _AT_ONCE] for start in range(0, len(events), _AT_ONCE))
