"""(b) A CRM that refuses more than 190 calls in ten seconds: messages offered at the door at a
steady rate, every one of which has to arrive without one refused call; then a backlog."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from tests.bench.backlog import KNOWN, PART, Drained, drain, drained
from tests.bench.figures import Figure, at_least, at_most, percentile
from tests.bench.house import House, house
from tests.bench.load import is_whole
from tests.bench.people import as_requests, messages
from tests.bench.plan import Plan
from tests.bench.usage import cpu_of

CALLS_IN_TEN_SECONDS = 190
OFFERED_PER_SECOND = 50.0
CRM_SECONDS = 0.1


def measure(plan: Plan, say: Callable[[str], None]) -> Iterator[Figure]:
    kind = plan.stores[0]
    with house(kind, (KNOWN,)) as made, made.crm.limited(CALLS_IN_TEN_SECONDS):
        made.crm.take(CRM_SECONDS)
        say(f"{kind}, {OFFERED_PER_SECOND:.0f} messages/s through the door, calls limited")
        yield from _offered(plan, made)
        time.sleep(10)  # the limit looks back so far
        say(f"{kind}, saturated, calls limited")
        yield from _saturated(drain(made, KNOWN, "full", plan.messages))


def pace(port: int, requests: Sequence[bytes], per_second: float) -> list[float]:
    """Sends each when its time has come, over one connection; gives the time.time() of every
    answer. SystemExit when one is refused."""
    answered = []
    with closing(socket.create_connection(("127.0.0.1", port), timeout=60)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        for number, request in enumerate(requests):
            time.sleep(max(0.0, began + number / per_second - time.perf_counter()))
            connection.sendall(request)
            answer = _answer(connection)
            answered.append(time.time())
            if not answer.startswith(b"HTTP/1.1 2"):
                raise SystemExit("a webhook was refused")
    return answered


def arrivals(made: House, run: str, since: float) -> dict[int, float]:
    """When the CRM first heard of each message of the run, by its number."""
    found: dict[int, float] = {}
    for call in made.crm.calls(since):
        for name, number in call.marks:
            if name == run:
                found.setdefault(number, call.arrived)
    return found


def _answer(connection: socket.socket) -> bytes:
    answer = b""
    while not is_whole(answer):
        piece = connection.recv(65536)
        if not piece:
            raise SystemExit("the web process closed a connection instead of answering")
        answer += piece
    return answer


def _offered(plan: Plan, made: House) -> Iterator[Figure]:
    count = int(OFFERED_PER_SECOND * plan.limited_seconds)
    requests = list(as_requests(messages(KNOWN, "limit", count)))
    before, began = cpu_of(made.pids), time.time()
    answered = pace(made.port, requests, OFFERED_PER_SECOND)
    made.crm.await_run("limit", count)
    result = drained(made, began, count, before)
    there = arrivals(made, "limit", began)
    lags = sorted((there[n] - answered[n]) * 1000 for n in range(count))
    offered = f"limited CRM, {OFFERED_PER_SECOND:.0f} messages/s offered"
    yield _figure("delivered", f"{offered}: delivered of 100", len(there) * 100 / count, "%")
    yield Figure(
        part=PART,
        key="limit.refused",
        label=f"{offered}: calls refused",
        value=result.refused,
        target=at_most(0),
    )
    yield _figure("calls", f"{offered}: CRM calls for 100 messages", result.calls_per_100)
    for share, word in ((0.5, "p50"), (0.99, "p99")):
        lag = percentile(lags, share)
        yield _figure(f"lag.{word}", f"{offered}: from the 200 to the CRM, {word}", lag, "ms")


def _saturated(result: Drained) -> Iterator[Figure]:
    yield _figure("full.per_second", "limited CRM, saturated", result.per_second, "messages/s")
    yield Figure(
        part=PART,
        key="limit.full.per_call",
        label="limited CRM, saturated: messages for each call",
        value=result.messages / result.calls,
        target=at_least(80),
    )
    yield Figure(
        part=PART,
        key="limit.full.refused",
        label="limited CRM, saturated: calls refused",
        value=result.refused,
        target=at_most(0),
    )


def _figure(key: str, label: str, value: float, unit: str = "") -> Figure:
    return Figure(part=PART, key=f"limit.{key}", label=label, value=value, unit=unit)
