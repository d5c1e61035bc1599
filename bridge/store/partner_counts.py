"""How many leads wait in each queue and are with each partner: counted by index."""

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from bridge.domain.partner_leads import OPEN, LeadState
from bridge.store.among import among
from bridge.store.schema import PARTNER_LEADS

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
