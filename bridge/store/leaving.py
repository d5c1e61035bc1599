"""Owners who left, of whom managers have been told."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from bridge.domain.names import AccountName, CrmId
from bridge.store.schema import LEFT_OWNERS
from bridge.store.upsert import put


def told(db: Connection, crm: AccountName) -> frozenset[CrmId]:
    rows = db.scalars(select(LEFT_OWNERS.c.owner).where(LEFT_OWNERS.c.account == crm))
    return frozenset(CrmId(owner) for owner in rows)


def note_told(db: Connection, crm: AccountName, owner: CrmId, now: datetime) -> bool:
    """False where somebody else has told already; within a transaction that decides alone."""
    if owner in told(db, crm):
        return False
    put(db, LEFT_OWNERS, ["account", "owner"], [{"account": crm, "owner": owner, "told_at": now}])
    return True


def forget(db: Connection, crm: AccountName, owners: Sequence[CrmId]) -> None:
    if owners:
        db.execute(
            delete(LEFT_OWNERS).where(
                LEFT_OWNERS.c.account == crm, LEFT_OWNERS.c.owner.in_(list(owners))
            )
        )
