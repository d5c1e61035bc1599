"""A whole bridge in processes of its own: web, two workers, clock, Redis, both sandboxes, and
PostgreSQL where that is the store."""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import redis

from bridge.cli.calls import answers, call
from bridge.domain.principals import Person, PersonKind
from bridge.domain.programme_switching import CONFIRMATION
from bridge.pipeline.mirror import sync
from bridge.pipeline.partnering.acting import Asked, switch_on
from bridge.pipeline.parts import Parts
from bridge.settings import Settings, variable_part
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope, create_key
from bridge.store.partners import partner_state
from bridge.wiring import built, prepare
from tests.chaos import programme
from tests.chaos.clients import CHANNEL_IDS, Client
from tests.chaos.config import (
    CHAT_SECRETS,
    MAIL,
    SECRETS,
    SIDE_SECRETS,
    as_yaml,
    config_of,
    with_side,
)
from tests.chaos.crms import HUBSPOT, Crm
from tests.chaos.door import Door
from tests.chaos.place import PLACE, PREFIX
from tests.chaos.plan import (
    CHAT,
    CHAT_FAULTS,
    LATENCY_SECONDS,
    LEASE_SECONDS,
    WRITER,
    Plan,
)
from tests.chaos.postgres import postgres_program
from tests.chaos.processes import Fleet, Program, fleet, without_settings
from tests.chaos.units import Meter, add_clients
from tests.chaos.warden import MARK, watched
from tests.lanes import BY_NAME
from tests.ports import free_port
from tests.services import Postgres, ServiceFailed

