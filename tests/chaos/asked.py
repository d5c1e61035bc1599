"""What a crash run is told: seeds and seconds, and why some of them can't be."""

import math
import re
from collections.abc import Iterator

import click

MOST_SEEDS = 100
LARGEST_SEED = 999_999
LONGEST_SECONDS = 3600.0
_SEEDS = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?", re.ASCII)


class Refused(click.ClickException):
    """What was asked for can't be done; `next_step` says what the user does now."""

    def __init__(self, message: str, next_step: str) -> None:
        click.ClickException.__init__(self, f"{message}\nnext: {next_step}")


def seeds(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, ...]:
    """`11 12 13`, `1-5`, or both: each once, in that order."""
    found = tuple(dict.fromkeys(_named(value)))
    if not 1 <= len(found) <= MOST_SEEDS:
        raise click.BadParameter(f"{len(found)} seeds: name 1 to {MOST_SEEDS}")
    return found


def seconds(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """How long clients write in each run."""
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not 1.0 <= found <= LONGEST_SECONDS:
        raise click.BadParameter(
            f"{value!r} is no time for a run: name seconds from 1 to {LONGEST_SECONDS:.0f}; "
            "60 is a good one, and more seeds find more than longer runs"
        )
    return found


def _named(value: str) -> Iterator[int]:
    for word in value.replace(",", " ").split():
        given = _SEEDS.fullmatch(word)
        first, last = (int(given[1]), int(given[2] or given[1])) if given else (0, 0)
        if not 1 <= first <= last:
            raise click.BadParameter(
                f"{word!r} is no seed: name numbers from 1 to {LARGEST_SEED}, such as "
                '"11 12 13", or a range such as "1-5"'
            )
        yield from range(first, min(last, first + MOST_SEEDS) + 1)
