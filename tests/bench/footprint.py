"""(e) Memory of each process at rest and after work, the time until each is ready, and the time of
the commands that people wait for."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from os import times

import psutil

from tests.bench.backlog import KNOWN
from tests.bench.figures import Figure, median_figure
from tests.bench.house import House, house
from tests.bench.load import send_all
from tests.bench.people import messages
from tests.bench.place import ROOT
from tests.bench.plan import Plan
from tests.bench.receive import CONNECTIONS
from tests.bench.usage import MEGABYTE, Memory, children_of, memory_of
from tests.bench.webhooks import signed_webhooks

PART = "e"
PROCESSES = ("web", "worker 1", "clock")
RUN = "footprint"
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "bridge --help": ("--help",),
    "bridge route": ("route", "--new-client", "country=MX", "channel=wa-sales"),
    "bridge explain": ("explain", f"received:{RUN}-000000"),
}


def measure(plan: Plan, say: Callable[[str], None]) -> Iterator[Figure]:
    kind = plan.stores[0]
    say(f"{kind}: starting, at rest, under load, after it")
    with house(kind, (KNOWN,)) as made:
        for name, seconds in made.started.items():
            yield _figure(f"ready.{name}", f"{name}: until it is ready", seconds * 1000, "ms")
        yield from _memory(made, "at rest")
        job = _worked(made, plan)
        yield from _memory(made, "after work")
        yield from _shown("the job of a worker", "at its largest", job)
        say("commands")
        for words, arguments in COMMANDS.items():
            yield from _command(made, plan, words, arguments)


def _worked(made: House, plan: Plan) -> Memory:
    """Sends webhooks and drains a backlog; gives the memory of the largest job meanwhile."""
    send_all(made.port, signed_webhooks(plan.webhooks, 1), CONNECTIONS)
    made.preload(messages(KNOWN, RUN, plan.messages))
    largest = Memory(rss=0, pss=0)
    while made.crm.written(RUN) < plan.messages:
        for name in ("worker 1", "worker 2"):
            for child in children_of(made.pids[name]):
                with suppress(psutil.NoSuchProcess):  # a job that has just ended
                    largest = max(largest, memory_of(child), key=lambda memory: memory.pss)
        time.sleep(0.1)
    return largest


def _memory(made: House, when: str) -> Iterator[Figure]:
    for name in PROCESSES:
        yield from _shown(name, when, memory_of(made.pids[name]))


def _shown(name: str, when: str, memory: Memory) -> Iterator[Figure]:
    key = f"memory.{name}.{when}".replace(" ", "_")
    yield _figure(f"{key}.pss", f"{name}, {when}: its share", memory.pss / MEGABYTE, "MB")
    yield _figure(f"{key}.rss", f"{name}, {when}: with what is shared", memory.rss / MEGABYTE, "MB")


def _command(made: House, plan: Plan, words: str, arguments: tuple[str, ...]) -> Iterator[Figure]:
    walls, cpus = [], []
    for _ in range(plan.rounds):
        began, before = time.perf_counter(), times()
        _run(made, arguments)
        after = times()
        walls.append((time.perf_counter() - began) * 1000)
        spent = after.children_user + after.children_system
        cpus.append((spent - before.children_user - before.children_system) * 1000)
    key = f"command.{words.removeprefix('bridge ').removeprefix('--')}"
    yield median_figure(PART, key, f"`{words}`", walls, "ms")
    yield median_figure(PART, f"{key}.cpu", f"`{words}`, CPU", cpus, "ms")


def _run(made: House, arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "bridge.cli", *arguments]
    ended = subprocess.run(
        command, cwd=ROOT, env=dict(made.environ), capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise SystemExit(f"bridge {' '.join(arguments)} failed: {ended.stderr[-500:]}")


def _figure(key: str, label: str, value: float, unit: str) -> Figure:
    return Figure(part=PART, key=key.replace(" ", "_"), label=label, value=value, unit=unit)
