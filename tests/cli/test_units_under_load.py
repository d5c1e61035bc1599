"""One client's units, used by four accounts and by callers of our own at once, the workers killed
in the middle: each use counts once, and the balance never falls below zero (RSL-04, RSL-10)."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError

from bridge.domain.names import HOUSE, AccountName, ClientId, ResellerName
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reseller_clients import ClientDetails
from bridge.domain.reselling_events import ClientAdded, ClientUsedUnits
from bridge.pipeline.house import Outcome, decide_here
from bridge.pipeline.reselling.asking import asked_key, new_client
from bridge.store.engine import is_trouble
from bridge.store.schema import DECISIONS, NOTIFICATIONS, RESELLER_CLIENTS, UNIT_MOVEMENTS
from bridge.store.unit_movements import imbalances
from tests.cli.commands import Installation, both_stores
from tests.cli.running import eventually, kill_tree
from tests.connectors.webhook.building import SECRET
from tests.forked import process_of
from tests.pipeline.reselling import use

PATIENCE = 300.0
ROOT = Path(__file__).parents[2]
WORKERS = 4
ACCOUNTS = 4
USES = 300
OWN = 40  # of them told by our own API
BALANCE = 250
SYSTEM = "{connector: webhook, secrets: {signing_secret: SYSTEM_SECRET}}"
SYSTEMS = [f"system-{n}" for n in range(ACCOUNTS)]
CONFIG = f"""
accounts: {{{", ".join(f"{name}: {SYSTEM}" for name in SYSTEMS)}}}
employees:
  luis@acme.example: {{role: manager}}
plans:
  accounts: [{", ".join(SYSTEMS)}]
  resellers:
    norte:
      users: [rita@norte.example]
      plans: {{basic: {{name: Basic, units: {BALANCE}, validity: 1y}}}}
"""
RITA = Person(kind=PersonKind.RESELLER_USER, id="rita@norte.example", tenant="reseller:norte")
SERVICE = Person(kind=PersonKind.SERVICE, id="stamper")


@pytest.fixture
def house(tmp_path: Path, store_url: str, silent: None) -> Installation:
    config = tmp_path / "config"
    config.mkdir()
    (config / "all.yaml").write_text(CONFIG)
    environ = {
        "BRIDGE_CONFIG": str(config),
        "BRIDGE_STATE": str(tmp_path / "state"),
        "BRIDGE_DATABASE_URL": store_url,
        "BRIDGE_PUBLIC_URL": "https://bridge.example",
        "BRIDGE_LEASE_SECONDS": "8",
        "SYSTEM_SECRET": SECRET,
    }
    made = Installation(config=config, environ=environ)
    made.run("migrate")
    return made


def added(house: Installation) -> ClientId:
    norte = ResellerName("norte")
    key = asked_key("add", RITA, "first")
    event = ClientAdded(
        event_key=key,
        occurred_at=datetime.now(UTC),
        account=HOUSE,
        by=RITA,
        client=new_client(norte, key),
        reseller=norte,
        details=ClientDetails(legal_name="Muebles Pérez"),
        plan="basic",
        reference="A-17",
    )
    with house.parts() as parts:
        (outcome,) = decide_here(parts, [event])
    assert outcome.refused is None
    return event.client


def stored(house: Installation, client: ClientId, uses: range) -> None:
    """Each use came twice, in requests of ten: by our id, and by the reseller's."""
    for account, system in enumerate(SYSTEMS):
        mine = uses[account::ACCOUNTS]
        for name in (client, ClientId("A-17")):
            items = [use(name, f"cfdi-{n}") for n in mine]
            for start in range(0, len(items), 10):
                house.store({"events": items[start : start + 10]}, AccountName(system))


def told_by_us(house: Installation, client: ClientId, number: int) -> tuple[Outcome, ...]:
    event = ClientUsedUnits(
        event_key=asked_key("use", SERVICE, f"own-{number}"),
        occurred_at=datetime.now(UTC),
        account=HOUSE,
        by=SERVICE,
        client=client,
        units=1,
    )
    decided: list[tuple[Outcome, ...]] = []

    def comes_through() -> bool:
        """Where the store is not to be had in time a client of the API is told 503, and comes again
        under the same key."""
        try:
            with house.parts() as parts:
                decided.append(decide_here(parts, [event]))
        except OperationalError as error:
            if not is_trouble(error):
                raise
        return bool(decided)

    assert eventually(comes_through, PATIENCE)
    return decided[0]


@contextmanager
def workers(environ: Mapping[str, str]) -> Iterator[None]:
    """Killed at the end wherever they are."""
    command = (sys.executable, "-m", "tests.cli.crew", str(WORKERS))
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BRIDGE_")}
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    crew = process_of(command, {**inherited, **environ}, cwd=ROOT, **quiet)
    try:
        yield
    finally:
        kill_tree(crew.pid)
        crew.wait()


def verdicts(engine: Engine) -> Counter[str]:
    query = select(DECISIONS.c.verdict).where(DECISIONS.c.kind == "UnitsUsed")
    with engine.connect() as db:
        return Counter(db.scalars(query))


def used_up(engine: Engine) -> int:
    query = select(func.count()).where(UNIT_MOVEMENTS.c.movement == "used")
    with engine.connect() as db:
        return db.scalar(query) or 0


@both_stores
def test_no_use_is_lost_or_counts_twice(house: Installation) -> None:
    """250 of 300 are done, 50 refused, whoever tells of them and whoever is killed meanwhile."""
    client = added(house)
    half = (USES - OWN) // 2
    stored(house, client, range(half))
    engine = house.engine()
    try:
        with workers(house.environ):
            assert eventually(lambda: used_up(engine) >= half // 5, PATIENCE)
        stored(house, client, range(half, USES - OWN))
        with workers(house.environ), ThreadPoolExecutor(4) as callers:
            own = list(callers.map(lambda n: told_by_us(house, client, n % OWN), range(2 * OWN)))
            assert eventually(lambda: sum(verdicts(engine).values()) == USES - OWN, PATIENCE)
        ours = Counter("again" if x.decision is None else str(x.refused) for (x,) in own)
        told = verdicts(engine)
        assert told["applied"] + ours["None"] == BALANCE
        assert told["rejected"] == USES - OWN - told["applied"]
        with engine.connect() as db:
            assert imbalances(db, 1) == ()
            assert db.scalar(select(RESELLER_CLIENTS.c.balance)) == 0
            left = list(db.scalars(select(UNIT_MOVEMENTS.c.balance).order_by(UNIT_MOVEMENTS.c.id)))
            notices = list(db.scalars(select(NOTIFICATIONS.c.code).order_by(NOTIFICATIONS.c.id)))
        assert left == list(range(BALANCE, -1, -1))
        assert notices == ["client_plan.units_low", "client_plan.exhausted"]
    finally:
        engine.dispose()
