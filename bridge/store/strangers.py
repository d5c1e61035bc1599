"""Records that the CRM has told of before they were mirrored: once one is, it is read anew.

Whose record it is may be told while it is being read, or while the answer to its creation is on
its way: nobody knows it by then, and what was read or sent is the older word.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select

from bridge.domain.names import AccountName, CrmId
from bridge.domain.records import RecordKind
from bridge.store.among import among_given
from bridge.store.schema import STRANGERS
from bridge.store.upsert import put

KEPT = timedelta(days=1)
"""Longer than any answer is awaited."""

Key = tuple[RecordKind, CrmId]
# Made once: to make a statement anew costs as much as to run it.
_TAKE = (
    delete(STRANGERS)
    .where(STRANGERS.c.account == bindparam("of_account"))
    .where(among_given(STRANGERS.c.record, "records"))
    .returning(STRANGERS.c.record)
)


def note(db: Connection, account: AccountName, keys: Iterable[Key], now: datetime) -> None:
    rows = [{"account": account, "record": _name(key), "told_at": now} for key in sorted(keys)]
    put(db, STRANGERS, ["account", "record"], rows)


def take(db: Connection, account: AccountName, keys: Iterable[Key]) -> list[Key]:
    """Those of the records, mirrored from now on, that were told of before; they are strangers no
    more."""
    names = {_name(key): key for key in keys}
    if not names:
        return []
    told = db.scalars(_TAKE, {"of_account": account, "records": list(names)})
    return sorted(names[name] for name in told)


def are_old(db: Connection, now: datetime) -> bool:
    """Whether there is anything to forget."""
    old = select(STRANGERS.c.record).where(STRANGERS.c.told_at < now - KEPT).limit(1)
    return db.execute(old).first() is not None


def forget(db: Connection, now: datetime) -> None:
    db.execute(delete(STRANGERS).where(STRANGERS.c.told_at < now - KEPT))


def _name(key: Key) -> str:
    kind, crm_id = key
    return f"{kind}:{crm_id}"
