"""(d) What a message costs with a million messages stored, against ten thousand: deciding and
delivering in this process, webhooks in a web process, on copies of both stores, in turn."""

import gc
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bridge.pipeline.drain import after, drain, due_lanes
from bridge.pipeline.parts import Parts
from bridge.settings import Settings
from bridge.wiring import built, prepare
from tests.bench.figures import Figure, Target, at_most, median_figure, ratios
from tests.bench.house import IN, OUT, append, settle, vendors
from tests.bench.people import People, messages
from tests.bench.place import environ_of, listens, process, wait_until
from tests.bench.plan import WORK, Plan
from tests.bench.receive import CONNECTIONS, one_round
from tests.bench.stored import clients_of, stored
from tests.bench.webhooks import signed_webhooks
from tests.ports import free_port

PART = "d"
ACTIVE = 200
EACH = 5  # messages of each active client in one round
STEPS = {
    "decide": "deciding a message",
    "deliver": "delivering it",
    "receive": "receiving a webhook",
    "sweep": "one look of the clock at all lanes",
}
KINDS = {"cpu": "CPU", "wall": "by the clock"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A store of one size, and a web process on it; the active clients stand far apart in it."""

    name: str
    stored: int
    active: tuple[People, ...]
    parts: Parts
    port: int
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Microseconds of one message: on the CPU of this process, and by the clock."""

    cpu: float
    wall: float


def measure(plan: Plan, say: Callable[[str], None]) -> Iterator[Figure]:
    names = {plan.few_stored: "few", plan.many_stored: "many"}
    kept = {stored(count, plan.output, say): (name, count) for count, name in names.items()}
    with TemporaryDirectory(prefix=WORK, dir=plan.output) as name, ExitStack() as stack:
        folder = Path(name)
        environ = environ_of(folder, "")
        crm = stack.enter_context(vendors(environ, folder))
        crm.fill([one for _, count in kept.values() for one in active_of(count)])
        say("copying both stores, to write into the copies")
        sizes = [
            stack.enter_context(_size(environ, folder, path, name, count))
            for path, (name, count) in kept.items()
        ]
        say("deciding and delivering, receiving, in turn")
        yield from _figures(sizes, plan)


def active_of(count: int) -> tuple[People, ...]:
    """So many clients of a store, each far from the next."""
    clients = clients_of(count)
    active = min(ACTIVE, clients)
    return tuple(People(count=1, first=n * clients // active) for n in range(active))


@contextmanager
def _size(
    environ: dict[str, str], folder: Path, path: Path, name: str, count: int
) -> Iterator[Size]:
    copy = folder / f"{name}.sqlite"
    shutil.copyfile(path, copy)
    own = {**environ, "BRIDGE_DATABASE_URL": f"sqlite:///{copy}"}
    prepare(Settings.of(own), own)
    port = free_port()
    with (
        built(Settings.of(own), own) as parts,
        process(own, folder, "tests.bench.door", "durable", str(port)) as web,
    ):
        wait_until(lambda: listens(port), "the web process", web)
        settle(parts)
        yield Size(
            name=name, stored=count, active=active_of(count), parts=parts, port=port, pid=web.pid
        )


def _figures(sizes: Sequence[Size], plan: Plan) -> Iterator[Figure]:
    costs: dict[str, list[Mapping[str, Cost]]] = {size.name: [] for size in sizes}
    for number in range(plan.rounds + 1):
        requests = signed_webhooks(plan.webhooks // 3, number)
        for size in sizes:
            found = _round(size, number, requests)
            if number:  # the first round warms up
                costs[size.name].append(found)
    for size in sizes:
        yield _figure(f"stored.{size.name}", f"{size.name} stored", [size.stored], "messages")
    few, many = (_by_step(costs[size.name]) for size in sizes)
    yield from _whole(few, many)
    for step, words in STEPS.items():
        yield from _step(step, words, few[step], many[step])


def _round(size: Size, number: int, requests: Sequence[bytes]) -> Mapping[str, Cost]:
    bodies = _bodies(size, number)
    append(size.parts, bodies)
    decide = _timed(lambda: _drain(size.parts, IN), len(bodies))
    deliver = _timed(lambda: _drain(size.parts, OUT), len(bodies))
    sweep = _timed(lambda: due_lanes(size.parts), 1)
    came = one_round(size.port, size.pid, requests, CONNECTIONS)
    receive = Cost(cpu=came.cpu_micros, wall=1e6 / came.answers.per_second)
    return {"decide": decide, "deliver": deliver, "receive": receive, "sweep": sweep}


def _bodies(size: Size, number: int) -> list[bytes]:
    """The clients by turns."""
    each = [messages(one, f"round{number}x{one.first}", EACH) for one in size.active]
    return [body for turn in zip(*each, strict=True) for body in turn]


def _timed(work: Callable[[], object], count: int) -> Cost:
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Cost(cpu=cpu * 1e6 / count, wall=wall * 1e6 / count)


def _drain(parts: Parts, lane: str) -> None:
    """SystemExit when something is left: then the time says nothing."""
    if lane in drain(parts, lane, over=after(120)):
        raise SystemExit(f"{lane} was not drained within two minutes")


def _by_step(rounds: Sequence[Mapping[str, Cost]]) -> Mapping[str, Sequence[Cost]]:
    return {step: [one[step] for one in rounds] for step in STEPS}


def _whole(
    few: Mapping[str, Sequence[Cost]], many: Mapping[str, Sequence[Cost]]
) -> Iterator[Figure]:
    """Deciding and delivering together, which is what a message costs the workers."""
    for kind, words in KINDS.items():
        one, other = (
            [getattr(a, kind) + getattr(b, kind) for a, b in zip(*_two(of), strict=True)]
            for of in (many, few)
        )
        target = at_most(1.15) if kind == "cpu" else None
        yield _figure(f"ratio.{kind}", f"a message, {words}", ratios(one, other), "", target)


def _two(of: Mapping[str, Sequence[Cost]]) -> tuple[Sequence[Cost], Sequence[Cost]]:
    return of["decide"], of["deliver"]


def _step(step: str, words: str, few: Sequence[Cost], many: Sequence[Cost]) -> Iterator[Figure]:
    for kind, of in KINDS.items():
        one, other = ([getattr(cost, kind) for cost in costs] for costs in (many, few))
        target = at_most(1.15) if (step, kind) == ("receive", "cpu") else None
        yield _figure(f"{step}.{kind}.few", f"{words}, {of}, few stored", other, "µs")
        yield _figure(f"{step}.{kind}.ratio", f"{words}, {of}", ratios(one, other), "", target)


def _figure(
    key: str, label: str, values: Sequence[float], unit: str = "", target: Target | None = None
) -> Figure:
    shown = label if unit else f"{label}: many stored to few"
    return median_figure(PART, f"volume.{key}", shown, values, unit, target)
