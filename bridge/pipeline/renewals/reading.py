"""Renewals as CRMs have them: read in the background, and followed where they moved."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.crm_renewals import CrmRenewal, RenewalPerson
from bridge.domain.names import HOUSE, AccountName, CrmId, EventKey
from bridge.domain.policy import Policy
from bridge.domain.records import CrmKind
from bridge.domain.renewing import (
    ClientContact,
    Renewal,
    RenewalId,
    RenewalOrigin,
    RenewalReading,
    RenewalState,
    renewal_id,
)
from bridge.domain.renewing_events import RenewalRead
from bridge.domain.renewing_policy import CrmRenewals, Renewals
from bridge.pipeline.house import decide_here
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.lease import Lease
from bridge.pipeline.parts import Parts
from bridge.pipeline.renewals.people import tenant_of
from bridge.store import cursors
from bridge.store import renewals as store
from bridge.store.engine import reading, writing

EVERY = timedelta(hours=1)
BEHIND, BEYOND = timedelta(days=2), timedelta(days=31)
BATCH = 100


def due_readings(parts: Parts) -> list[AccountName]:
    """CRMs whose renewals nobody has read for long, and whose reading is not asked for yet."""
    renewals = parts.active().policy.renewals
    names = () if renewals is None else {source.account for source in renewals.sources}
    return [name for name in sorted(names) if _is_due(parts, name)]


def wish(account: AccountName) -> RequestRefresh:
    return RequestRefresh(kind=RefreshKind.RENEWALS, key=account)


def read_coming(parts: Parts, lease: Lease, account: AccountName) -> None:
    """All that are due within the look-ahead; those that were and are so no more are asked for
    one by one, as they have moved, or their client is gone."""
    renewals = parts.active().policy.renewals
    if renewals is None:
        return
    for source in renewals.sources:
        if source.account == account:
            _read_source(parts, lease, source, renewals)
    with writing(parts.engine) as db:
        lease.keep(db)
        cursors.put_cursor(db, cursor_of(account), "", parts.now())


def read_clients(parts: Parts, lease: Lease, account: AccountName, ids: Sequence[CrmId]) -> None:
    """Clients of whom the vendor says that they changed."""
    source = source_of_clients(parts.active().policy, account)
    if source is not None:
        _read_these(parts, lease, source, ids)


def source_of_clients(policy: Policy, account: AccountName) -> CrmRenewals | None:
    """Where the account's partner clients are read from, if they are."""
    sources = () if policy.renewals is None else policy.renewals.sources
    mine = (source for source in sources if source.account == account)
    return next((x for x in mine if x.source.kind is CrmKind.PARTNER_CLIENT), None)


def reading_of(found: CrmRenewal, source: CrmRenewals, policy: Policy) -> RenewalReading:
    """What the CRM says, in our words; an address counts once for each role."""
    return RenewalReading(
        id=_id(source, found.crm_id),
        tenant=tenant_of(found.partner, policy),
        name=found.name,
        renews_on=found.due,
        origin=RenewalOrigin.CRM,
        ref=found.crm_id,
        account=source.account,
        kind=found.kind,
        record=found.crm_id,
        state=_state(found, source),
        contacts=_contacts(found.people),
        contract=" ".join(named.value for named in found.more),
    )


def _contacts(people: Sequence[RenewalPerson]) -> tuple[ClientContact, ...]:
    """In an order of their own: a CRM that names them in another has not changed anything."""
    found = {(p.role, p.email.lower(), p.name, p.contact or "") for p in people}
    return tuple(
        ClientContact(role=role, email=email, name=name, contact=CrmId(id) if id else None)
        for role, email, name, id in sorted(found)
    )


def gone(known: Renewal) -> RenewalReading:
    """What is left of a client who is not there any more: nothing of his people."""
    was = known.reading
    return RenewalReading(
        id=was.id,
        tenant=was.tenant,
        name="",
        renews_on=was.renews_on,
        origin=was.origin,
        ref=was.ref,
        account=was.account,
        kind=was.kind,
        record=was.record,
        gone=True,
    )


