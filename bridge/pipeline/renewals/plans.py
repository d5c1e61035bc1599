"""Renewals of resellers' clients: they follow each client within the decision that changes him."""

import hashlib
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bridge import codec
from bridge.domain.crm_renewals import RenewalRole
from bridge.domain.names import AccountName
from bridge.domain.policy import Policy
from bridge.domain.renewing import (
    ClientContact,
    RenewalOrigin,
    RenewalReading,
    follow,
    renewal_of_client,
)
from bridge.domain.reseller_clients import ResellerClient
from bridge.pipeline.parts import Parts
from bridge.pipeline.renewals.placing import done_of, placed, rules_digest
from bridge.store import cursors
from bridge.store import renewals as store
from bridge.store.deciding import deciding
from bridge.store.engine import reading
from bridge.store.reseller_clients import clients_after

CURSOR = AccountName("renewals:plans")
BATCH = 200
_ALL = "all"


def reading_of_client(client: ResellerClient, policy: Policy) -> RenewalReading:
    """His plan is renewed on its last day. Of an archived one nothing is kept but whose he was."""
    details, link = client.details, client.link
    reseller = policy.reselling.resellers.get(client.reseller)
    primary = ClientContact(
        role=RenewalRole.PRIMARY, email=details.email.lower(), name=details.contact_name
    )
    base = RenewalReading(
        id=renewal_of_client(client.id),
        tenant=client.tenant,
        name="",
        renews_on=client.valid_until,
        origin=RenewalOrigin.RESELLER_CLIENT,
        ref=client.id,
        account=None if link is None else policy.crm,
        kind=None if link is None else link.kind,
        record=None if link is None else link.crm_id,
        gone=client.is_archived,
    )
    if client.is_archived:
        return base
    return replace(
        base,
        name=details.legal_name,
        contacts=(primary,) if details.email else (),
        time_zone="" if reseller is None else reseller.time_zone,
        contract=client.shown_plan,
    )


def follow_clients(
    db: Connection, clients: Collection[ResellerClient], policy: Policy, now: datetime
) -> None:
    """Within the transaction that changes them."""
    renewals = policy.renewals
    if renewals is None or not clients:
        return
    readings = [reading_of_client(client, policy) for client in clients]
    known = store.by_id(db, [one.id for one in readings])
    moved = [
        follow(known.get(one.id), one)
        for one in readings
        if one.id not in known or known[one.id].reading != one
    ]
    done = store.steps_done(db, [one.id for one in moved]) if moved else {}
    store.put_renewals(db, [placed(one, done_of(done, one), renewals, now) for one in moved])


def adopt_clients(parts: Parts) -> None:
    """Those who were there before renewals were set up, or were set up otherwise; a little at a
    time, and once through for each configuration of them."""
    policy = parts.active().policy
    if policy.renewals is None:
        return
    rules = rules_digest(policy.renewals) + zones_digest(policy)
    with reading(parts.engine) as db:
        seen, _, position = cursors.cursor(db, CURSOR).partition("|")
    if (seen, position) == (rules, _ALL):
        return
    with deciding(parts.engine) as db:
        now, after = parts.now(), position if seen == rules else ""
        clients = clients_after(db, after, BATCH)
        follow_clients(db, clients, policy, now)
        position = clients[-1].id if len(clients) == BATCH else _ALL
        cursors.put_cursor(db, CURSOR, f"{rules}|{position}", now)


def zones_digest(policy: Policy) -> str:
    """Where resellers' days begin, which their clients' notices go by."""
    zones = {name: one.time_zone for name, one in policy.reselling.resellers.items()}
    return hashlib.sha256(codec.encode(zones)).hexdigest()[:16]
