"""`bridge simulate`: what another configuration would have done with what happened lately."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click

from bridge.cli.answers import Command, answer
from bridge.cli.house import opened, plain, settings_of_command
from bridge.pipeline.changing.effects import Budget, Effect, PersonEffect, effect_of
from bridge.policy.kinds import Complaint
from bridge.policy.words import DURATION
from bridge.wiring import read_folder

_UNHURRIED_SECONDS = 3600.0


def _span(ctx: click.Context, param: click.Parameter, text: str) -> timedelta:
    try:
        return DURATION.parse(text)
    except Complaint as error:
        raise click.BadParameter(f"{text} {error}") from error


@click.command(cls=Command)
@click.option(
    "--config",
    "folder",
    type=click.Path(path_type=Path),
    help="The folder to try; BRIDGE_CONFIG when not given.",
)
@click.option(
    "--since", default="7d", show_default=True, callback=_span, help="Such as 90m, 24h or 7d."
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=10_000,
    show_default=True,
    help="The most events, and conversations, to look at; of more a sample.",
)
def simulate(folder: Path | None, since: timedelta, limit: int) -> None:
    """Say what another configuration would have done with stored events. Touches nothing."""
    settings = settings_of_command()
    loaded = read_folder(replace(settings, config=folder or settings.config))
    with opened() as parts:
        budget = Budget(events=limit, chats=limit, seconds=_UNHURRIED_SECONDS)
        effect = effect_of(parts, loaded.policy, parts.now() - since, budget)
    shown = {**plain(effect), "config": loaded.hash, "same": effect.is_nothing}
    answer(shown, "\n".join(_lines(effect)))


def _lines(effect: Effect) -> Iterator[str]:
    if effect.is_nothing:
        yield "everything would have gone the same way"
    if effect.moved:
        yield f"{effect.moved} clients would have gone to somebody else, such as:"
    for one in effect.examples:
        said = f"{one.before or 'nobody'} -> {one.after or 'nobody'}: {one.reason.detail}"
        yield f"  event {one.event}: {said}"
    for person in effect.people:
        yield f"{person.employee}: {', '.join(_of_person(person))}"
    for kind, (before, after) in effect.orders.items():
        yield f"{kind}: {before} -> {after}"
    yield (
        f"looked at {effect.events_examined} of {effect.events} events and "
        f"{effect.chats_examined} of {effect.chats} conversations"
    )
    if effect.incomparable:
        yield f"{effect.incomparable} of them can't be compared"


def _of_person(person: PersonEffect) -> Iterator[str]:
    for words, (before, after) in (("clients", person.clients), ("told", person.told)):
        if before != after:
            yield f"{words} {before} -> {after}"
    counts = {
        "sees {} conversations more": person.sees_more,
        "sees {} conversations less": person.sees_less,
        "may answer in {} more": person.writes_more,
        "may answer in {} less": person.writes_less,
    }
    yield from (words.format(count) for words, count in counts.items() if count)
