"""(a) What durability costs at the door: the web process against the same app that stores nothing,
32 connections, in turn within each round."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bridge.settings import Settings
from bridge.wiring import prepare
from tests.bench.figures import Figure, Target, at_least, at_most, median_figure, ratios
from tests.bench.load import Answers, send_all
from tests.bench.place import environ_of, listens, process, store, wait_until
from tests.bench.plan import Plan
from tests.bench.usage import cpu_seconds
from tests.bench.webhooks import BATCH, SMALL, signed_webhooks
from tests.ports import free_port

CONNECTIONS = 32
RATIO = {"sqlite": at_least(0.55), "postgresql": at_least(0.4)}
P99 = {"sqlite": at_most(15)}
PART = "a"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One web process; `is_store` when what it answers is on a disk."""

    name: str
    port: int
    pid: int
    is_store: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is sent in one round: so many webhooks of so many events over so many connections."""

    name: str
    requests: int
    connections: int
    events: int = SMALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """`cpu_micros` is what the web process spent on each request, on whatever thread."""

    answers: Answers
    cpu_micros: float


Rounds = Mapping[str, Sequence[Round]]


def measure(plan: Plan, say: Callable[[str], None]) -> Iterator[Figure]:
    loads = (
        Load(name="busy", requests=plan.webhooks, connections=CONNECTIONS),
        Load(name="alone", requests=plan.webhooks // 6, connections=1),
        Load(name="batch", requests=plan.webhooks // 6, connections=CONNECTIONS, events=BATCH),
    )
    with doors(plan) as made:
        results: dict[str, Rounds] = {}
        for load in loads:
            say(f"{load.name}: {', '.join(door.name for door in made)}")
            results[load.name] = _rounds(plan, made, load)
        yield ceiling(plan)
    for door in made:
        yield from _busy_figures(door, results["busy"])
        yield from _other_figures(door, results)


@contextmanager
def doors(plan: Plan) -> Iterator[Sequence[Door]]:
    """The floors, and the web process once on each store."""
    kinds = {"plain": "plain", "floor": "floor"} | dict.fromkeys(plan.stores, "durable")
    with ExitStack() as stack:
        yield [stack.enter_context(_door(name, kind)) for name, kind in kinds.items()]


def ceiling(plan: Plan) -> Figure:
    """How fast the generator goes when the other side does next to nothing."""
    requests = signed_webhooks(plan.webhooks, 0)
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        environ = environ_of(folder, "")
        with process(environ, folder, "tests.bench.ceiling", str(port)):
            wait_until(lambda: listens(port), "the server that answers at once")
            speeds = [send_all(port, requests, CONNECTIONS).per_second for _ in range(3)]
    return median_figure(
        PART, "receive.ceiling", "load generator against nothing", speeds, "requests/s"
    )


@contextmanager
def _door(name: str, kind: str) -> Iterator[Door]:
    with TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        made = stack.enter_context(store(name if kind == "durable" else "sqlite", folder))
        environ = environ_of(folder, made.url)
        prepare(Settings.of(environ), environ)
        port = free_port()
        child = stack.enter_context(process(environ, folder, "tests.bench.door", kind, str(port)))
        wait_until(lambda: listens(port), f"the web process ({name})", child)
        yield Door(name=name, port=port, pid=child.pid, is_store=kind == "durable")


def _rounds(plan: Plan, made: Sequence[Door], load: Load) -> Rounds:
    results: dict[str, list[Round]] = {door.name: [] for door in made}
    for number in range(plan.rounds + 1):
        requests = signed_webhooks(load.requests, number, load.events)
        for door in made:
            result = one_round(door.port, door.pid, requests, load.connections)
            if number:  # the first round warms up
                results[door.name].append(result)
    return results


def one_round(port: int, pid: int, requests: Sequence[bytes], connections: int) -> Round:
    before = cpu_seconds(pid)
    answers = send_all(port, requests, connections)
    if answers.refused:
        raise SystemExit(f"{answers.refused} of {answers.count} webhooks were refused")
    spent = cpu_seconds(pid) - before
    return Round(answers=answers, cpu_micros=spent * 1e6 / answers.count)


def _busy_figures(door: Door, rounds: Rounds) -> Iterator[Figure]:
    mine = rounds[door.name]
    speeds = [one.answers.per_second for one in mine]
    yield _figure(door, "per_second", "webhooks", speeds, "requests/s")
    if door.is_store:
        floor = [one.answers.per_second for one in rounds["floor"]]
        of_floor = ratios(speeds, floor)
        yield _figure(
            door, "ratio", "of the app that stores nothing", of_floor, "", RATIO[door.name]
        )
    for share, word in ((0.5, "p50"), (0.99, "p99")):
        values = [one.answers.milliseconds(share) for one in mine]
        target = P99.get(door.name) if word == "p99" else None
        yield _figure(door, word, f"answer, {word}", values, "ms", target)
    yield _cpu(door, "", mine)


def _other_figures(door: Door, results: Mapping[str, Rounds]) -> Iterator[Figure]:
    alone, batch = results["alone"][door.name], results["batch"][door.name]
    for share, word in ((0.5, "p50"), (0.99, "p99")):
        values = [one.answers.milliseconds(share) for one in alone]
        yield _figure(door, f"alone.{word}", f"one connection: answer, {word}", values, "ms")
    speeds = [one.answers.per_second for one in batch]
    yield _figure(door, "batch.per_second", "31 KB, 100 events: webhooks", speeds, "requests/s")
    yield _cpu(door, "batch.", batch)


def _cpu(door: Door, load: str, rounds: Sequence[Round]) -> Figure:
    label = f"{'31 KB: ' if load else ''}CPU of web for each"
    return _figure(door, f"{load}cpu", label, [one.cpu_micros for one in rounds], "µs")


def _figure(
    door: Door,
    key: str,
    label: str,
    values: Sequence[float],
    unit: str,
    target: Target | None = None,
) -> Figure:
    return median_figure(
        PART, f"receive.{door.name}.{key}", f"{door.name}: {label}", values, unit, target
    )
