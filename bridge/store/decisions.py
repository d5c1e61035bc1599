"""The decisions: one row per event, unique by account and event key."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from bridge.domain.decisions import Verdict
from bridge.domain.names import (
    AccountName,
    ConversationId,
    EmployeeId,
    EventKey,
    MessageId,
    RecordId,
)
from bridge.store.among import among, among_given
from bridge.store.schema import DECISIONS
from bridge.store.upsert import add_missing, put


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    account: AccountName
    event_key: EventKey
    kind: str
    verdict: str
    headline: str
    inbox_id: int | None
    conversation: ConversationId | None
    contact: RecordId | None
    subject: str | None
    tenant: str | None
    target: EmployeeId | None
    message: MessageId | None
    occurred_at: datetime
    decided_at: datetime
    config_hash: str
    directory_hash: str
    code_version: str
    event: bytes | None
    facts: bytes | None
    record: bytes


_COLUMNS = tuple(column.name for column in fields(DecisionRow))
_KNOWN = select(DECISIONS.c.account, DECISIONS.c.event_key, DECISIONS.c.verdict).where(
    among_given(DECISIONS.c.event_key, "keys")
)
Key = tuple[AccountName, EventKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Of some events those that have been decided: for good, or that they wait for something."""

    settled: frozenset[Key] = frozenset()
    parked: frozenset[Key] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedBefore:
    message: MessageId | None
    conversation: ConversationId | None
    record: bytes


def add(db: Connection, rows: Sequence[DecisionRow], parked: Container[Key] = ()) -> None:
    """One decision per event: the later one stays out, unless the first said to wait."""
    first = [row for row in rows if (row.account, row.event_key) not in parked]
    again = [row for row in rows if (row.account, row.event_key) in parked]
    add_missing(db, DECISIONS, [_values(row) for row in first])
    put(db, DECISIONS, ["event_key", "account"], [_values(row) for row in again])


def newest(db: Connection) -> int:
    """The number of the latest decision; they are committed in the order of their numbers."""
    return db.scalar(select(func.max(DECISIONS.c.id))) or 0


def changed(
    db: Connection, conversations: Iterable[ConversationId], after: int
) -> frozenset[ConversationId]:
    """Those of the conversations that later decisions are about."""
    column = DECISIONS.c.conversation
    later = select(column).where(among(column, conversations), DECISIONS.c.id > after).distinct()
    return frozenset(ConversationId(name) for name in db.scalars(later))


def moved_tenants(db: Connection, tenants: Iterable[str], after: int) -> frozenset[str]:
    """Those of them whose business later decisions are."""
    of = DECISIONS.c
    later = select(of.tenant).where(of.subject.is_not(None), among(of.tenant, tenants))
    return frozenset(db.scalars(later.where(of.id > after).distinct()))


def moved_subjects(db: Connection, subjects: Iterable[str], after: int) -> frozenset[str]:
    """Those of them that later decisions are about."""
    of = DECISIONS.c
    later = select(of.subject).where(of.subject.is_not(None), among(of.subject, subjects))
    return frozenset(db.scalars(later.where(of.id > after).distinct()))


def known(db: Connection, keys: Iterable[Key]) -> Known:
    wanted = frozenset(keys)
    rows = db.execute(_KNOWN, {"keys": [event_key for _, event_key in wanted]})
    found = {(AccountName(a), EventKey(key)): verdict for a, key, verdict in rows}
    parked = wanted & {key for key, verdict in found.items() if verdict == Verdict.PARKED}
    return Known(settled=(wanted & found.keys()) - parked, parked=parked)


def _values(row: DecisionRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _COLUMNS}


def by_key(
    db: Connection, accounts: Iterable[AccountName], event_key: EventKey
) -> DecidedBefore | None:
    """The decision of this key, whichever of the accounts it was made for."""
    found = db.execute(
        select(DECISIONS.c.message, DECISIONS.c.conversation, DECISIONS.c.record)
        .where(DECISIONS.c.account.in_(list(accounts)), DECISIONS.c.event_key == event_key)
        .limit(1)
    ).first()
    if found is None:
        return None
    return DecidedBefore(
        message=found.message, conversation=found.conversation, record=bytes(found.record)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was decided in a conversation beside its messages, for whom or by whom. `headline` is
    the code of the first reason."""

    id: int
    kind: str
    headline: str
    target: EmployeeId | None
    occurred_at: datetime
    decided_at: datetime


_TOLD = select(
    DECISIONS.c.id,
    DECISIONS.c.kind,
    DECISIONS.c.headline,
    DECISIONS.c.target,
    DECISIONS.c.occurred_at,
    DECISIONS.c.decided_at,
)


def told_of(db: Connection, conversation: ConversationId, kinds: Iterable[str]) -> tuple[Told, ...]:
    """All of these kinds in the order in which they were decided."""
    query = _TOLD.where(DECISIONS.c.conversation == conversation, DECISIONS.c.kind.in_(list(kinds)))
    return tuple(Told(**row) for row in db.execute(query.order_by(DECISIONS.c.id)).mappings())
