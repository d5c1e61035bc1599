"""The ledger of a pool: who is next, who had the last turns, and how even the shares are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.distribution import (
    EVERYBODY,
    members_of,
    obstacle,
    owes,
    turn_key,
    weighed,
)
from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason
from bridge.domain.rotation import Member, Rotation, begun, fit, take_turn
from bridge.store.mirror import directory
from bridge.store.turns import (
    Turns,
    TurnTaken,
    all_turn_counts,
    latest_turns,
    read_turns,
    turn_counts,
)

LATEST = 20
MOST_NEXT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberStanding:
    """`had` is how many turns, `expected` how many it should have been by the weights and by what
    was given back; `owed` is still to be given back. `against` says why he gets none now."""

    employee: EmployeeId
    weight: int
    had: int
    expected: float
    owed: float
    against: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLedger:
    """`next` is who would get the next clients, were no other events between them. `former` have
    had turns and are not in the pool any more."""

    pool: str
    next: tuple[EmployeeId, ...]
    members: tuple[MemberStanding, ...]
    former: Mapping[EmployeeId, int]
    turns: tuple[TurnTaken, ...]


def pool_names(policy: Policy) -> tuple[str, ...]:
    return (*policy.pools, EVERYBODY) if EVERYBODY not in policy.pools else tuple(policy.pools)


def pool_ledger(
    db: Connection, policy: Policy, name: str, now: datetime, channel: ChannelName | None = None
) -> PoolLedger | None:
    """None for a pool that is not there. Without `channel` people count whatever channels they
    have. Moves no turn."""
    if name not in pool_names(policy):
        return None
    key = turn_key(policy, name)
    against = _against(policy, key, directory(db, policy.crm), now, channel)
    had = turn_counts(db, key)
    found = _ledger(policy, name, against, _Taken(turns=read_turns(db), had=had), now)
    return replace(found, turns=latest_turns(db, key, LATEST))


def pool_ledgers(db: Connection, policy: Policy, now: datetime) -> Mapping[str, PoolLedger]:
    """Of every pool, without their last turns."""
    known, turns, counts = directory(db, policy.crm), read_turns(db), all_turn_counts(db)
    found = {}
    for name in pool_names(policy):
        key = turn_key(policy, name)
        taken = _Taken(turns=turns, had=counts.get(key, {}))
        against = _against(policy, key, known, now, None)
        found[name] = _ledger(policy, name, against, taken, now)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    turns: Turns
    had: Mapping[EmployeeId, int]


def _ledger(
    policy: Policy,
    name: str,
    against: Mapping[EmployeeId, Reason | None],
    taken: _Taken,
    now: datetime,
) -> PoolLedger:
    key, had = turn_key(policy, name), taken.had
    people = members_of(policy, key)
    owing = {e.id for e in people if owes(e, against[e.id], now)}
    pool = weighed(policy, key, people, owing)
    stands = taken.turns.rotations.get(key) or begun(pool, taken.turns.last.get(key))
    ids = {member.employee for member in pool}
    return PoolLedger(
        pool=name,
        next=tuple(_next(stands, pool, against, policy.new_clients.owe_limit)),
        members=tuple(_members(fit(stands, pool), pool, against, had)),
        former={who: count for who, count in sorted(had.items()) if who not in ids},
        turns=(),
    )


def _against(
    policy: Policy, key: str, known: Directory, now: datetime, channel: ChannelName | None
) -> dict[EmployeeId, Reason | None]:
    return {e.id: obstacle(e, channel, known, now) for e in members_of(policy, key)}


def _next(
    stands: Rotation,
    pool: tuple[Member, ...],
    against: Mapping[EmployeeId, Reason | None],
    owe_limit: int,
) -> Iterator[EmployeeId]:
    """One round, as the rules themselves would go on."""
    free = {member.employee: member.weight for member in pool if against[member.employee] is None}
    for _ in range(min(MOST_NEXT, sum(free.values()))):
        turn = take_turn(stands, pool, free, owe_limit)
        yield turn.order[0]
        stands = turn.after


def _members(
    stands: Rotation,
    pool: tuple[Member, ...],
    against: Mapping[EmployeeId, Reason | None],
    had: Mapping[EmployeeId, int],
) -> Iterator[MemberStanding]:
    for member in pool:
        standing = stands.standings[member.employee]
        taken = had.get(member.employee, 0)
        yield MemberStanding(
            employee=member.employee,
            weight=member.weight,
            had=taken,
            expected=round(taken + stands.clients(standing.credit), 2),
            owed=round(stands.clients(standing.owed), 2),
            against=against[member.employee],
        )
