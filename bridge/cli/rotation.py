"""`bridge rotation`: who is next in a pool, who had the last turns, how even the shares are."""

from collections.abc import Iterator

import click

from bridge.cli.answers import Command, Failed, answer
from bridge.cli.house import opened, plain
from bridge.domain.names import ChannelName
from bridge.domain.policy import Policy
from bridge.pipeline.rotation import MemberStanding, PoolLedger, pool_ledger, pool_names
from bridge.policy.findings import did_you_mean
from bridge.store.engine import reading
from bridge.store.turns import TurnTaken


@click.group()
def rotation() -> None:
    """Show whose turn it is."""


@rotation.command(cls=Command)
@click.argument("pool")
@click.option("--channel", help="Count only who has this channel; all channels when not given.")
def show(pool: str, channel: str | None) -> None:
    """Show who is next in POOL, the last turns and the shares. Moves no turn.

    POOL is a name under `pools`, or new_clients for all who take new clients.
    """
    with opened() as parts:
        policy = parts.active().policy
        where = None if channel is None else _channel(policy, channel)
        with reading(parts.engine) as db:
            found = pool_ledger(db, policy, pool, parts.now(), where)
    if found is None:
        names = pool_names(policy)
        hint = did_you_mean(pool, names) or f"there are: {', '.join(names)}"
        raise Failed(f"there is no pool {pool}", hint)
    answer(plain(found), "\n".join(_lines(found)))


def _channel(policy: Policy, name: str) -> ChannelName:
    if name not in policy.channels:
        hint = did_you_mean(name, policy.channels) or f"there are: {', '.join(policy.channels)}"
        raise Failed(f"there is no channel {name}", hint)
    return ChannelName(name)


def _lines(found: PoolLedger) -> Iterator[str]:
    yield f"{found.pool}: next {', '.join(found.next) or 'nobody'}"
    yield "shares"
    yield from (f"  {_member(member)}" for member in found.members)
    yield from (
        f"  {who}: had {had}, not in the pool any more" for who, had in found.former.items()
    )
    yield "last turns" if found.turns else "no turn has been taken yet"
    yield from (f"  {_turn(turn)}" for turn in found.turns)


def _member(member: MemberStanding) -> str:
    said = f"{member.employee}: had {member.had} of {member.expected:g}, weight {member.weight}"
    if member.owed:
        said += f", owed {member.owed:g}"
    return said if member.against is None else f"{said}; {member.against.detail}"


def _turn(turn: TurnTaken) -> str:
    event = turn.event_key if turn.event is None else turn.event
    return f"{turn.taken_at.isoformat(timespec='seconds')} {turn.employee} (event {event})"
