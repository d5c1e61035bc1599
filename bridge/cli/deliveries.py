"""`bridge deliveries`: what was ordered of vendors, how often it was tried, what they answered."""

from collections.abc import Iterator

import click

from bridge.cli.answers import Command, answer
from bridge.cli.house import opened, plain
from bridge.domain.names import AccountName
from bridge.store import deliveries as log
from bridge.store.deliveries import Delivery, Wanted
from bridge.store.engine import reading
from bridge.store.outbox import State

_STATES = click.Choice([state.value for state in State])


@click.command(cls=Command)
@click.option("--account", help="Only those of this account.")
@click.option("--state", type=_STATES, help="Only those that stand so.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
def deliveries(account: str | None, state: str | None, limit: int) -> None:
    """List what was delivered to vendors or is on its way, the newest first."""
    wanted = Wanted(
        account=None if account is None else AccountName(account),
        state=None if state is None else State(state),
        limit=limit,
    )
    with opened() as parts, reading(parts.engine) as db:
        found = log.find(db, wanted)
    text = "\n".join(line for one in found for line in _lines(one)) or "there are no deliveries"
    answer({"deliveries": plain(found)}, text)


def _lines(one: Delivery) -> Iterator[str]:
    tries = f"{one.attempts} attempt{'' if one.attempts == 1 else 's'}"
    made = f" → {one.vendor_id}" if one.vendor_id else ""
    when = (one.done_at or one.tried_at or one.created_at).isoformat(timespec="seconds")
    yield f"{one.id:>6}  {when}  {one.account}  {one.kind}  {one.state}{made}  ({tries}, {one.key})"
    for attempt in one.log:
        yield f"          {attempt.at.isoformat(timespec='seconds')}  {attempt.said}"
    if one.reason and (not one.log or one.log[-1].said != one.reason):
        yield f"          now: {one.reason}"
