"""Strangers on four accounts at once, eight workers, all of them killed in the middle: the shares
are exact (WS-10, NEW-08, PX-06)."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from bridge.codec import decode
from bridge.domain.effects import CreateContact
from bridge.domain.names import AccountName
from bridge.store.schema import DECISIONS, OUTBOX, TURN_LOG
from tests.cli.commands import SECRETS, Installation, both_stores
from tests.cli.running import eventually, kill_tree
from tests.forked import process_of

PATIENCE = 300.0
ROOT = Path(__file__).parents[2]
WORKERS = 8
STRANGERS = 300  # of each kind
ACCOUNTS = 4
ANA, BRUNO, CARLA = (f"{who}@acme.example" for who in ("ana", "bruno", "carla"))
OWNERS = {"100": ANA, "101": BRUNO, "104": CARLA}
SECRET_NAMES = "{api_key: WAZZUP_API_KEY, webhook_key: WAZZUP_WEBHOOK_KEY}"
CHANNEL = "  line-{n}: {{account: chat-{n}, messenger: telegram, id: id-{n}}}\n"
ROUTING = """
new_clients: {stage: appointmentscheduled}
rules: [{id: heavy, when: {channel: [line-0, line-1]}, to: [{pool: heavy}]}]
pools:
  heavy: [{employee: ana@acme.example, weight: 2}, bruno@acme.example, carla@acme.example]
default: {employee: luis@acme.example}
"""
PEOPLE = "employees:\n  luis@acme.example: {role: manager}\n" + "".join(
    f"  {who}: {{role: salesperson, gets_new_clients: true}}\n" for who in OWNERS.values()
)


def accounts_yaml() -> str:
    numbers = range(ACCOUNTS)
    return (
        "crm: hubspot-main\naccounts:\n  hubspot-main:\n    connector: hubspot\n"
        "    secrets: {access_token: HUBSPOT_TOKEN, client_secret: HUBSPOT_CLIENT_SECRET}\n"
        + "".join(f"  chat-{n}: {{connector: wazzup, secrets: {SECRET_NAMES}}}\n" for n in numbers)
        + "channels:\n"
        + "".join(CHANNEL.format(n=n) for n in numbers)
    )


@pytest.fixture
def house(town: Installation) -> Installation:
    """Three take new clients, and all strangers have written before the first worker comes."""
    town.tell(town.crm_url, "seed", {"owners": [{"id": "104", "email": CARLA}]})
    for n in range(ACCOUNTS):
        town.environ[f"BRIDGE_BASE_URL_CHAT_{n}"] = town.chat_url
    town.environ["BRIDGE_LEASE_SECONDS"] = "8"
    (town.config / "accounts.yaml").write_text(accounts_yaml())
    (town.config / "roles.yaml").write_text(PEOPLE)
    (town.config / "routing.yaml").write_text(ROUTING)
    town.run("migrate")
    town.run("sync")
    for account in range(ACCOUNTS):
        for start in range(0, 2 * STRANGERS // ACCOUNTS, 10):
            webhook = {"messages": [written(town, account, start + n) for n in range(10)]}
            town.store(webhook, AccountName(f"chat-{account}"))
    return town


def written(house: Installation, account: int, number: int) -> Any:
    """By a stranger of whom Telegram tells no number: the CRM is not asked for him."""
    stranger = {"chatType": "telegram", "chatId": f"{account}{number:05d}"}
    return house.message(channelId=f"id-{account}", **stranger)["messages"][0]


@contextmanager
def workers(environ: Mapping[str, str]) -> Iterator[None]:
    """Eight of them, killed at the end wherever they are."""
    command = (sys.executable, "-m", "tests.cli.crew", str(WORKERS))
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BRIDGE_")}
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    crew = process_of(command, {**inherited, **environ, **SECRETS}, cwd=ROOT, **quiet)
    try:
        yield
    finally:
        kill_tree(crew.pid)
        crew.wait()


def counted(engine: Engine, pool: str) -> Counter[str]:
    with engine.connect() as db:
        rows = db.execute(select(TURN_LOG.c.employee).where(TURN_LOG.c.pool == pool))
        return Counter(row.employee for row in rows)


def how_many(engine: Engine, what: Any) -> int:
    with engine.connect() as db:
        return int(db.scalar(select(func.count()).select_from(what)) or 0)


def given(engine: Engine) -> Counter[str]:
    """Who is to own the contacts that are made."""
    made = select(OUTBOX.c.effect).where(OUTBOX.c.kind == "CreateContact")
    with engine.connect() as db:
        effects = [decode(CreateContact, bytes(row.effect)) for row in db.execute(made)]
    return Counter(OWNERS[effect.owner or ""] for effect in effects)


def await_that(holds: Callable[[], object]) -> None:
    assert eventually(holds, PATIENCE)


@both_stores
def test_shares_are_exact_whatever_becomes_of_the_workers(house: Installation) -> None:
    engine = house.engine()
    try:
        with workers(house.environ):
            await_that(lambda: how_many(engine, TURN_LOG) >= STRANGERS // 3)
        killed_at = how_many(engine, TURN_LOG)
        with workers(house.environ):
            await_that(lambda: how_many(engine, DECISIONS) >= 2 * STRANGERS)
        assert killed_at < 2 * STRANGERS, "they were killed when all was done"
        assert counted(engine, "new_clients") == {ANA: 100, BRUNO: 100, CARLA: 100}
        assert counted(engine, "pool:heavy") == {ANA: 150, BRUNO: 75, CARLA: 75}
        assert given(engine) == {ANA: 250, BRUNO: 175, CARLA: 175}
    finally:
        engine.dispose()
