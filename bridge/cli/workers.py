"""The processes behind the web: workers and the clock."""

import click

from bridge import clock as clock_process
from bridge import worker as worker_process
from bridge.cli.answers import Command
from bridge.cli.processes import start, stop_signal
from bridge.settings import environment
from bridge.wiring import built


@click.command(cls=Command)
def worker() -> None:
    """Process what webhooks brought and deliver what was decided."""
    worker_process.run(start("worker"))


@click.command(cls=Command)
def clock() -> None:
    """Sweep for work nobody rang for, keep house, follow the configuration folder."""
    settings = start("clock")
    stopping = stop_signal()
    with built(settings, environment()) as parts:
        clock_process.Clock(parts, settings).run(stopping)
