"""The ledger of units: every movement, and whether they add up to the balances."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from bridge.domain.names import AccountName, ClientId, EventKey
from bridge.domain.reselling_changes import Movement, UnitsMoved
from bridge.store.schema import DECISIONS, RESELLER_CLIENTS, UNIT_MOVEMENTS
from bridge.store.upsert import append

_OF = UNIT_MOVEMENTS.c


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMovement:
    """A movement, and the decision that it comes of."""

    client: ClientId
    moved: UnitsMoved
    account: AccountName
    event_key: EventKey


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """`event` is the decision's number."""

    id: int
    moved: UnitsMoved
    at: datetime
    event: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imbalance:
    """A client whose movements do not add up to his balance."""

    client: ClientId
    balance: int
    added_up: int


def add(db: Connection, movements: Iterable[NewMovement], now: datetime) -> None:
    rows = [
        {
            "client": one.client,
            "delta": one.moved.delta,
            "balance": one.moved.balance,
            "movement": one.moved.movement.value,
            "done_by": one.moved.by,
            "account": one.account,
            "event_key": one.event_key,
            "at": now,
        }
        for one in movements
    ]
    append(db, UNIT_MOVEMENTS, rows)


def ledger(
    db: Connection, client: ClientId, before: int | None, limit: int
) -> tuple[LedgerLine, ...]:
    """The newest first."""
    same = (DECISIONS.c.account == _OF.account) & (DECISIONS.c.event_key == _OF.event_key)
    query = (
        select(UNIT_MOVEMENTS, DECISIONS.c.id.label("event"))
        .join_from(UNIT_MOVEMENTS, DECISIONS, same, isouter=True)
        .where(_OF.client == client)
        .order_by(_OF.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(_OF.id < before)
    return tuple(
        LedgerLine(
            id=row.id,
            moved=UnitsMoved(
                delta=row.delta,
                balance=row.balance,
                movement=Movement(row.movement),
                by=row.done_by,
            ),
            at=row.at,
            event=row.event,
        )
        for row in db.execute(query)
    )


def imbalances(db: Connection, limit: int) -> tuple[Imbalance, ...]:
    """Clients whose ledger says otherwise than their balance; there should never be any."""
    added_up = func.coalesce(func.sum(_OF.delta), 0)
    query = (
        select(RESELLER_CLIENTS.c.id, RESELLER_CLIENTS.c.balance, added_up.label("added_up"))
        .join_from(
            RESELLER_CLIENTS, UNIT_MOVEMENTS, _OF.client == RESELLER_CLIENTS.c.id, isouter=True
        )
        .group_by(RESELLER_CLIENTS.c.id, RESELLER_CLIENTS.c.balance)
        .having(added_up != RESELLER_CLIENTS.c.balance)
        .order_by(RESELLER_CLIENTS.c.id)
        .limit(limit)
    )
    return tuple(
        Imbalance(client=ClientId(row.id), balance=row.balance, added_up=int(row.added_up))
        for row in db.execute(query)
    )
