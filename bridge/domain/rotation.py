"""Whose turn it is in a pool: smooth weighted rotation, exact whatever the weights (WS-10, PX-06).

Every client is shared out among those who could take him, by weight, as credit; whoever has the
most gets him and pays for a whole client. So nobody is ever a client ahead of his share or behind
it, and over a full round everybody gets exactly his weight.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.domain.names import EmployeeId

MOST_WEIGHT = 100
_FINE = 720_720
"""Divisible by all up to 16: credits stay whole when only some of a pool could take a client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Of one member, both in the measure of `Rotation.client`: what he should have had more than
    he had (negative: less), and what he is owed from an absence."""

    credit: int = 0
    owed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Where a pool stands. `client` is what one client counts; 0: nothing was counted yet."""

    last: EmployeeId | None = None
    client: int = 0
    standings: Mapping[EmployeeId, Standing] = field(default_factory=dict)

    def clients(self, amount: int) -> float:
        """A credit or what is owed, in clients."""
        return amount / self.client if self.client else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """`owes`: the turns that he misses now are given back to him later."""

    employee: EmployeeId
    weight: int = 1
    owes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """`order` begins with who gets the client; `after` is how the pool stands then."""

    order: tuple[EmployeeId, ...]
    after: Rotation


def take_turn(
    before: Rotation, pool: Sequence[Member], free: Collection[EmployeeId], owe_limit: int
) -> Turn:
    """The next turn of a pool among its `free` members, of whom there is at least one.

    Pure: the turn is taken once `after` is stored.
    """
    fitted = fit(before, pool)
    able = {member.employee: member.weight for member in pool if member.employee in free}
    usual = _shared(fitted.client, able)
    gains = _gains(fitted, usual, able)
    order = _order(fitted, pool, gains)
    missed = _missed(fitted, pool, able)
    standings = {
        who: _moved(standing, gains.get(who, 0), usual.get(who, 0), missed.get(who, 0))
        for who, standing in fitted.standings.items()
    }
    return Turn(order=order, after=_given(fitted, standings, order[0], owe_limit))


def fit(rotation: Rotation, pool: Sequence[Member]) -> Rotation:
    """As the pool is now: who joined begins even, and what he who left was ahead or behind is
    shared by the rest; with other weights everybody stays as far ahead or behind as he was."""
    client = _FINE * sum(member.weight for member in pool)
    kept = {m.employee: rotation.standings.get(m.employee) for m in pool}
    known = {who: standing for who, standing in kept.items() if standing is not None}
    mean = sum(standing.credit for standing in known.values()) // max(1, len(known))
    return Rotation(
        last=rotation.last,
        client=client,
        standings={
            who: _measured(known[who], mean, rotation.client, client)
            if who in known
            else Standing()
            for who in kept
        },
    )


def _measured(standing: Standing, mean: int, before: int, client: int) -> Standing:
    if before in (0, client):
        return Standing(credit=standing.credit - mean, owed=standing.owed)
    credit = (standing.credit - mean) * client // before
    return Standing(credit=credit, owed=standing.owed * client // before)


def begun(pool: Sequence[Member], last: EmployeeId | None) -> Rotation:
    """A pool of which only the last turn is known: as if it had been the first of all."""
    rotation = fit(Rotation(last=last), pool)
    if last is None or last not in rotation.standings:
        return rotation
    shares = _shared(rotation.client, {m.employee: m.weight for m in pool})
    standings = {who: Standing(credit=share) for who, share in shares.items()}
    return _given(rotation, standings, last, 0)


def from_next(ids: Sequence[EmployeeId], last: EmployeeId | None) -> Sequence[EmployeeId]:
    """In the order of their turns, beginning after the one who had the last."""
    start = ids.index(last) + 1 if last in ids else 0
    return [*ids[start:], *ids[:start]]


def _shared(amount: int, weights: Mapping[EmployeeId, int]) -> dict[EmployeeId, int]:
    """The amount by weight, to the last bit: what division leaves goes to the first."""
    total = sum(weights.values())
    shares = {who: amount * weight // total for who, weight in weights.items()}
    rest = amount - sum(shares.values())
    for who in list(shares)[:rest]:
        shares[who] += 1
    return shares


def _gains(
    rotation: Rotation, usual: Mapping[EmployeeId, int], able: Mapping[EmployeeId, int]
) -> dict[EmployeeId, int]:
    """One client in all. What somebody is owed is taken out first, at most his usual share, so
    that nobody who returns gets more than twice that; the rest is shared as usual."""
    paid = {who: min(rotation.standings[who].owed, share) for who, share in usual.items()}
    shares = _shared(rotation.client - sum(paid.values()), able)
    return {who: share + paid[who] for who, share in shares.items()}


def _missed(
    rotation: Rotation, pool: Sequence[Member], able: Mapping[EmployeeId, int]
) -> dict[EmployeeId, int]:
    """What those whose absence is made up for would have had of this client."""
    absent = {m.employee: m.weight for m in pool if m.owes and m.employee not in able}
    shares = _shared(rotation.client, {**able, **absent})
    return {who: shares[who] for who in absent}


def _order(
    rotation: Rotation, pool: Sequence[Member], gains: Mapping[EmployeeId, int]
) -> tuple[EmployeeId, ...]:
    """Whoever should have had most goes first; of equals the one after him who had the last."""
    ids = from_next([member.employee for member in pool], rotation.last)
    able = [who for who in ids if who in gains]
    return tuple(sorted(able, key=lambda who: -(rotation.standings[who].credit + gains[who])))


def _moved(standing: Standing, gain: int, usual: int, missed: int) -> Standing:
    given_back = max(0, gain - usual)
    return Standing(credit=standing.credit + gain, owed=max(0, standing.owed - given_back) + missed)


def _given(
    rotation: Rotation, standings: Mapping[EmployeeId, Standing], chosen: EmployeeId, limit: int
) -> Rotation:
    most = limit * rotation.client
    after = {who: replace(s, owed=min(s.owed, most)) for who, s in standings.items()}
    paying = after[chosen]
    after[chosen] = replace(paying, credit=paying.credit - rotation.client)
    return replace(rotation, last=chosen, standings=after)
