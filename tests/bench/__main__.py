"""`make bench`: ratios within one run, on whatever machine this is; a table at the end."""

import logging

import click
import structlog

from tests.bench import backlog, receive


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    _show("Receiving: durable before the answer, 32 connections, SQLite", receive.measure(5, 3000))
    _show("Backlog of known clients, a CRM that takes 100 ms", backlog.measure(3000, 20, 0.1))
    _show("The same, a CRM that answers at once", backlog.measure(3000, 200, 0.0))


def _show(title: str, figures: dict[str, float]) -> None:
    click.echo(f"\n{title}")
    for name, value in figures.items():
        click.echo(f"  {name.replace('_', ' '):<24} {value:>12,}")


if __name__ == "__main__":
    main()
