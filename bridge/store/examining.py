"""What the doctor reads from the store beside what others read: clocks, holds, owners, the dead."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select, text

from bridge.domain.names import AccountName, CrmId
from bridge.store.lanes import CLOCK
from bridge.store.schema import CONTACTS, INBOX, LANES, OUTBOX, RECORDS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLane:
    """`until` of None: paused, until a person has mended the cause."""

    name: str
    until: datetime | None
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadCount:
    inbox: int
    outbox: int


def store_clock(db: Connection) -> datetime:
    """What time the store says it is; on SQLite it is this machine's own clock."""
    micros = db.scalar(text(f"SELECT {CLOCK[db.dialect.name]}"))
    return _EPOCH + timedelta(microseconds=int(micros or 0))


def held_lanes(db: Connection, now: datetime) -> tuple[HeldLane, ...]:
    """Lanes from which nothing goes now because of something that holds for their whole account."""
    rows = db.execute(
        select(LANES).where(LANES.c.paused | (LANES.c.held_until > now)).order_by(LANES.c.name)
    )
    return tuple(
        HeldLane(name=r.name, until=None if r.paused else r.held_until, cause=r.held_cause)
        for r in rows
    )


def dead_count(db: Connection) -> DeadCount:
    """How many rows wait for a person's decision, as `pipeline/dead.py` lists them."""
    stuck = (OUTBOX.c.state == "unknown") & OUTBOX.c.next_attempt_at.is_(None)
    dead_in = select(func.count()).select_from(INBOX).where(INBOX.c.state == "dead")
    dead_out = select(func.count()).select_from(OUTBOX).where((OUTBOX.c.state == "dead") | stuck)
    return DeadCount(inbox=db.scalar(dead_in) or 0, outbox=db.scalar(dead_out) or 0)


def owners_of_open_records(db: Connection, crm: AccountName) -> dict[CrmId, int]:
    """How many open deals and leads of the mirror each CRM owner has."""
    rows = db.execute(
        select(RECORDS.c.owner, func.count())
        .where(RECORDS.c.account == crm, RECORDS.c.is_open, RECORDS.c.owner.is_not(None))
        .group_by(RECORDS.c.owner)
    )
    return {CrmId(owner): count for owner, count in rows}


def owners_of_contacts(db: Connection, crm: AccountName) -> dict[CrmId, int]:
    """How many clients of the mirror each CRM owner has."""
    rows = db.execute(
        select(CONTACTS.c.owner, func.count())
        .where(CONTACTS.c.account == crm, CONTACTS.c.state == "active")
        .where(CONTACTS.c.owner.is_not(None))
        .group_by(CONTACTS.c.owner)
    )
    return {CrmId(owner): count for owner, count in rows}
