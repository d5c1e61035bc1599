"""`bridge sync`: the mirror anew from CRM and messengers."""

import click

from bridge.cli.answers import Command, answer
from bridge.cli.house import opened, plain
from bridge.cli.progress import shown
from bridge.pipeline.mirror import sync as sync_all


@click.command(cls=Command)
def sync() -> None:
    """Read people, pipelines, channels, templates and known clients anew (safe at any time)."""
    with opened() as parts, shown() as progress:
        found = sync_all(parts, progress)
    answer(
        plain(found),
        f"read {found.employees} people, {found.pipelines} pipelines, {found.channels} channels, "
        f"{found.templates} templates and {found.contacts} contacts; nothing that was assigned "
        "is lost" + "".join(f"\n{refusal}" for refusal in found.refused),
    )
