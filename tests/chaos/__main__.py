"""`make chaos`: crash runs of as many seeds and seconds as wanted, with a report."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from bridge.cli.answers import Failed
from bridge.cli.processes import free_port
from tests.chaos import asked
from tests.chaos.asked import Refused
from tests.chaos.harness import CRMS, crash
from tests.chaos.place import alone_in, clear
from tests.chaos.plan import Kind, Plan
from tests.chaos.report import Report, table
from tests.lanes import BY_NAME
from tests.services import ServiceFailed
from tests.tools import advice

BOTH = "both"
REPORT = "report.txt"
STORES = (*(kind.value for kind in Kind), BOTH)


@click.command()
@click.option(
    "--seeds", callback=asked.seeds, default="1-3", show_default=True, help="A list, or a range."
)
@click.option(
    "--seconds",
    callback=asked.seconds,
    default="60",
    show_default=True,
    help="Of writing and killing.",
)
@click.option("--store", type=click.Choice(STORES), default=BOTH, show_default=True)
@click.option("--crm", type=click.Choice(list(CRMS)), default="hubspot", show_default=True)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/crash"),
    show_default=True,
    help="Where the report goes, and the logs of runs with findings.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Of web; any free one by default."
)
def main(
    seeds: Sequence[int], seconds: float, store: str, crm: str, folder: Path, port: int
) -> None:
    """Kill everything, again and again, while clients write; then compare what was acknowledged
    with what stands at the vendors. Exit code 1 when anything is wrong."""
    stores = list(Kind) if store == BOTH else [Kind(store)]
    plans = [
        Plan(seed=seed, seconds=seconds, store=kind, crm=crm) for seed in seeds for kind in stores
    ]
    _check(stores, port)
    folder = folder.absolute()
    with alone_in(folder):
        if left := clear(folder):
            click.echo(f"ended {left} processes that a run which was killed had left")
        reports = list(_run(plans, folder, port))
        summary = table(reports)
        told = "\n\n".join([*map(str, reports), summary])
        (folder / REPORT).write_text(f"{told}\n")
        click.echo(f"{summary}\n\nall of it is in {folder / REPORT}")
    sys.exit(0 if all(report.is_well for report in reports) else 1)


def _check(stores: Sequence[Kind], port: int) -> None:
    """Raises Refused where a run could not even begin."""
    for lane in ("redis", *("postgres" for kind in stores if kind is Kind.POSTGRES)):
        if BY_NAME[lane].program() is None:
            raise Refused(advice(BY_NAME[lane]), "or choose --store sqlite where that is enough")
    try:
        free_port("127.0.0.1", port)
    except Failed as error:
        raise Refused(str(error), error.next_step) from error


def _run(plans: Sequence[Plan], folder: Path, port: int) -> Iterator[Report]:
    for plan in plans:
        run = folder / f"seed-{plan.seed}-{plan.store}"
        run.mkdir()
        try:
            report = crash(plan, run, port=port)
        except ServiceFailed as error:
            raise Refused(str(error), f"look into the logs in {run}") from error
        click.echo(f"{report}\n")
        if report.is_well:
            shutil.rmtree(run)
        yield report


if __name__ == "__main__":
    main(prog_name="python -m tests.chaos")
