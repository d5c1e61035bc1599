"""How far a long command is: bars in a terminal, else a line for each step; always on stderr."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from bridge.cli.answers import wants_json

Progress = Callable[[str, int, int], None]


@contextmanager
def shown() -> Iterator[Progress]:
    """Bars in a terminal, else a line for each step; on stderr, where no answer is read from."""
    if wants_json():
        yield _say_nothing
        return
    if not in_terminal():
        yield _say
        return
    bars = _Bars()
    try:
        yield bars.step
    finally:
        bars.end()


def in_terminal() -> bool:
    return sys.stderr.isatty()


def _say_nothing(what: str, done: int, total: int) -> None:
    """Who wants JSON gets nothing else."""


def _say(what: str, done: int, total: int) -> None:
    click.echo(f"{what}: {done} of {total}", err=True)


class _Bars:
    """One bar after the other."""

    def __init__(self) -> None:
        self._what = ""
        self._bar: Any = None

    def step(self, what: str, done: int, total: int) -> None:
        if what != self._what:
            self.end()
            self._what = what
            self._bar = click.progressbar(length=total, label=what, file=sys.stderr)
            self._bar.__enter__()
        self._bar.length = total
        self._bar.update(done - self._bar.pos)

    def end(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
