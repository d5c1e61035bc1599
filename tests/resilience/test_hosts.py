"""Workers on several hosts: one is cut off with a lease and a vendor's call in hand."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from bridge.store.schema import DECISIONS, LANES
from connectors import CONNECTORS
from tests.chaos.processes import without_settings
from tests.pipeline.world import CHAT, CRM, OWNERS, SECRETS, client
from tests.resilience.hosts import Host, bridge, hosts, postgres_on, redis_on, running, serving
from tests.resilience.scene import await_that
from tests.resilience.test_clocks import write
from tests.resilience.upgrading import CONFIG, open_rows, opened

NETWORK = "10.207.31"
PASSWORD = "password-of-the-test"
OUT = f"out:{CRM}"
LEASE_SECONDS = 3
CALL_SECONDS = 10  # time enough to pull a cable while it lasts
# What stands in the cut off host's log before it is connected again.
WAITS = {"soon": "", "late": "drain failed"}
CHATS = 3

_SHORT, _LONG = 'call_timeout_seconds: "2"', f'call_timeout_seconds: "{CALL_SECONDS}"'

pytestmark = [pytest.mark.netns, pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture
def place() -> Iterator[Path]:
    """Where another user may reach his own folder."""
    path = Path(tempfile.mkdtemp(prefix="bridge-hosts-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


class Vendor:
    """The CRM on the host that holds the store; steered from here, without a network."""

    def __init__(self) -> None:
        made = next(c for c in CONNECTORS if c.name == "hubspot")
        self.app = made.sandbox({k: v[0] for k, v in SECRETS[CRM].items()})
        assert isinstance(self.app, Flask)
        self._client = self.app.test_client()

    def tell(self, verb: str, body: Any) -> None:
        assert self._client.post(f"/_sandbox/{verb}", json=body).status_code == 200

    def struck(self) -> int:
        return sum(self._client.get("/_sandbox/faults").get_json()["counts"].values())

    def entries(self) -> list[str]:
        found = self._client.get("/_sandbox/state").get_json()["communications"]
        found.sort(key=lambda entry: int(entry["seq"]))
        return [str(entry["properties"]["hs_communication_body"]) for entry in found]


def environ_of(folder: Path, store: str, redis: str, crm_url: str) -> dict[str, str]:
    (folder / "config").mkdir()
    (folder / "config" / "all.yaml").write_text(CONFIG.replace(_SHORT, _LONG))
    return {
        **without_settings(),
        "BRIDGE_CONFIG": str(folder / "config"),
        "BRIDGE_STATE": str(folder / "state"),
        "BRIDGE_DATABASE_URL": store,
        "BRIDGE_REDIS_URL": redis,
        "BRIDGE_LEASE_SECONDS": str(LEASE_SECONDS),
        "BRIDGE_SECRET_KEY": "k" * 32,
        "BRIDGE_BASE_URL_HUBSPOT_MAIN": crm_url,
        "BRIDGE_BASE_URL_WAZZUP_MAIN": crm_url,
        "HUBSPOT_TOKEN": SECRETS[CRM]["access_token"][0],
        "HUBSPOT_CLIENT_SECRET": SECRETS[CRM]["client_secret"][0],
        "WAZZUP_API_KEY": SECRETS[CHAT]["api_key"][0],
        "WAZZUP_WEBHOOK_KEY": SECRETS[CHAT]["webhook_key"][0],
    }


def fence(engine: Engine) -> int:
    """How often the lane of the CRM was taken."""
    with engine.connect() as db:
        return int(db.scalar(select(LANES.c.fence).where(LANES.c.name == OUT)) or 0)


def said(log: Path) -> str:
    return log.read_text()


def say(engine: Engine, word: str) -> None:
    write(engine, [(client(chat)[0], f"{word} in chat {chat}") for chat in range(CHATS)])


@pytest.mark.parametrize("back", WAITS)
def test_who_is_cut_off_loses_its_lease_and_changes_nothing_when_it_is_back(
    place: Path, back: str
) -> None:
    """R6: the other host takes over after the lease, nothing is doubled, the first one then works
    again. Back soon, what it still has to write finds the lease gone; back late, its connection has
    broken before."""
    vendor = Vendor()
    vendor.tell("seed", {"owners": OWNERS, "contacts": [client(n)[1] for n in range(CHATS)]})
    with (
        hosts(NETWORK, 3) as (middle, first, second),
        postgres_on(middle, place, NETWORK) as store,
        redis_on(middle, place, PASSWORD) as redis,
        serving(middle, vendor.app) as crm_url,
        opened(store.here) as engine,
    ):
        environ = environ_of(place, store.url, redis, crm_url)
        await_that(lambda: _prepared(middle, place, environ), "the store does not answer", 0.5)
        log = place / "first.log"
        with (
            running(middle.command(*bridge("clock")), place / "clock.log", environ),
            running(first.command(*bridge("worker")), log, environ) as one,
        ):
            say(engine, "before")
            await_that(lambda: len(vendor.entries()) == CHATS, "the first host delivers nothing")
            await_that(lambda: not open_rows(engine), "the first host notes nothing")

            _hang_on_the_next_write(vendor)
            say(engine, "meanwhile")
            await_that(lambda: vendor.struck() == 1, "no call is in hand")
            held = fence(engine)
            first.cut_off()
            with running(second.command(*bridge("worker")), place / "second.log", environ):
                say(engine, "behind")
                await_that(lambda: fence(engine) > held, "nobody takes over")
                await_that(lambda: WAITS[back] in said(log), "the first host noticed nothing")
                first.connect()
                await_that(lambda: not open_rows(engine), "the second host does not finish")
            assert one.poll() is None
            say(engine, "again")
            await_that(lambda: len(vendor.entries()) == 4 * CHATS, "the first host is of no use")
            await_that(lambda: not open_rows(engine), "the first host notes nothing")
        assert '"unknown"' not in said(log), "what became of its call was not its to say"
        _each_once_and_in_order(vendor)
        with engine.connect() as db:
            assert len(db.execute(select(DECISIONS.c.id)).all()) == 4 * CHATS


def _prepared(host: Host, folder: Path, environ: dict[str, str]) -> bool:
    def ended(*words: str) -> int:
        with (folder / "prepare.log").open("ab") as said:
            command = host.command(*bridge(*words))
            return subprocess.run(
                command, env=environ, stdout=said, stderr=said, check=False
            ).returncode

    return ended("migrate") == 0


def _hang_on_the_next_write(vendor: Vendor) -> None:
    """Carried out, but answered after the caller has given up, and after its cable was pulled."""
    rule = {"match": "communications/batch/create", "fault": "timeout_after"}
    vendor.tell("faults", {"rules": [{**rule, "seconds": CALL_SECONDS + 2.0, "times": 1}]})


def _each_once_and_in_order(vendor: Vendor) -> None:
    entries = vendor.entries()
    for chat in range(CHATS):
        words = ("before", "meanwhile", "behind", "again")
        texts = [f"{word} in chat {chat}" for word in words]
        assert [text for entry in entries for text in texts if text in entry] == texts
