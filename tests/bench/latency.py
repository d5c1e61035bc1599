"""(c) Two messages a second of known clients: from the webhook's 200 to the CRM's receipt of the
entry, and where the time goes on the way."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import select

from bridge.domain.names import message_id
from bridge.store.engine import reading
from bridge.store.schema import DECISIONS, INBOX, OUTBOX
from tests.bench.backlog import DELAYS, KNOWN, WORDS
from tests.bench.figures import Figure, at_most, median, percentile
from tests.bench.house import CHAT, House, house
from tests.bench.limit import arrivals, pace
from tests.bench.load import send_all
from tests.bench.people import as_requests, messages
from tests.bench.place import listens, process, wait_until
from tests.bench.plan import Plan
from tests.bench.webhooks import signed_webhooks
from tests.ports import free_port

PART = "c"
PER_SECOND = 2.0
WARM_UP = 6  # the first one forks a job
PINGS, PINGS_PER_SECOND = 60, 10.0
STEPS = (
    "door: taken to 200",
    "200 to decided: commit, bell, take, parse",
    "decided to written",
    "written to leased: commit, next lane, take",
    "leased to the CRM: commit, call",
)


def measure(plan: Plan, say: Callable[[str], None]) -> Iterator[Figure]:
    for kind in plan.stores:
        with house(kind, (KNOWN,)) as made:
            if kind == plan.stores[0]:
                yield from yardstick(made)
            for delay in DELAYS:
                say(f"{kind}, {WORDS[delay]}, {plan.paced} messages at {PER_SECOND:.0f} a second")
                yield from _one(plan, kind, made, delay)


def yardstick(made: House) -> Iterator[Figure]:
    """How soon an idle process that does nothing answers on this machine, in this minute: what is
    waited for below that is the machine's, not the bridge's."""
    port = free_port()
    with process(made.environ, made.folder, "tests.bench.ceiling", str(port)):
        wait_until(lambda: listens(port), "the server that answers at once")
        lags: list[float] = []
        for request in signed_webhooks(PINGS, 0):
            time.sleep(1 / PINGS_PER_SECOND)
            lags.extend(send_all(port, [request], 1).latencies)
    for share, word in ((0.5, "p50"), (0.99, "p99")):
        yield Figure(
            part=PART,
            key=f"latency.yardstick.{word}",
            label=f"yardstick: an idle process that does nothing answers, {word}",
            value=percentile(sorted(lags), share) * 1000,
            unit="ms",
        )


def _one(plan: Plan, kind: str, made: House, delay: str) -> Iterator[Figure]:
    made.crm.take(DELAYS[delay])
    count, run = plan.paced + WARM_UP, f"{kind[:2]}paced{delay}"
    requests = list(as_requests(messages(KNOWN, run, count)))
    began = time.time()
    answered = pace(made.port, requests, PER_SECOND)
    made.crm.await_run(run, count)
    there = arrivals(made, run, began)
    lags = [(there[n] - answered[n]) * 1000 for n in range(WARM_UP, count)]
    where = f"{kind}, {WORDS[delay]}"
    target = at_most(10) if kind == "sqlite" else None
    for share, word in ((0.5, "p50"), (0.99, "p99")):
        yield Figure(
            part=PART,
            key=f"latency.{kind}.{delay}.{word}",
            label=f"{where}: from the 200 to the CRM, {word}",
            value=percentile(sorted(lags), share),
            unit="ms",
            target=target if word == "p50" else None,
            samples=tuple(lags) if word == "p50" else (),
        )
    yield from _breakdown(kind, delay, _walks(made, run, range(WARM_UP, count), answered, there))


def _walks(
    made: House,
    run: str,
    numbers: range,
    answered: Sequence[float],
    there: Mapping[int, float],
) -> list[tuple[float, ...]]:
    """For each message the seconds of each step, from what the store noted and both ends saw."""
    noted = _noted(made, run, numbers)
    walks = []
    for number in numbers:
        received, decided, written, leased = (when.timestamp() for when in noted[number])
        stops = (received, answered[number], decided, written, leased, there[number])
        walks.append(tuple(after - before for before, after in pairwise(stops)))
    return walks


def _noted(made: House, run: str, numbers: range) -> dict[int, tuple[datetime, ...]]:
    """When each was received, decided, written and last leased for the CRM."""
    ids = {message_id(CHAT, f"{run}-{number:06d}"): number for number in numbers}
    asked = (
        select(
            DECISIONS.c.message,
            INBOX.c.received_at,
            DECISIONS.c.decided_at,
            INBOX.c.done_at,
            OUTBOX.c.tried_at,
        )
        .join(INBOX, INBOX.c.id == DECISIONS.c.inbox_id)
        .join(OUTBOX, OUTBOX.c.message == DECISIONS.c.message)
        .where(DECISIONS.c.message.in_(ids))
    )
    with reading(made.parts.engine) as db:
        return {ids[row[0]]: tuple(row[1:]) for row in db.execute(asked)}


def _breakdown(kind: str, delay: str, walks: Sequence[tuple[float, ...]]) -> Iterator[Figure]:
    for place, step in enumerate(STEPS):
        yield Figure(
            part=PART,
            key=f"latency.{kind}.{delay}.step{place}",
            label=f"{kind}, {WORDS[delay]}:   {step}",
            value=median([walk[place] for walk in walks]) * 1000,
            unit="ms",
        )
