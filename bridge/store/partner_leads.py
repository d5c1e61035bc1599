"""The leads of the partner programme: by whom they are with, by partner, by what is due."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, text, update

from bridge import codec
from bridge.domain.names import AccountName, CrmId, EmployeeId, PartnerLeadId
from bridge.domain.partner_leads import OPEN, HolderKind, LeadState, PartnerLead, lead_id
from bridge.store.among import among
from bridge.store.schema import PARTNER_LEADS
from bridge.store.upsert import put

_OF = PARTNER_LEADS.c
# In the words of its index, or SQLite would not use it.
_IS_OPEN = text("state IN ('returned', 'held', 'queued', 'offered', 'accepted')")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadsWanted:
    """Which leads; an empty field asks for all. `holders` are e-mail addresses and queues' keys
    (`queue:north`), `after` is the last one of the page before."""

    tenants: frozenset[str] = frozenset()
    holders: frozenset[str] = frozenset()
    states: frozenset[LeadState] = frozenset()
    batch: str = ""
    unopened: bool = False
    after: tuple[datetime, PartnerLeadId] | None = None


def leads_by_id(
    db: Connection, ids: Iterable[PartnerLeadId]
) -> Mapping[PartnerLeadId, PartnerLead]:
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    rows = db.execute(select(_OF.id, _OF.value).where(among(_OF.id, wanted)))
    return {PartnerLeadId(row.id): _lead(row.value) for row in rows}


def leads(db: Connection, wanted: LeadsWanted, limit: int) -> tuple[PartnerLead, ...]:
    """The newest first: since when they are with whom they are with."""
    query = select(_OF.value).where(*_conditions(wanted))
    rows = db.execute(query.order_by(_OF.since.desc(), _OF.id.desc()).limit(limit))
    return tuple(_lead(row.value) for row in rows)


def leads_of_batch(db: Connection, batch: str) -> tuple[PartnerLead, ...]:
    rows = db.execute(select(_OF.value).where(_OF.batch == batch, _OF.batch != "").order_by(_OF.id))
    return tuple(_lead(row.value) for row in rows)


def due(db: Connection, now: datetime, limit: int) -> tuple[PartnerLead, ...]:
    """Those whose time to be accepted is over, the longest first."""
    rows = db.execute(
        select(_OF.value)
        .where(_OF.offered_until.is_not(None), _OF.offered_until <= now)
        .order_by(_OF.offered_until, _OF.id)
        .limit(limit)
    )
    return tuple(_lead(row.value) for row in rows)


def read_long_ago(db: Connection, before: datetime, limit: int) -> tuple[CrmId, ...]:
    """Open leads that nobody has read in the CRM since, the longest first."""
    found = (
        select(_OF.crm_id).where(_OF.read_at < before, _IS_OPEN).order_by(_OF.read_at).limit(limit)
    )
    return tuple(CrmId(crm_id) for crm_id in db.scalars(found))


def note_read(db: Connection, ids: Iterable[PartnerLeadId], now: datetime) -> None:
    """They are as they were."""
    wanted = list(ids)
    if wanted:
        db.execute(update(PARTNER_LEADS).where(among(_OF.id, wanted)).values(read_at=now))


def put_leads(db: Connection, changed: Iterable[PartnerLead]) -> None:
    put(db, PARTNER_LEADS, ["id"], [_row(lead) for lead in changed])


def lead_of(db: Connection, account: AccountName, crm_id: CrmId) -> PartnerLead | None:
    name = lead_id(account, crm_id)
    return leads_by_id(db, [name]).get(name)


def open_by_user(db: Connection) -> Mapping[EmployeeId, int]:
    """How many open leads each partner's user has."""
    rows = db.execute(
        select(_OF.holder, func.count())
        .where(_OF.holder_kind == HolderKind.PARTNER.value, among(_OF.state, OPEN))
        .group_by(_OF.holder)
    )
    return {EmployeeId(holder): count for holder, count in rows}


def note_opened(db: Connection, lead: PartnerLead, now: datetime) -> None:
    """He has looked at it, so it is not new in his inbox any more."""
    opened = codec.encode(replace(lead, opened_at=now))
    where = and_(_OF.id == lead.id, _OF.version == lead.version, _OF.opened_at.is_(None))
    db.execute(update(PARTNER_LEADS).where(where).values(opened_at=now, value=opened))


def unopened(db: Connection, user: EmployeeId) -> int:
    """How many leads are new in his inbox, up to a hundred."""
    query = (
        select(_OF.id)
        .where(_OF.holder == user, among(_OF.state, [LeadState.OFFERED, LeadState.ACCEPTED]))
        .where(_OF.opened_at.is_(None))
        .limit(100)
    )
    return len(db.execute(query).all())


def _conditions(wanted: LeadsWanted) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.tenants:
        found.append(among(_OF.tenant, wanted.tenants))
    if wanted.holders:
        found.append(among(_OF.holder, wanted.holders))
    if wanted.states:
        found.append(among(_OF.state, wanted.states))
    if wanted.batch:
        found.append(and_(_OF.batch == wanted.batch, _OF.batch != ""))
    if wanted.unopened:
        found.append(_OF.opened_at.is_(None))
    if wanted.after is not None:
        since, last = wanted.after
        found.append(or_(_OF.since < since, and_(_OF.since == since, _OF.id < last)))
    return found


def holder_column(lead: PartnerLead) -> str:
    """Queues have a word before them: their keys may read like anything else."""
    is_queue = lead.holder.kind is HolderKind.QUEUE
    return f"queue:{lead.holder.name}" if is_queue else lead.holder.name


def _row(lead: PartnerLead) -> dict[str, Any]:
    return {
        "id": lead.id,
        "account": lead.account,
        "crm_id": lead.crm_id,
        "holder_kind": lead.holder.kind,
        "holder": holder_column(lead),
        "tenant": lead.tenant,
        "state": lead.state,
        "since": lead.since,
        "offered_until": lead.offered_until,
        "opened_at": lead.opened_at,
        "read_at": lead.read_at or lead.since,
        "batch": lead.batch,
        "version": lead.version,
        "value": codec.encode(lead),
    }


def _lead(value: bytes) -> PartnerLead:
    return codec.decode(PartnerLead, bytes(value))