START_SECONDS = 300.0
CONFIG = as_yaml(config_of(HUBSPOT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """`mail_url` is where the harness takes mails."""

    mail_url: str
    meters: Sequence[Meter]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    fleet: Fleet
    settings: Settings
    door: Door
    environ: Mapping[str, str]
    vendor: Crm = HUBSPOT

    @property
    def port(self) -> int:
        return self.door.port

    @property
    def hook(self) -> str:
        """The path of the messenger's webhook."""
        return self.door.hook

    @property
    def crm_url(self) -> str:
        return self.settings.base_urls[variable_part(self.vendor.account)]

    @property
    def chat_url(self) -> str:
        return self.settings.base_urls["WAZZUP_MAIN"]

    def door_of(self, principal: str) -> Door:
        """With a key of his own."""
        with self.parts() as parts, writing(parts.engine) as db:
            scopes, now = [Scope.READ, Scope.SEND], datetime.now(UTC)
            _, key = create_key(db, name="crash run", principal=principal, scopes=scopes, now=now)
        return replace(self.door, key=key)

    @contextmanager
    def parts(self) -> Iterator[Parts]:
        with built(self.settings, self.environ) as parts:
            yield parts

    def crm(self) -> Any:
        """What stands in the CRM."""
        return self.vendor.shown(self.crm_state())

    def crm_state(self) -> Any:
        """The same in the words of its own stand-in."""
        return json.loads(call("GET", f"{self.crm_url}/_sandbox/state"))

    def messenger(self) -> Any:
        """What has reached clients."""
        return json.loads(call("GET", f"{self.chat_url}/_sandbox/state"))

    def subscribe(self, sent_twice: float) -> None:
        """From now on both vendors tell the bridge of what changes there."""
        hooks = f"{self.settings.public_url}/hooks"
        target = self.vendor.target(f"{hooks}/{self.vendor.account}", sent_twice)
        call("POST", f"{self.crm_url}/_sandbox/webhooks", target)
        webhook = {"webhooksUri": f"{hooks}/{CHAT}"}
        call("POST", f"{self.chat_url}/_sandbox/seed", {"webhook": webhook})

    def fail(self, plan: Plan) -> None:
        """Both vendors, as planned; and look-ups show no write at once."""
        call("POST", f"{self.crm_url}/_sandbox/settings", self.vendor.settings)
        of_both = ((self.vendor.account, self.vendor.faults), (CHAT, CHAT_FAULTS))
        for account, rules in plan.faults if plan.faults is not None else of_both:
            told = {"rules": rules, "seed": plan.seed, "latency_seconds": LATENCY_SECONDS}
            call("POST", f"{self._url(account)}/_sandbox/faults", told)

    def struck(self, account: str) -> Mapping[str, int]:
        """How often each fault has struck there."""
        told = json.loads(call("GET", f"{self._url(account)}/_sandbox/faults"))
        counts: Mapping[str, int] = told["counts"]
        return counts

    def mend(self) -> Mapping[str, Mapping[str, int]]:
        """Ends the faults; gives how often each struck, for each account."""
        counts = {account: self.struck(account) for account in (self.vendor.account, CHAT)}
        for account in counts:
            call("DELETE", f"{self._url(account)}/_sandbox/faults")
        return counts

    def _url(self, account: str) -> str:
        return self.crm_url if account == self.vendor.account else self.chat_url


@contextmanager
def house(
    database_url: str | None,
    folder: Path,
    clients: Sequence[Client],
    *,
    bridge: Sequence[str] = ("bridge.cli",),
    port: int = 0,
    crm: Crm = HUBSPOT,
    files: str = "",
    side: Side | None = None,
    forked: bool = False,
) -> Iterator[House]:
    """All of it up, the CRM filled and mirrored, nothing written yet.

    Without a URL the store is a PostgreSQL server of its own, among the processes. `bridge` is the
    module that is run, and its first arguments. `port` is web's, any free one by default. `files`
    is the host of clients' files. With a `side` there is a
    reseller with clients, and a mail server. `forked` is how processes begin, see `fleet`.
    """
    with _short_folder() as place, watched(place), fleet(folder, forked=forked) as processes:
        ports = {"web": port or free_port(), crm.account: free_port(), CHAT: free_port()}
        server = None if database_url else Postgres(directory=place / "postgres", pid=0)
        url = database_url or (server.url("bridge") if server else "")
        environ = {**_environment(url, folder, place, ports), **crm.environ, **_of_side(side)}
        (folder / PLACE).write_text(str(place))
        (folder / "config").mkdir()
        config = config_of(crm, files)
        text = as_yaml(config if side is None else with_side(config, crm))
        (folder / "config" / "bridge.yaml").write_text(text)
        if server is not None:
            _start_postgres(processes, server, environ)
        made = _vendors(processes, ports, environ, place, crm)
        made = replace(made, door=replace(made.door, files=files))
        _fill(made, clients)
        if side is not None:
            call("POST", f"{made.crm_url}/_sandbox/seed", programme.at(crm).seed)
        with made.parts() as parts:
            sync(parts)
            if side is not None:
                _furnish_side(parts, side)
        _begin(made, bridge)
        yield made


def _furnish_side(parts: Parts, side: Side) -> None:
    """A reseller's clients are there, and the partner programme is on."""
    add_clients(parts, side.meters)
    asked = Asked(by=Person(kind=PersonKind.EMPLOYEE, id=WRITER), key="crash run")
    with reading(parts.engine) as db:
        organisation = partner_state(db).side.organisation
    assert organisation is not None
    switched = switch_on(parts, asked, CONFIRMATION, organisation.name)
    assert switched.refused is None, switched.refused


@contextmanager
def _short_folder() -> Iterator[Path]:
    """For sockets, whose paths have to be short, and for the data of another user."""
    place = Path(tempfile.mkdtemp(prefix=PREFIX))
    place.chmod(0o711)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _start_postgres(processes: Fleet, server: Postgres, environ: Mapping[str, str]) -> None:
    processes.start("postgres", postgres_program(server.directory, environ))
    _await(server.ready)
    server.create("bridge")


def _vendors(
    processes: Fleet,
    ports: Mapping[str, int],
    environ: Mapping[str, str],
    place: Path,
    crm: Crm,
) -> House:
    """The sandboxes, filled, Redis, and the store with its schema."""
    settings = Settings.of(environ)
    for account in (crm.account, CHAT):
        command = _command("bridge.cli", "sandbox", account, "--port", str(ports[account]))
        processes.start(f"sandbox {account}", Program(command=command, environ=environ))
    processes.start("redis", Program(command=_redis(place), environ=environ))
    prepare(settings, environ)
    hook = f"/hooks/{CHAT}/{SECRETS['WAZZUP_WEBHOOK_KEY']}"
    door = Door(port=ports["web"], hook=hook, key="")
    made = House(fleet=processes, settings=settings, door=door, environ=environ, vendor=crm)
    for url in (made.crm_url, made.chat_url):
        _await(partial(answers, f"{url}/_sandbox/state"))
    return replace(made, door=made.door_of(f"employee:{WRITER}"))


def _fill(made: House, clients: Sequence[Client]) -> None:
    """What the vendors know before it begins."""
    call("POST", f"{made.crm_url}/_sandbox/seed", made.vendor.seed(clients))
    channels = [
        {"channelId": channel, "transport": "whatsapp", "name": name}
        for channel, name in zip(CHANNEL_IDS, ("sales", "north"), strict=True)
    ]
    call("POST", f"{made.chat_url}/_sandbox/seed", {"channels": channels})


def _begin(made: House, bridge: Sequence[str]) -> None:
    _await(partial(_redis_answers, made.settings.redis_url or ""))

    def start(name: str, *arguments: str) -> None:
        command = _command(*bridge, *arguments)
        made.fleet.start(name, Program(command=command, environ=made.environ))

    start("web", "web", "--port", str(made.port))
    for name in ("worker 1", "worker 2"):
        start(name, "worker")
    start("clock", "clock")
    _await(partial(answers, f"{made.settings.public_url}/healthz"))


def _command(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def _redis(place: Path) -> tuple[str, ...]:
    """Keeps nothing: who kills it wipes it."""
    program = BY_NAME["redis"].program()
    assert program is not None  # tests without it never get here
    where = ("--port", "0", "--unixsocket", str(place / "redis.sock"), "--dir", str(place))
    return (str(program), *where, "--save", "", "--appendonly", "no")


def _redis_answers(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def _await(is_there: Callable[[], bool]) -> None:
    end = time.monotonic() + START_SECONDS
    while not is_there():
        if time.monotonic() > end:
            raise ServiceFailed(f"a process does not answer after {START_SECONDS:.0f} s")
        time.sleep(0.05)


def _of_side(side: Side | None) -> Mapping[str, str]:
    if side is None:
        return {}
    return {**SIDE_SECRETS, f"BRIDGE_BASE_URL_{variable_part(MAIL)}": side.mail_url}


def _environment(
    database_url: str, folder: Path, place: Path, ports: Mapping[str, int]
) -> dict[str, str]:
    return {
        **without_settings(),
        **CHAT_SECRETS,
        MARK: str(place),
        "BRIDGE_CONFIG": str(folder / "config"),
        "BRIDGE_STATE": str(folder / "state"),
        "BRIDGE_DATABASE_URL": database_url,
        "BRIDGE_REDIS_URL": f"unix://{place / 'redis.sock'}",
        "BRIDGE_PUBLIC_URL": f"http://127.0.0.1:{ports['web']}",
        "BRIDGE_SECRET_KEY": "k" * 32,
        "BRIDGE_LEASE_SECONDS": str(LEASE_SECONDS),
        **{
            f"BRIDGE_BASE_URL_{variable_part(account)}": f"http://127.0.0.1:{port}"
            for account, port in ports.items()
            if account != "web"
        },
    }
