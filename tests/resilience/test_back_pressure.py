"""More than can be taken: memory is bounded, the rest is asked to wait, nobody starves (R14)."""

import json
import re
import socket
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from bridge.pipeline.receive import MAX_WAITING_BYTES
from bridge.settings import Settings
from bridge.web.front import MAX_HELD_BYTES
from bridge.wiring import prepare
from tests.cli.running import CONFIG, KEY, MESSAGE, House, make_house
from tests.resilience.scene import ANSWER_SECONDS, Answer, await_that, post

MEGABYTE = 1024 * 1024
NOISY, QUIET = "wazzup-main", "quiet"
LARGEST = 8 * MEGABYTE
TWO_ACCOUNTS = CONFIG.replace(
    "channels:",
    f"""  {QUIET}:
    connector: wazzup
    secrets: {{api_key: TEST_API_KEY, webhook_key: TEST_WEBHOOK_KEY}}
channels:""",
).replace("connector: wazzup\n", f"connector: wazzup\n    max_body_bytes: {LARGEST}\n")


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = make_house(tmp_path)
    made.config.write_text(TWO_ACCOUNTS)
    prepare(Settings.of(made.environ()), made.environ())
    return made


@contextmanager
def locked(house: House) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(house.state / "bridge.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def body(message_id: str, size: int = 0) -> bytes:
    message = {**MESSAGE, "messageId": message_id, "padding": "x" * size}
    return json.dumps({"messages": [message]}).encode()


def send(house: House, account: str, name: str, size: int = 0) -> Answer:
    return post(house.port, f"/hooks/{account}/{KEY}", body(name, size))


def flood(house: House, connections: int, size: int) -> list[Answer]:
    """The noisy account, all at once."""
    with ThreadPoolExecutor(connections) as senders:
        return list(senders.map(lambda n: send(house, NOISY, f"n{n}", size), range(connections)))


def flood_until_full(house: House, connections: int, size: int) -> None:
    """As `flood`, again and again until some are refused because too many wait: a slow one may be
    told to send again because the store does not answer, before the room is full."""

    def insist(number: int) -> None:
        while not full(house):
            send(house, NOISY, f"n{number}", size)

    with ThreadPoolExecutor(connections) as senders:
        list(senders.map(insist, range(connections)))


def full(house: House) -> set[str]:
    """The accounts of which too many wait."""
    causes = [json.loads(line) for line in house.log("web").splitlines() if '"cause"' in line]
    return {line["account"] for line in causes if line["cause"].startswith("too many")}


def memory(pid: int, name: str) -> int:
    """Bytes, as Linux counts them: VmRSS is now, VmHWM was the most."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(rf"^{name}:\s+(\d+) kB$", status, re.M)[0]) * 1024


def number(house: House, pattern: str) -> float:
    found = re.findall(rf"^{pattern} (\S+)$", house.get("/metrics")[1].decode(), re.M)
    return float(found[0]) if found else 0.0


def test_a_burst_on_a_locked_store_takes_bounded_memory_and_is_asked_to_send_again(
    house: House,
) -> None:
    """Held are bodies that are being received or answered; those that wait for the store though
    their sender was told to send again; and what the driver copies of them. Twice as much is
    offered."""
    most = MAX_HELD_BYTES + 2 * MAX_WAITING_BYTES + 128 * MEGABYTE
    connections = 2 * most // LARGEST
    with house.web() as process, locked(house):
        assert send(house, NOISY, "first").status == 503
        before = memory(process.pid, "VmRSS")
        answers = flood(house, connections, LARGEST - MEGABYTE)
        grown = memory(process.pid, "VmHWM") - before
        # 0: the answer came while the body was still being sent.
        assert {answer.status for answer in answers} <= {0, 503}
        assert all(answer.retry_after == "5" for answer in answers if answer.status == 503)
        assert grown < most
        assert house.alive()


def test_an_account_that_floods_is_refused_and_another_is_not(house: House) -> None:
    connections = 2 * MAX_WAITING_BYTES // LARGEST
    with house.web(), ThreadPoolExecutor(2) as beside:
        with locked(house) as other:
            flooding = beside.submit(flood_until_full, house, connections, LARGEST - MEGABYTE)
            await_that(lambda: full(house), "nobody is refused")
            waiting = number(house, "bridge_webhooks_waiting_bytes")
            quiet = beside.submit(send, house, QUIET, "q", LARGEST - MEGABYTE)
            await_that(
                lambda: quiet.done() or number(house, "bridge_webhooks_waiting_bytes") > waiting,
                "the quiet one does not arrive",
            )
            other.rollback()
        flooding.result()
        await_that(lambda: send(house, QUIET, "q2").is_taken, "the store is free again")
    assert full(house) == {NOISY}


@contextmanager
def stalled(house: House, account: str, size: int) -> Iterator[None]:
    """A webhook of which the end does not come."""
    head = f"POST /hooks/{account}/{KEY} HTTP/1.1\r\nHost: b\r\nContent-Length: {size + 1}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", house.port), timeout=ANSWER_SECONDS) as sender:
        with suppress(ConnectionError):  # refused before it was all sent
            sender.sendall(head.encode() + b"x" * size)
        yield


def test_bodies_that_come_slowly_from_one_account_leave_room_for_another(house: House) -> None:
    size = LARGEST - MEGABYTE
    with house.web(), ExitStack() as slow:
        for _ in range(MAX_HELD_BYTES // size):
            slow.enter_context(stalled(house, NOISY, size))
        assert send(house, QUIET, "q", size).status == 200


BACKLOG = """
WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO inbox (lane, account, received_at, method, url, headers, body, state, attempts, reason)
SELECT lane, account, received_at, method, url, headers,
    CAST(replace(CAST(body AS TEXT), '"first"', '"m' || i || '"') AS BLOB), 'pending', 0, ''
FROM inbox, n WHERE inbox.id = 1
"""


def done(house: House) -> int:
    return int(house.query("SELECT count(*) FROM inbox WHERE state = 'done'")[0][0])


def memory_of_a_worker(house: House, backlog: int) -> int:
    """The most that it takes while it works on the first of so many rows."""
    with house.web():
        assert send(house, NOISY, "first").status == 200
    with closing(sqlite3.connect(house.state / "bridge.sqlite")) as db, db:
        db.execute(BACKLOG, {"rows": backlog})
    with house.started("worker") as worker:
        await_that(lambda: done(house) > WORKED_OFF, "nothing is worked off")
        return memory(worker.pid, "VmHWM")


WORKED_OFF = 1_000


def test_a_backlog_costs_a_worker_no_memory(tmp_path: Path) -> None:
    """A hundred thousand rows more: a worker that read them all would take twice what is allowed
    for their bodies alone."""
    took = []
    for backlog in (2_000, 100_000):
        house = make_house(tmp_path / str(backlog))
        prepare(Settings.of(house.environ()), house.environ())
        took.append(memory_of_a_worker(house, backlog))
    assert took[1] - took[0] < 20 * MEGABYTE


def test_what_waits_too_long_shows_until_it_is_worked_off(house: House) -> None:
    """R11: nobody works, and no webhook comes any more."""
    oldest = f'bridge_oldest_due_seconds{{lane="in:{NOISY}"}}'
    with house.web():
        assert send(house, NOISY, "first").status == 200
        assert house.get("/readyz")[0] == 200
        with closing(sqlite3.connect(house.state / "bridge.sqlite")) as db, db:
            db.execute("UPDATE inbox SET received_at = received_at - 360 * 1000000")
        assert house.get("/readyz")[0] == 503
        assert number(house, re.escape(oldest)) > 300
        with house.started("worker"):
            await_that(lambda: house.get("/readyz")[0] == 200, "never ready again")
        assert number(house, re.escape(oldest)) == 0
