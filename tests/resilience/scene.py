"""A whole bridge in processes, clients who write to it, and the comparison when all is at rest."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from sqlalchemy import Engine

from bridge.store.engine import open_engine
from tests.chaos.clients import Chat, Ledger, Sent, chats_of, clients_of, webhook
from tests.chaos.house import House, house
from tests.chaos.plan import Plan
from tests.chaos.processes import Process
from tests.chaos.verdict import judge, look

PATIENCE_SECONDS = 300.0  # for what has to come, however busy the machine is
ANSWER_SECONDS = 60.0
AGAIN_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """To one webhook. `status` is 0 when none came."""

    status: int
    seconds: float
    retry_after: str | None = None

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300


@dataclass
class Scene:
    """`ledger` notes what was answered with 2xx, and how often what was answered."""

    home: House
    engine: Engine
    chats: Sequence[Chat]
    ledger: Ledger = field(default_factory=Ledger)
    padding: int = 0  # bytes that each webhook is longer
    _places: Counter[int] = field(default_factory=Counter)

    def process(self, name: str) -> Process:
        return self.home.fleet.processes[name]

    def send(self, chat: Chat) -> Answer:
        """The chat's next message, once; what was not taken is the next one again."""
        sent = Sent(chat.number, self._places[chat.number])
        body = _longer(webhook(chat, sent), self.padding)
        answer = post(self.home.port, self.home.hook, body)
        if self.ledger.note(sent, answer.status):
            self._places[chat.number] += 1
        return answer

    def insist(self, chat: Chat) -> Answer:
        """The chat's next message, again and again until it is taken, as a vendor does."""
        answers: list[Answer] = []

        def is_taken() -> bool:
            answers.append(self.send(chat))
            return answers[-1].is_taken

        await_that(is_taken, "no answer with 2xx", AGAIN_SECONDS)
        return answers[-1]

    def write(self, chats: Sequence[Chat], times: int) -> list[Answer]:
        """So many messages in each chat, all chats at once; gives the answers that took them."""
        with ThreadPoolExecutor(len(chats)) as threads:
            runs = threads.map(lambda chat: [self.insist(chat) for _ in range(times)], chats)
            return [answer for run in runs for answer in run]

    def rest(self) -> None:
        """Returns when nothing is left to do."""
        await_that(lambda: not look(self.engine).open_rows, "never came to rest")

    def check(self) -> None:
        """Every acknowledged message stands exactly once in the CRM, in its chat's order, and
        nothing besides; no dead letter."""
        found = judge(self.ledger.taken, self.chats, self.home.crm(), look(self.engine))
        assert not found.wrong(), found.wrong()

    def entries(self) -> int:
        return len(self.home.crm()["communications"])


@contextmanager
def scene(
    database_url: str,
    folder: Path,
    *,
    known: int = 4,
    strangers: int = 2,
    bridge: Sequence[str] = ("bridge.cli",),
) -> Iterator[Scene]:
    """Web, two workers, clock, Redis and the sandboxes, on a migrated, empty database."""
    plan = Plan(seed=1, seconds=0.0, known=known, strangers=strangers, on_two_channels=0)
    clients = clients_of(plan)
    engine = open_engine(database_url)
    try:
        with house(database_url, folder, clients, bridge=bridge, forked=True) as home:
            yield Scene(home, engine, chats_of(plan, clients))
            _part(home)
    finally:
        engine.dispose()


def _part(home: House) -> None:
    """Told together, they end together, which is quicker."""
    for process in home.fleet.processes.values():
        if process.running is not None:
            process.running.terminate()


def _longer(body: bytes, by: int) -> bytes:
    """With a field that the messenger does not have."""
    return json.dumps({**json.loads(body), "padding": "x" * by}).encode() if by else body


def post(port: int, path: str, body: bytes) -> Answer:
    began = time.monotonic()
    headers = {"Content-Type": "application/json"}
    status, retry_after = 0, None
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)) as connection:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            status, retry_after = answer.status, answer.getheader("Retry-After")
            answer.read()
    except (OSError, HTTPException):
        status = 0
    return Answer(status=status, seconds=time.monotonic() - began, retry_after=retry_after)


def get(port: int, path: str) -> tuple[int, str]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def await_that(holds: Callable[[], object], otherwise: str, pause_seconds: float = 0.05) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(pause_seconds)


@contextmanager
def hung(process: Process) -> Iterator[None]:
    """The process takes connections, and answers nothing."""
    os.kill(pid_of(process), signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid_of(process), signal.SIGCONT)


def end(process: Process, seconds: float) -> int:
    """Its exit code after SIGTERM; fails when it takes longer. It stays away until `start`."""
    return end_all([process], seconds)[0]


def end_all(processes: Sequence[Process], seconds: float) -> list[int]:
    """As `end`, all of them told at once."""
    running = [process.running for process in processes if process.running is not None]
    for one in running:
        one.send_signal(signal.SIGTERM)
    began = time.monotonic()
    try:
        return [one.wait(began + seconds - time.monotonic()) for one in running]
    except subprocess.TimeoutExpired as error:
        raise AssertionError(f"{error.cmd} did not end within {seconds} s") from None


def pid_of(process: Process) -> int:
    assert process.running is not None
    return process.running.pid
