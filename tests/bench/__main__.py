"""`make bench`: ratios within one run, on whatever machine this is; a table at the end."""

import fcntl
import logging
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click
import structlog

from tests.bench import backlog, draining, footprint, latency, limit, pages, receive, volume
from tests.bench.figures import Figure
from tests.bench.machine import Others, this_machine
from tests.bench.place import program_of
from tests.bench.plan import PARTS, QUICK, STORES, WORK, Plan
from tests.bench.report import as_json, summary, table, write

Say = Callable[[str], None]
Measure = Callable[[Plan, Say], Iterator[Figure]]
MEASURES: Mapping[str, Sequence[Measure]] = {
    "a": (receive.measure, draining.measure),
    "b": (backlog.measure, limit.measure),
    "c": (latency.measure,),
    "d": (volume.measure,),
    "e": (footprint.measure,),
    "f": (pages.measure,),
}


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--quick", is_flag=True, help="Small numbers, to see that it runs.")
@click.option("--rounds", type=click.IntRange(1, 100), help="Rounds of each comparison.")
@click.option("--messages", type=click.IntRange(200, 90_000), help="Messages of one backlog.")
@click.option(
    "--stored", type=click.IntRange(20_000, 10_000_000), help="Messages in the large store of d."
)
@click.option(
    "--store", type=click.Choice(STORES), help="Only this store; by default both, one by one."
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, writable=True, path_type=Path),
    default=Plan().output,
    show_default=True,
    help="Where results go, and where the large store is kept for the next run.",
)
def main(
    parts: tuple[str, ...],
    quick: bool,
    rounds: int | None,
    messages: int | None,
    stored: int | None,
    store: str | None,
    output: Path,
) -> None:
    """Measure the bridge: all PARTS, or some of a b c d e f."""
    plan = _planned(QUICK if quick else Plan(), parts, rounds, messages, stored, store, output)
    _check(plan)
    # Told to end, it ends what it started: as at Ctrl-C, also where that is not listened to.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.default_int_handler)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with alone(plan.output):
        figures, others = _measured(plan)
        _tell(plan, figures, others)


def _planned(
    plan: Plan,
    parts: tuple[str, ...],
    rounds: int | None,
    messages: int | None,
    stored: int | None,
    store: str | None,
    output: Path,
) -> Plan:
    return replace(
        plan,
        parts=tuple(sorted(set(parts))) or plan.parts,
        rounds=rounds or plan.rounds,
        backlog_rounds=rounds or plan.backlog_rounds,
        messages=messages or plan.messages,
        stored=stored or plan.stored,
        stores=(store,) if store else plan.stores,
        output=output,
    )


@contextmanager
def alone(output: Path) -> Iterator[None]:
    """Two runs at once would measure each other. What a killed one left behind is removed."""
    output.mkdir(parents=True, exist_ok=True)
    with (output / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit(f"another benchmark runs on {output}; wait for it to end") from None
        for left in output.glob(f"{WORK}*"):
            shutil.rmtree(left)
        yield


def _tell(plan: Plan, figures: Sequence[Figure], others: Mapping[str, float]) -> None:
    last = f"\n{this_machine()}\n{summary(figures)}"
    click.echo(last)
    write(plan.output / "results.txt", "\n".join([*table(figures, others), last]))
    click.echo(f"written to {plan.output}: {', '.join(_written(plan, figures))}")


def _written(plan: Plan, figures: Sequence[Figure]) -> Iterator[str]:
    yield from ("results.txt", "results.json")
    if find_spec("matplotlib") is None:
        click.secho("no picture: `make bench` installs what draws it (matplotlib)", fg="yellow")
    elif import_module("tests.bench.plot").draw(figures, plan.output / "results.svg"):
        yield "results.svg"


def _check(plan: Plan) -> None:
    """Raises SystemExit, with what to install, before an hour is lost on it."""
    if set(plan.parts) & {"b", "c", "e"}:
        program_of("redis")
    if "postgresql" in plan.stores:
        program_of("postgres")


def _measured(plan: Plan) -> tuple[list[Figure], dict[str, float]]:
    figures: list[Figure] = []
    others: dict[str, float] = {}
    for part in plan.parts:
        click.secho(f"({part}) {PARTS[part]}", bold=True)
        began, load = time.monotonic(), Others()
        for measure in MEASURES[part]:
            figures.extend(measure(plan, lambda said: click.echo(f"    {said}")))
        others[part] = load.share()
        click.echo(f"    {time.monotonic() - began:.0f} s")
        # At once, so that a run which is cut short was not for nothing.
        click.echo("\n".join(table([one for one in figures if one.part == part], others)))
        write(plan.output / "results.json", as_json(figures, others, plan, this_machine()))
    return figures, others


if __name__ == "__main__":
    main()
