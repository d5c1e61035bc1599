"""(a) The same door while the workers behind it drain a backlog, and while they are idle."""

from collections.abc import Callable, Iterator, Sequence

from tests.bench.backlog import KNOWN
from tests.bench.figures import Figure, median_figure
from tests.bench.house import House, house
from tests.bench.people import messages
from tests.bench.plan import Plan
from tests.bench.receive import CONNECTIONS, PART, Round, one_round
from tests.bench.webhooks import signed_webhooks


def measure(plan: Plan, say: Callable[[str], None]) -> Iterator[Figure]:
    kind = plan.stores[0]
    rounds: dict[str, list[Round]] = {"idle": [], "draining": []}
    with house(kind, (KNOWN,)) as made:
        say(f"{kind}: workers idle and draining, in turn")
        for number in range(plan.backlog_rounds):
            rounds["idle"].append(_sent(made, plan, number * 2))
            made.preload(messages(KNOWN, f"behind{number}", plan.messages))
            rounds["draining"].append(_sent(made, plan, number * 2 + 1))
            made.crm.await_run(f"behind{number}", plan.messages)
    for name, found in rounds.items():
        yield from _figures(kind, name, found)


def _sent(made: House, plan: Plan, seed: int) -> Round:
    requests = signed_webhooks(plan.webhooks, seed)
    return one_round(made.port, made.pids["web"], requests, CONNECTIONS)


def _figures(kind: str, name: str, rounds: Sequence[Round]) -> Iterator[Figure]:
    values = {
        ("per_second", "webhooks", "requests/s"): [one.answers.per_second for one in rounds],
        ("p50", "answer, p50", "ms"): [one.answers.milliseconds(0.5) for one in rounds],
        ("p99", "answer, p99", "ms"): [one.answers.milliseconds(0.99) for one in rounds],
    }
    for (key, label, unit), found in values.items():
        yield median_figure(
            PART,
            f"receive.{kind}.{name}.{key}",
            f"{kind}, a whole bridge, workers {name}: {label}",
            found,
            unit,
        )
