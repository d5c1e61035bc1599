"""How the bridge's own tables stand: what is left to do, what was decided, what a person has to."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, select

from bridge.domain.effects import SendEmail, SendMessage
from bridge.pipeline import items
from bridge.pipeline.parts import Parts
from bridge.store.engine import reading
from bridge.store.outgoing import Row, rows_by_id
from bridge.store.schema import (
    CONTACTS,
    DECISIONS,
    INBOX,
    MEDIA,
    NEEDS,
    OUTBOX,
    PARTNER_LEADS,
    RECORDS,
    REFRESHES,
)
from bridge.store.work import rows_by_id as inbox_rows_by_id
from tests.chaos.clients import Sent
from tests.chaos.post import Letter

OPEN = ("pending", "leased", "held", "unknown")
_MESSAGES = ("MessageReceived", "MessageWritten")
_SLICE = 500
_LEADS_TO_COME = ("offered", "queued", "returned")


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What the bridge's tables say after the run.

    `for_a_person` are the replies whose outcome the messenger never told and can't be asked: they
    are marked so, and they and what waits for them are not at work. The same of mails.
    """

    decided: frozenset[str]  # event keys of messages
    rows: Mapping[str, int]  # "inbox done" → how many
    dead: tuple[str, ...]  # reasons
    tried_again: int  # deliveries that took more than one attempt
    for_a_person: frozenset[Sent] = frozenset()
    owners: Mapping[tuple[str, str], str] = field(default_factory=dict)  # kind, id → owner
    mails_for_a_person: tuple[Letter, ...] = ()

    @property
    def open_rows(self) -> Mapping[str, int]:
        return {name: n for name, n in self.rows.items() if name.split()[-1] in OPEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """What was accepted against what was decided, item by item; both have to be empty."""

    undecided: tuple[str, ...]
    besides: tuple[str, ...]


def look(engine: Engine) -> Store:
    with reading(engine) as db:
        waiting = _for_a_person(db)
        effects = [row.effect for row in waiting]
        return Store(
            decided=frozenset(_decided(db)),
            rows=_states(db, [row.id for row in waiting]),
            dead=tuple(_dead(db)),
            tried_again=len(db.scalars(select(OUTBOX.c.id).where(OUTBOX.c.attempts > 1)).all()),
            for_a_person=frozenset(
                Sent.read(x.text) for x in effects if isinstance(x, SendMessage)
            ),
            owners=_owners(db),
            mails_for_a_person=tuple(
                Letter(x.recipient, x.subject, x.text) for x in effects if isinstance(x, SendEmail)
            ),
        )


def accounts_of_items(parts: Parts) -> Items:
    """Reads every stored body anew: each of its items has to have its decision, and each decision
    on something that came its item."""
    with reading(parts.engine) as db:
        accepted = set(_accepted(db, parts))
        found = db.execute(
            select(DECISIONS.c.account, DECISIONS.c.event_key).where(
                DECISIONS.c.inbox_id.is_not(None)
            )
        )
        decided = {f"{account} {key}" for account, key in found}
    return Items(
        undecided=tuple(sorted(accepted - decided)), besides=tuple(sorted(decided - accepted))
    )


def _accepted(db: Connection, parts: Parts) -> Iterator[str]:
    ids = db.scalars(select(INBOX.c.id).order_by(INBOX.c.id)).all()
    for start in range(0, len(ids), _SLICE):
        for row in inbox_rows_by_id(db, ids[start : start + _SLICE]):
            read = items.read(row, parts.vendors.inbound(row.account), parts.now())
            yield from (f"{event.account} {event.event_key}" for event in read.events)
            yield from (f"{note.account} {note.event_key}" for note in read.noted)


def _decided(db: Connection) -> Iterator[str]:
    """Not of echoes, by which the messenger tells of replies as well."""
    yield from db.scalars(select(DECISIONS.c.event_key).where(DECISIONS.c.kind.in_(_MESSAGES)))


def _states(db: Connection, waiting: Sequence[int]) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for table in (INBOX, OUTBOX, REFRESHES, MEDIA):
        for row_id, state in db.execute(select(table.c.id, table.c.state)):
            known = table is OUTBOX and row_id in waiting
            counts["outbox for a person" if known else f"{table.name} {state}"] += 1
    for state in db.scalars(select(PARTNER_LEADS.c.state)):
        counts[f"leads {'pending' if state in _LEADS_TO_COME else 'done'}"] += 1
    return counts


def _for_a_person(db: Connection) -> list[Row]:
    """The rows that a person has to decide on, and those of what waits for them."""
    ids = db.scalars(
        select(OUTBOX.c.id)
        .where(OUTBOX.c.state == "unknown", OUTBOX.c.next_attempt_at.is_(None))
        .where(OUTBOX.c.kind.in_((SendMessage.__name__, SendEmail.__name__)))
    ).all()
    rows = list(rows_by_id(db, ids))
    behind = rows
    while names := [row.makes for row in behind if row.makes is not None]:
        waiting = db.scalars(select(NEEDS.c.outbox_id).where(NEEDS.c.name.in_(names))).all()
        behind = list(rows_by_id(db, waiting))
        rows = [*rows, *behind]
    return rows


def _dead(db: Connection) -> Iterator[str]:
    for table in (INBOX, OUTBOX):
        for reason in db.scalars(select(table.c.reason).where(table.c.state == "dead")):
            yield f"{table.name}: {reason}"


def _owners(db: Connection) -> Mapping[tuple[str, str], str]:
    contacts = select(CONTACTS.c.crm_id, CONTACTS.c.owner).where(CONTACTS.c.state == "active")
    deals = select(RECORDS.c.crm_id, RECORDS.c.owner).where(RECORDS.c.kind == "deal")
    found = {
        (kind, crm_id): owner or ""
        for kind, asked in (("contacts", contacts), ("deals", deals))
        for crm_id, owner in db.execute(asked)
        if crm_id is not None
    }
    return found
