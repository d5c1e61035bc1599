"""A whole bridge in processes of its own: web, two workers, clock, Redis, and both sandboxes."""

import json
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import redis

from bridge.cli.calls import answers, call
from bridge.pipeline.mirror import sync
from bridge.settings import Settings
from bridge.wiring import built, prepare
from tests.chaos.clients import CHANNEL_IDS, Client
from tests.chaos.plan import FAULTS, LATENCY_SECONDS
from tests.chaos.processes import Fleet, fleet, without_settings
from tests.lanes import BY_NAME

START_SECONDS = 30.0
# The lease outlasts a stall of a busy machine, a look-up comes later than any call can end.
LEASE_SECONDS = 2.0
CALL_SECONDS = 1.5
LOOK_UP_SECONDS = 2.5
OWNERS = ("ana@acme.example", "bruno@acme.example", "luis@acme.example")
SECRETS = {
    "HUBSPOT_TOKEN": "token-of-the-crash-test",
    "HUBSPOT_CLIENT_SECRET": "secret-of-the-crash-test",
    "WAZZUP_API_KEY": "key-of-the-crash-test",
    "WAZZUP_WEBHOOK_KEY": "hook-of-the-crash-test",
}
CONFIG = f"""
crm: hubspot-main
accounts:
  hubspot-main:
    connector: hubspot
    secrets: {{access_token: HUBSPOT_TOKEN, client_secret: HUBSPOT_CLIENT_SECRET}}
    options: {{call_timeout_seconds: "{CALL_SECONDS}", look_up_after_seconds: "{LOOK_UP_SECONDS}"}}
  wazzup-main:
    connector: wazzup
    secrets: {{api_key: WAZZUP_API_KEY, webhook_key: WAZZUP_WEBHOOK_KEY}}
channels:
  wa-sales: {{account: wazzup-main, messenger: whatsapp, id: {CHANNEL_IDS[0]}, label: Sales}}
  wa-north: {{account: wazzup-main, messenger: whatsapp, id: {CHANNEL_IDS[1]}, label: North}}
employees:
  ana@acme.example: {{role: salesperson, gets_new_clients: true}}
  bruno@acme.example: {{role: salesperson, gets_new_clients: true}}
  luis@acme.example: {{role: manager}}
new_clients: {{create: deal, pipeline: default, stage: appointmentscheduled}}
ownership: {{fallback: luis@acme.example}}
default: {{employee: luis@acme.example}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    fleet: Fleet
    port: int  # of web
    crm_url: str
    hook: str  # path of the messenger's webhook

    def crm(self) -> Any:
        """What stands in the CRM."""
        return json.loads(call("GET", f"{self.crm_url}/_sandbox/state"))

    def fail(self, seed: int) -> None:
        told = {"rules": FAULTS, "seed": seed, "latency_seconds": LATENCY_SECONDS}
        call("POST", f"{self.crm_url}/_sandbox/faults", told)

    def mend(self) -> Mapping[str, int]:
        """Ends the faults; gives how often each struck."""
        counts: Mapping[str, int] = json.loads(call("GET", f"{self.crm_url}/_sandbox/faults"))[
            "counts"
        ]
        call("DELETE", f"{self.crm_url}/_sandbox/faults")
        return counts


@contextmanager
def house(database_url: str, folder: Path, clients: Sequence[Client]) -> Iterator[House]:
    """All of it up, the CRM filled and mirrored, nothing written yet."""
    ports = {name: free_port() for name in ("web", "hubspot-main", "wazzup-main")}
    environ = _environment(database_url, folder, ports)
    settings = Settings.of(environ)
    (folder / "config").mkdir()
    (folder / "config" / "bridge.yaml").write_text(CONFIG)
    with fleet(folder) as processes:
        for account in ("hubspot-main", "wazzup-main"):
            arguments = ("sandbox", account, "--port", str(ports[account]))
            processes.start(f"sandbox {account}", _bridge(*arguments), environ)
        processes.start("redis", _redis(folder), environ)
        prepare(settings, environ)
        made = House(
            fleet=processes,
            port=ports["web"],
            crm_url=settings.base_urls["HUBSPOT_MAIN"],
            hook=f"/hooks/wazzup-main/{SECRETS['WAZZUP_WEBHOOK_KEY']}",
        )
        for url in settings.base_urls.values():
            _await(partial(answers, f"{url}/_sandbox/state"))
        call("POST", f"{made.crm_url}/_sandbox/seed", _crm_of(clients))
        with built(settings, environ) as parts:
            sync(parts)
        _begin(made, environ, settings)
        yield made


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _begin(made: House, environ: Mapping[str, str], settings: Settings) -> None:
    url = settings.redis_url or ""
    _await(partial(_redis_answers, url))
    made.fleet.start("web", _bridge("web", "--port", str(made.port)), environ)
    for name in ("worker 1", "worker 2"):
        made.fleet.start(name, _bridge("worker"), environ)
    made.fleet.start("clock", _bridge("clock"), environ)
    _await(partial(answers, f"{settings.public_url}/healthz"))


def _bridge(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "bridge.cli", *arguments)


def _redis(folder: Path) -> tuple[str, ...]:
    """Keeps nothing: who kills it wipes it."""
    program = BY_NAME["redis"].program()
    assert program is not None  # tests without it never get here
    place = ("--port", "0", "--unixsocket", str(folder / "redis.sock"), "--dir", str(folder))
    return (str(program), *place, "--save", "", "--appendonly", "no")


def _redis_answers(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def _await(is_there: Callable[[], bool]) -> None:
    end = time.monotonic() + START_SECONDS
    while not is_there():
        assert time.monotonic() < end, "a process does not answer: see its log"
        time.sleep(0.05)


def _environment(database_url: str, folder: Path, ports: Mapping[str, int]) -> dict[str, str]:
    return {
        **without_settings(),
        **SECRETS,
        "BRIDGE_CONFIG": str(folder / "config"),
        "BRIDGE_STATE": str(folder / "state"),
        "BRIDGE_DATABASE_URL": database_url,
        "BRIDGE_REDIS_URL": f"unix://{folder / 'redis.sock'}",
        "BRIDGE_PUBLIC_URL": f"http://127.0.0.1:{ports['web']}",
        "BRIDGE_SECRET_KEY": "k" * 32,
        "BRIDGE_LEASE_SECONDS": str(LEASE_SECONDS),
        "BRIDGE_BASE_URL_HUBSPOT_MAIN": f"http://127.0.0.1:{ports['hubspot-main']}",
        "BRIDGE_BASE_URL_WAZZUP_MAIN": f"http://127.0.0.1:{ports['wazzup-main']}",
    }


def _crm_of(clients: Sequence[Client]) -> Mapping[str, Any]:
    known = [client for client in clients if client.is_known]
    return {
        "owners": [
            {"id": str(101 + n), "email": email, "firstName": "Acme", "lastName": str(n)}
            for n, email in enumerate(OWNERS)
        ],
        "contacts": [_contact(client) for client in known],
        "deals": [_deal(client) for client in known],
    }


def _contact(client: Client) -> Mapping[str, Any]:
    properties = {"firstname": client.name, "phone": f"+{client.phone}", "hubspot_owner_id": "101"}
    return {"id": str(1001 + client.number), "properties": properties}


def _deal(client: Client) -> Mapping[str, Any]:
    properties = {
        "dealname": client.name,
        "pipeline": "default",
        "dealstage": "appointmentscheduled",
        "hubspot_owner_id": "102",
    }
    contact = str(1001 + client.number)
    return {"id": f"2{contact}", "properties": properties, "contacts": [contact]}
