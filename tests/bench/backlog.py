"""(b) From a backlog of known clients' messages to the CRM, against the obvious program in the same
rounds: messages a second, calls, and who spent the CPU."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.baseline import Obvious, obvious_worker
from tests.bench.crm_server import Call
from tests.bench.figures import Figure, Target, at_least, at_most, median_figure, ratios
from tests.bench.house import House, house
from tests.bench.people import People, messages
from tests.bench.plan import Plan
from tests.bench.usage import cpu_of, spent

PART = "b"
KNOWN = People(count=1000)
WITH_LEADS = People(count=200, first=1000, leads=True)
FEWER = (200, 100)
DELAYS = {"100ms": 0.1, "0ms": 0.0}
TIMES = {"100ms": at_least(600), "0ms": at_least(40)}
OBVIOUS_MESSAGES = {"100ms": 20, "0ms": 100}
WORDS = {"100ms": "CRM at 100 ms", "0ms": "CRM at once"}
Line = tuple[str, str, Sequence[float], str, Target | None]
"""Key, label, a value for each round, unit, target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """`seconds` until the CRM had answered for the last entry; `cpu` seconds by process."""

    messages: int
    seconds: float
    calls: int
    refused: int
    cpu: Mapping[str, float]

    @property
    def per_second(self) -> float:
        return self.messages / self.seconds

    @property
    def calls_per_100(self) -> float:
        return self.calls * 100 / self.messages

    def cpu_micros(self, *names: str) -> float:
        """CPU of these processes for one message."""
        total = sum(used for name, used in self.cpu.items() if name.startswith(names))
        return total * 1e6 / self.messages

    def share(self, name: str) -> float:
        """Per cent of one core."""
        return self.cpu[name] * 100 / self.seconds


def measure(plan: Plan, say: Callable[[str], None]) -> Iterator[Figure]:
    for kind in plan.stores:
        say(f"filling a house on {kind}")
        with house(kind, (KNOWN, WITH_LEADS)) as made, obvious_worker() as other:
            for delay in DELAYS:
                say(f"{kind}, {WORDS[delay]}")
                yield from _against(plan, kind, made, other, delay)
            yield from _others(plan, kind, made, say)


def drain(made: House, people: People, run: str, count: int) -> Drained:
    bodies = messages(people, run, count)
    before = cpu_of(made.pids)
    began = made.preload(bodies)
    made.crm.await_run(run, count)
    return drained(made, began, count, before)


def drained(made: House, began: float, count: int, before: Mapping[str, float]) -> Drained:
    calls = made.crm.calls(began)
    return Drained(
        messages=count,
        seconds=last_entry(calls) - began,
        calls=len(calls),
        refused=sum(call.status == 429 for call in calls),
        cpu=spent(before, cpu_of(made.pids)),
    )


def last_entry(calls: Sequence[Call]) -> float:
    """When the CRM had answered the last call that belongs to a message."""
    return max(call.ended for call in calls)


def _against(plan: Plan, kind: str, made: House, other: Obvious, delay: str) -> Iterator[Figure]:
    made.crm.take(DELAYS[delay])
    drain(made, KNOWN, f"warm{kind[:2]}{delay}", KNOWN.count)
    mine: list[Drained] = []
    theirs: list[Drained] = []
    for number in range(plan.backlog_rounds):
        run = f"{kind[:2]}{delay}r{number}"
        mine.append(drain(made, KNOWN, run, plan.messages))
        theirs.append(_obvious(made, other, run, OBVIOUS_MESSAGES[delay]))
    made.crm.take(0.0)
    yield from _figures(kind, delay, mine, theirs)


def _obvious(made: House, other: Obvious, run: str, count: int) -> Drained:
    pids = {"crm": made.crm.pid, "worker": other.pid}
    before = cpu_of(pids)
    began, calls = other.drain(made.crm, KNOWN, f"{run}o", count)
    return Drained(
        messages=count,
        seconds=last_entry(calls) - began,
        calls=len(calls),
        refused=0,
        cpu=spent(before, cpu_of(pids)),
    )


def _figures(
    kind: str, delay: str, mine: Sequence[Drained], theirs: Sequence[Drained]
) -> Iterator[Figure]:
    for key, label, values, unit, target in _lines(kind, delay, mine, theirs):
        name, where = f"backlog.{kind}.{delay}.{key}", f"{kind}, {WORDS[delay]}"
        yield median_figure(PART, name, f"{where}: {label}", values, unit, target)


def _lines(
    kind: str, delay: str, mine: Sequence[Drained], theirs: Sequence[Drained]
) -> Iterator[Line]:
    speeds, others = ([one.per_second for one in runs] for runs in (mine, theirs))
    yield "per_second", "bridge", speeds, "messages/s", None
    yield "obvious_per_second", "obvious program", others, "messages/s", None
    wanted = TIMES[delay] if kind == "sqlite" else None
    yield "times", "times the obvious program", ratios(speeds, others), "", wanted
    calls, more = ([one.calls_per_100 for one in runs] for runs in (mine, theirs))
    yield "calls", "CRM calls for 100 messages", calls, "", at_most(2)
    yield "obvious_calls", "obvious program: CRM calls for 100", more, "", None
    cpu, its = ([one.cpu_micros("worker") for one in runs] for runs in (mine, theirs))
    yield "cpu", "CPU of the workers for a message", cpu, "µs", None
    yield "obvious_cpu", "obvious program: CPU of its worker", its, "µs", None
    if kind == "postgresql":
        server = [one.cpu_micros("postgresql") for one in mine]
        yield "store_cpu", "CPU of PostgreSQL for a message", server, "µs", None
    yield "crm_share", "the CRM's process, of a core", [o.share("crm") for o in mine], "%", None


def _others(plan: Plan, kind: str, made: House, say: Callable[[str], None]) -> Iterator[Figure]:
    """Fewer clients, of whom each has one message on its way at a time; and clients with leads."""
    made.crm.take(DELAYS["100ms"])
    for count in FEWER:
        say(f"{kind}, {count} clients")
        run = drain(made, KNOWN.some(count), f"{kind[:2]}few{count}", plan.messages // 2)
        key, label = f"backlog.{kind}.clients{count}", f"{kind}, CRM at 100 ms, {count} clients"
        yield Figure(
            part=PART, key=key, label=f"{label}: bridge", value=run.per_second, unit="messages/s"
        )
    say(f"{kind}, with leads")
    run = drain(made, WITH_LEADS, f"{kind[:2]}leads", plan.messages // 2)
    yield Figure(
        part=PART,
        key=f"backlog.{kind}.leads.calls",
        label=f"{kind}, CRM at 100 ms, contact, deal and lead: CRM calls for 100 messages",
        value=run.calls_per_100,
        target=at_most(3),
    )
    made.crm.take(0.0)
