"""How many leads wait in each queue and are with each partner: counted by index."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, func, select

from bridge.domain.partner_leads import OPEN, LeadState
from bridge.store.among import among
from bridge.store.schema import PARTNER_LEADS

OpenCounts = Mapping[tuple[str, LeadState], int]
_OF = PARTNER_LEADS.c
_QUEUE = "queue:"


def waiting(db: Connection) -> Mapping[str, int]:
    """By the queues' keys; those in which none waits are not named."""
    rows = db.execute(
        select(_OF.holder, func.count())
        .where(_OF.state == LeadState.QUEUED, _OF.holder.startswith(_QUEUE))
        .group_by(_OF.holder)
    )
    return {holder.removeprefix(_QUEUE): count for holder, count in rows}


def open_by_tenant(db: Connection) -> Mapping[str, int]:
    """As subjects name the partners."""
    rows = db.execute(
        select(_OF.tenant, func.count())
        .where(_OF.tenant != "", among(_OF.state, OPEN))
        .group_by(_OF.tenant)
    )
    return {tenant: count for tenant, count in rows}


def open_by_state(db: Connection, tenants: Collection[str]) -> OpenCounts:
    """Of these partners, as subjects name them."""
    rows = db.execute(
        select(_OF.tenant, _OF.state, func.count())
        .where(among(_OF.tenant, tenants), among(_OF.state, OPEN))
        .group_by(_OF.tenant, _OF.state)
    )
    return {(tenant, LeadState(state)): count for tenant, state, count in rows}