def is_read(renewal: Renewal, renewals: Renewals) -> bool:
    """Whether somebody would hear of it if it moved: else it would be reminded of for good."""
    was = renewal.reading
    if was.origin is not RenewalOrigin.CRM or was.gone:
        return True
    return any(s.account == was.account and s.source.kind is was.kind for s in renewals.sources)


def follow(parts: Parts, readings: Iterable[RenewalReading]) -> None:
    """What is other than it was known becomes a decision; the rest costs a look."""
    given = {one.id: one for one in readings}
    with reading(parts.engine) as db:
        known = store.by_id(db, given)
    events = [
        _event(parts, one, known.get(name))
        for name, one in given.items()
        if (name in known or not one.gone) and _differs(known.get(name), one)
    ]
    for first in range(0, len(events), BATCH):
        decide_here(parts, events[first : first + BATCH])


def _read_source(parts: Parts, lease: Lease, source: CrmRenewals, renewals: Renewals) -> None:
    reader = parts.vendors.renewals(source.account)
    if reader is None:
        return
    today = parts.now().date()
    first, last = today - BEHIND, today + timedelta(days=renewals.schedule.look_ahead) + BEYOND
    found = lease.while_waiting(parts.engine, lambda: reader.due(source.source, first, last))
    policy = parts.active().policy
    follow(parts, [reading_of(one, source, policy) for one in found])
    seen = {one.crm_id for one in found}
    with reading(parts.engine) as db:
        known = store.coming_from(db, source.account, source.source.kind)
    missing = [x for x in known if x.reading.ref not in seen and _was_within(x, first, last)]
    for at in range(0, len(missing), BATCH):
        _read_these(parts, lease, source, [CrmId(x.reading.ref) for x in missing[at : at + BATCH]])


def _read_these(parts: Parts, lease: Lease, source: CrmRenewals, ids: Sequence[CrmId]) -> None:
    reader = parts.vendors.renewals(source.account)
    if reader is None:
        return
    found = lease.while_waiting(parts.engine, lambda: reader.read(source.source, ids))
    policy = parts.active().policy
    there = [reading_of(one, source, policy) for one in found.values()]
    with reading(parts.engine) as db:
        known = store.by_id(db, {_id(source, x) for x in ids if x not in found})
    follow(parts, [*there, *(gone(renewal) for renewal in known.values())])


def _was_within(renewal: Renewal, first: date, last: date) -> bool:
    renews_on = renewal.reading.renews_on
    return renews_on is not None and first <= renews_on <= last


def _event(parts: Parts, one: RenewalReading, known: Renewal | None) -> RenewalRead:
    revision = 0 if known is None else known.revision
    return RenewalRead(
        event_key=EventKey(f"renewal-read:{one.id}:{revision}"),
        occurred_at=parts.now(),
        account=HOUSE,
        reading=one,
    )


def _differs(known: Renewal | None, one: RenewalReading) -> bool:
    return known is None or known.reading != one


def _state(found: CrmRenewal, source: CrmRenewals) -> RenewalState:
    """The house's translation of the CRM's word; of a deal that has none, what became of it."""
    if found.state in source.states:
        return source.states[found.state]
    if found.is_open:
        return RenewalState.PENDING
    return RenewalState.RENEWED if found.is_won else RenewalState.CANCELLED


def _id(source: CrmRenewals, crm_id: CrmId) -> RenewalId:
    return renewal_id(RenewalOrigin.CRM, source.account, source.source.kind, crm_id)


def _is_due(parts: Parts, account: AccountName) -> bool:
    with reading(parts.engine) as db:
        read_at = cursors.read_at(db, cursor_of(account))
        asked = cursors.is_asked_for(db, lane(Way.MIRROR, account), RefreshKind.RENEWALS)
    return not asked and (read_at is None or parts.now() - read_at >= EVERY)


def cursor_of(account: AccountName) -> AccountName:
    """What the last reading is noted under."""
    return AccountName(f"renewals:{account}")
