"""How far `bridge sync` is, so that one that was interrupted goes on where it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from bridge.domain.names import AccountName, CrmId, RecordId
from bridge.store.schema import CONTACTS, SYNCS
from bridge.store.upsert import put


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """The whole of one, or a part; `ended_at` of None: still under way, or interrupted."""

    subject: str
    began_at: datetime
    ended_at: datetime | None = None
    position: str = ""
    done: int = 0


def find(db: Connection, subject: str) -> Sync | None:
    row = db.execute(select(SYNCS).where(SYNCS.c.subject == subject)).mappings().one_or_none()
    return None if row is None else Sync(**row)


def put_sync(db: Connection, sync: Sync) -> None:
    row = {
        "subject": sync.subject,
        "began_at": sync.began_at,
        "ended_at": sync.ended_at,
        "position": sync.position,
        "done": sync.done,
    }
    put(db, SYNCS, ["subject"], [row])


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    id: RecordId
    crm_id: CrmId


def contacts_after(
    db: Connection, crm: AccountName, position: str, limit: int
) -> Sequence[Mirrored]:
    """The next mirrored contacts in the order of our ids."""
    rows = db.execute(
        select(CONTACTS.c.id, CONTACTS.c.crm_id)
        .where(CONTACTS.c.account == crm, CONTACTS.c.crm_id.is_not(None))
        .where(CONTACTS.c.id > position)
        .order_by(CONTACTS.c.id)
        .limit(limit)
    )
    return [Mirrored(id=row.id, crm_id=CrmId(row.crm_id)) for row in rows]


def count_after(db: Connection, crm: AccountName, position: str) -> int:
    found = (
        select(func.count())
        .select_from(CONTACTS)
        .where(CONTACTS.c.account == crm, CONTACTS.c.crm_id.is_not(None))
        .where(CONTACTS.c.id > position)
    )
    return db.scalar(found) or 0
