"""A whole bridge as its Procfile starts it: web, two workers, clock, Redis; and the CRM, which is a
process of its own."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from redis import Redis
from sqlalchemy import func, select

from bridge.domain.names import AccountName
from bridge.pipeline.drain import after, drain, due_lanes
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.mirror import sync
from bridge.pipeline.parts import Parts
from bridge.queue.bell import ring_now
from bridge.settings import Settings
from bridge.store import inbox
from bridge.store.engine import reading, writing
from bridge.store.schema import BEATS
from bridge.wiring import built, prepare
from tests.bench.crm import Crm
from tests.bench.people import People, messages
from tests.bench.place import (
    environ_of,
    listens,
    process,
    program_of,
    store,
    wait_until,
)
from tests.ports import free_port
from tests.services import redis_running

CHAT, CRM = AccountName("wazzup-main"), AccountName("hubspot-main")
IN, OUT = lane(Way.IN, CHAT), lane(Way.OUT, CRM)
WORKERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """`pids` are those of the bridge's own processes, of Redis, the CRM and the store's server;
    `started` the seconds that each took until it was ready."""

    folder: Path
    environ: Mapping[str, str]
    parts: Parts
    crm: Crm
    redis_url: str
    port: int
    pids: Mapping[str, int]
    started: Mapping[str, float]

    def preload(self, bodies: Sequence[bytes]) -> float:
        """Puts webhooks into the inbox, all at once, and rings; gives the time.time() of it."""
        append(self.parts, bodies)
        began = time.time()
        with Redis.from_url(self.redis_url) as client:
            ring_now(client, IN)
        return began


@contextmanager
def house(kind: str, groups: Sequence[People]) -> Iterator[House]:
    """All of it up and at rest, on this kind of store; everybody in the groups is known."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        made = stack.enter_context(store(kind, folder))
        redis = stack.enter_context(redis_running(program_of("redis")))
        environ = environ_of(folder, made.url, BRIDGE_REDIS_URL=redis.url)
        crm = stack.enter_context(vendors(environ, folder))
        crm.fill(groups)
        prepare(Settings.of(environ), environ)
        parts = stack.enter_context(built(Settings.of(environ), environ))
        know(parts, groups)
        port = free_port()
        pids, started = _start(stack, environ, folder, parts, port)
        others = {"redis": redis.pid, "crm": crm.pid}
        servers = {} if made.pid is None else {"postgresql": made.pid}
        yield House(
            folder=folder,
            environ=environ,
            parts=parts,
            crm=crm,
            redis_url=redis.url,
            port=port,
            pids={**pids, **others, **servers},
            started=started,
        )


@contextmanager
def vendors(environ: dict[str, str], folder: Path) -> Iterator[Crm]:
    """Both sandboxes, named in the environment from now on."""
    crm_port, chat_port = free_port(), free_port()
    environ["BRIDGE_BASE_URL_HUBSPOT_MAIN"] = f"http://127.0.0.1:{crm_port}"
    environ["BRIDGE_BASE_URL_WAZZUP_MAIN"] = f"http://127.0.0.1:{chat_port}"
    chat = ("bridge.cli", "sandbox", CHAT, "--port", str(chat_port))
    with (
        process(environ, folder, "tests.bench.crm_server", str(crm_port)) as crm,
        process(environ, folder, *chat),
    ):
        wait_until(lambda: listens(crm_port) and listens(chat_port), "the sandboxes")
        yield Crm(url=environ["BRIDGE_BASE_URL_HUBSPOT_MAIN"], pid=crm.pid)


def know(parts: Parts, groups: Sequence[People]) -> None:
    """Each client has written once, so that the mirror knows him; nothing is left to do."""
    sync(parts)
    for number, people in enumerate(groups):
        append(parts, messages(people, f"first{number}", people.count))
    settle(parts)


def settle(parts: Parts) -> None:
    """Drains every lane in this process until nothing is due."""
    while names := due_lanes(parts):
        for name in names:
            drain(parts, name, over=after(60))


def append(parts: Parts, bodies: Sequence[bytes]) -> None:
    rows = [
        inbox.NewRow(
            lane=IN,
            account=CHAT,
            received_at=parts.now(),
            method="POST",
            url=f"https://bridge.example/hooks/{CHAT}",
            headers=b"{}",
            body=body,
        )
        for body in bodies
    ]
    with writing(parts.engine) as db:
        inbox.append(db, rows)


def _start(
    stack: ExitStack, environ: Mapping[str, str], folder: Path, parts: Parts, port: int
) -> tuple[dict[str, int], dict[str, float]]:
    """One after the other, so that each has the machine to itself while it starts."""
    workers = {f"worker {n + 1}": ("worker",) for n in range(WORKERS)}
    commands: dict[str, tuple[str, ...]] = {"web": ("web", "--port", str(port)), **workers}
    commands["clock"] = ("clock",)
    pids: dict[str, int] = {}
    started: dict[str, float] = {}
    for name, command in commands.items():
        began = time.perf_counter()
        child = stack.enter_context(process(environ, folder, "bridge.cli", *command))
        wait_until(_ready(name, environ, parts, port, len(pids)), name, child)
        pids[name], started[name] = child.pid, time.perf_counter() - began
    return pids, started


def _ready(
    name: str, environ: Mapping[str, str], parts: Parts, port: int, before: int
) -> Callable[[], bool]:
    """Web listens, the clock has said that it is alive, a worker has told Redis of itself."""
    if name == "web":
        return lambda: listens(port)
    if name == "clock":
        return lambda: _beats(parts) > 0
    return lambda: _workers(environ["BRIDGE_REDIS_URL"]) >= before


def _beats(parts: Parts) -> int:
    with reading(parts.engine) as db:
        return db.scalar(select(func.count()).where(BEATS.c.kind == "clock")) or 0


def _workers(url: str) -> int:
    with Redis.from_url(url) as client:
        return int(client.scard("rq:workers"))
