"""The decisions: one row per event, unique by account and event key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, select

from bridge.domain.names import (
    AccountName,
    ConversationId,
    EmployeeId,
    EventKey,
    MessageId,
    RecordId,
)
from bridge.store.among import among_given
from bridge.store.schema import DECISIONS
from bridge.store.upsert import add_missing


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
_KNOWN = select(DECISIONS.c.account, DECISIONS.c.event_key).where(
    among_given(DECISIONS.c.event_key, "keys")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedBefore:
    message: MessageId | None
    conversation: ConversationId | None
    record: bytes


def add(db: Connection, rows: Sequence[DecisionRow]) -> None:
    add_missing(db, DECISIONS, [{name: getattr(row, name) for name in _COLUMNS} for row in rows])


def known(
    db: Connection, keys: Iterable[tuple[AccountName, EventKey]]
) -> frozenset[tuple[AccountName, EventKey]]:
    """Those of these events that have been decided already."""
    wanted = frozenset(keys)
    rows = db.execute(_KNOWN, {"keys": [event_key for _, event_key in wanted]})
    return wanted & {(AccountName(account), EventKey(key)) for account, key in rows}


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
