"""`bridge sync`: the mirror anew from CRM and messengers."""

from collections.abc import Iterator

import click

from bridge.cli.answers import Command, answer
from bridge.cli.house import opened, plain
from bridge.cli.progress import shown
from bridge.pipeline.mirror import Synced
from bridge.pipeline.mirror import sync as sync_all


@click.command(cls=Command)
@click.option("--anew", is_flag=True, help="From the beginning, also after one was interrupted.")
def sync(anew: bool) -> None:
    """Read people, pipelines, channels, templates and known clients anew (safe at any time)."""
    with opened() as parts, shown() as progress:
        found = sync_all(parts, progress, anew=anew)
    answer(plain(found), "\n".join(_lines(found)))


def _lines(found: Synced) -> Iterator[str]:
    if found.resumed:
        yield "went on where the last one was interrupted (--anew begins again)"
    yield (
        f"read {found.employees} people, {found.pipelines} pipelines, {found.channels} channels, "
        f"{found.templates} templates and {found.contacts} contacts; nothing that was assigned "
        "is lost"
    )
    yield from found.refused
