"""Resellers' clients by id, reference and end of term; each is kept whole, with what is asked for
beside it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from bridge.codec import decode, encode
from bridge.domain.names import ClientId, CrmId, ResellerName
from bridge.domain.records import CrmKind
from bridge.domain.reseller_clients import ClientDetails, ResellerClient, Told
from bridge.domain.reselling_policy import HintRules
from bridge.store.among import among
from bridge.store.schema import DECISIONS, RESELLER_CLIENTS
from bridge.store.schema.reselling import TERM_UNTOLD
from bridge.store.upsert import put

_OF = RESELLER_CLIENTS.c
ERASED = "(erased)"


def by_ids(db: Connection, ids: Iterable[ClientId]) -> dict[ClientId, ResellerClient]:
    found = db.scalars(select(_OF.value).where(among(_OF.id, ids)))
    return _by_id(found)


def by_references(
    db: Connection, references: Iterable[str], resellers: Collection[ResellerName]
) -> dict[ClientId, ResellerClient]:
    """Those of these resellers who are called so; several may be, by one reference."""
    query = select(_OF.value).where(
        among(_OF.reference, references), _OF.reseller.in_(sorted(resellers))
    )
    return _by_id(db.scalars(query))


def clients_after(db: Connection, after: str, limit: int) -> tuple[ResellerClient, ...]:
    """All of them by and by, in the order of their ids."""
    query = select(_OF.value).where(_OF.id > after).order_by(_OF.id).limit(limit)
    return tuple(_by_id(db.scalars(query)).values())


def by_crm_record(db: Connection, kind: CrmKind, crm_id: CrmId) -> tuple[ResellerClient, ...]:
    """Those who are this record of the CRM."""
    query = select(_OF.value).where(
        _OF.crm_id.is_not(None), _OF.crm_kind == kind.value, _OF.crm_id == crm_id
    )
    return tuple(_by_id(db.scalars(query.order_by(_OF.id))).values())


def with_untold_ends(
    db: Connection, rules: Mapping[ResellerName, HintRules], now: datetime, limit: int
) -> tuple[ResellerClient, ...]:
    """Those whose end has come or is near, and was not told of; the earliest first."""
    near = [
        and_(_OF.reseller == reseller, _OF.ends_at <= now + rule.ending)
        for reseller, rule in rules.items()
    ]
    others = and_(_OF.reseller.not_in(sorted(rules)), _OF.ends_at <= now + HintRules().ending)
    ending = and_(_OF.term_told == Told.NOTHING.value, or_(*near, others))
    query = (
        select(_OF.value)
        .where(TERM_UNTOLD, or_(_OF.ends_at <= now, ending))
        .order_by(_OF.ends_at, _OF.id)
        .limit(limit)
    )
    return tuple(_by_id(db.scalars(query)).values())


def put_clients(db: Connection, clients: Iterable[ResellerClient]) -> None:
    put(db, RESELLER_CLIENTS, ["id"], [_row(client) for client in clients])


def forget_linked(db: Connection, contacts: Iterable[CrmId]) -> None:
    """The clients who are these contacts of the CRM are left without a name, a way to reach them
    and a link; their plans, balances and ledgers stay, and the reseller's own reference."""
    query = select(_OF.value).where(
        _OF.crm_id.is_not(None), _OF.crm_kind == CrmKind.CONTACT.value, among(_OF.crm_id, contacts)
    )
    found = _by_id(db.scalars(query)).values()
    nobody = ClientDetails(legal_name=ERASED)
    put_clients(db, [replace(one, details=nobody, link=None, changes=()) for one in found])
    names = [one.subject.name for one in found]
    about = among(DECISIONS.c.subject, names)
    db.execute(update(DECISIONS).where(about).values(event=None, facts=None))


def _by_id(values: Iterable[Any]) -> dict[ClientId, ResellerClient]:
    found = (decode(ResellerClient, bytes(value)) for value in values)
    return {client.id: client for client in found}


def _row(client: ResellerClient) -> dict[str, Any]:
    link = client.link
    return {
        "id": client.id,
        "reseller": client.reseller,
        "reference": client.reference or None,
        "legal_name": client.details.legal_name,
        "plan": client.plan,
        "plan_units": client.plan_units,
        "balance": client.balance,
        "ends_at": None if client.term is None else client.term.ends_at,
        "term_told": client.term_told.value,
        "is_suspended": client.is_suspended,
        "is_archived": client.is_archived,
        "crm_kind": None if link is None else link.kind.value,
        "crm_id": None if link is None else link.crm_id,
        "created_at": client.created_at,
        "value": encode(client),
    }
