"""Databases of earlier releases, and the installation that finds them when it starts."""

import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, MetaData, Table, create_engine, delete, insert, select, text

from bridge.store import migrations
from bridge.store.engine import open_engine, writing
from bridge.store.schema import INBOX, OUTBOX
from connectors import CONNECTORS
from connectors.hubspot.timeline import mark
from tests.chaos.processes import without_settings
from tests.forked import run
from tests.pipeline.world import CHANNELS, CHAT, CRM, OWNERS, SECRETS, client
from tests.resilience.stored import KNOWN, STORED
from tests.serving import served

Put = Callable[[str], str]
DATA = Path(__file__).parent / "data"
CONFIG = """
crm: hubspot-main
accounts:
  hubspot-main:
    connector: hubspot
    secrets: {access_token: HUBSPOT_TOKEN, client_secret: HUBSPOT_CLIENT_SECRET}
    options: {call_timeout_seconds: "2", look_up_after_seconds: "4"}
  wazzup-main:
    connector: wazzup
    secrets: {api_key: WAZZUP_API_KEY, webhook_key: WAZZUP_WEBHOOK_KEY}
channels:
  wa-sales: {account: wazzup-main, messenger: whatsapp, id: chan-sales, label: Sales}
employees:
  ana@acme.example: {role: salesperson, gets_new_clients: true}
  luis@acme.example: {role: manager}
new_clients: {create: deal, pipeline: default, stage: appointmentscheduled}
ownership: {fallback: luis@acme.example}
default: {employee: luis@acme.example}
"""


COMMAND_SECONDS = 300.0  # however busy the machine is
_OPEN = ("pending", "leased", "held", "unknown")


def open_rows(engine: Engine) -> list[int]:
    """Rows of either box that are not over."""
    with engine.connect() as db:
        return [
            row
            for table in (INBOX, OUTBOX)
            for row in db.scalars(select(table.c.id).where(table.c.state.in_(_OPEN)))
        ]


def released() -> tuple[str, ...]:
    """The revisions of which a database is stored."""
    return tuple(sorted(path.stem for path in DATA.glob("*.sql")))


def put_sqlite(revision: str, url: str) -> None:
    """Makes the stored database at `url`, which is of a file that does not exist yet."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
        database.executescript((DATA / f"{revision}.sql").read_text())


def put_postgres(revision: str, url: str, folder: Path) -> None:
    """The same rows, in the schema that the migrations give for that revision."""
    upgrade_to(revision, url)
    path = folder / f"{revision}.sqlite"
    put_sqlite(revision, f"sqlite:///{path}")
    source, target = create_engine(f"sqlite:///{path}"), open_engine(url)
    tables = MetaData()
    tables.reflect(target)
    with source.connect() as rows, writing(target) as db:
        for table in reversed(tables.sorted_tables):
            if table.name != "alembic_version":
                db.execute(delete(table))  # what migrations put in stands in the file as well
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                _copy(table, [dict(r) for r in rows.execute(select(table)).mappings()], db)
    for engine in (source, target):
        engine.dispose()


def _copy(table: Table, rows: list[dict[str, Any]], db: Any) -> None:
    if rows:
        db.execute(insert(table), rows)
    for column in table.columns:
        if column.autoincrement is True:
            last = f"coalesce((SELECT max({column.name}) FROM {table.name}), 0) + 1"
            serial = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
            db.execute(text(f"SELECT setval({serial}, {last}, false)"))


def upgrade_to(revision: str, url: str) -> None:
    _move(command.upgrade, revision, url)


def downgrade_to(revision: str, url: str) -> None:
    _move(command.downgrade, revision, url)


def _move(how: Callable[[Config, str], None], revision: str, url: str) -> None:
    engine = open_engine(url)
    with writing(engine) as db:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.attributes["connection"] = db
        how(config, revision)
    engine.dispose()


@dataclass(frozen=True, slots=True)
class Installation:
    """`environ` is that of every process; `crm_url` is the CRM's stand-in."""

    environ: Mapping[str, str] = field(repr=False)
    crm_url: str
    engine: Engine

    def bridge(self, *arguments: str) -> tuple[str, ...]:
        return (sys.executable, "-m", "bridge.cli", *arguments)

    def run(self, *arguments: str) -> None:
        """A command of ours that has to succeed."""
        self.said(*arguments)

    def said(self, *arguments: str) -> str:
        """What a command of ours prints."""
        ended = run(self.bridge(*arguments), self.environ, COMMAND_SECONDS)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def is_at_rest(self) -> bool:
        return not open_rows(self.engine)

    def fault(self, **rule: Any) -> None:
        """What the CRM's stand-in does wrong from now on."""
        _post(f"{self.crm_url}/_sandbox/faults", {"rules": [rule]})

    def struck(self) -> dict[str, int]:
        """How often each fault has struck."""
        answer = requests.get(f"{self.crm_url}/_sandbox/faults", timeout=60).json()
        return dict(answer["counts"])

    def entries(self) -> list[str]:
        """The texts in the CRM in the order in which they were written."""
        state = requests.get(f"{self.crm_url}/_sandbox/state", timeout=60).json()
        found = sorted(state["communications"], key=lambda entry: int(entry["seq"]))
        return [str(entry["properties"]["hs_communication_body"]) for entry in found]


@contextmanager
def installation(database_url: str, folder: Path, port: int) -> Iterator[Installation]:
    """The vendors know what they knew when the database was stored; nothing is started."""
    crm, chat = (next(c for c in CONNECTORS if c.name == n) for n in ("hubspot", "wazzup"))
    (folder / "config").mkdir()
    (folder / "config" / "all.yaml").write_text(CONFIG)
    with (
        opened(database_url) as engine,
        served(crm.sandbox({k: v[0] for k, v in SECRETS[CRM].items()})) as crm_url,
        served(chat.sandbox({k: v[0] for k, v in SECRETS[CHAT].items()})) as chat_url,
    ):
        _seed(crm_url, engine)
        _post(f"{chat_url}/_sandbox/seed", {"channels": CHANNELS})
        environ = {
            **without_settings(),
            "BRIDGE_CONFIG": str(folder / "config"),
            "BRIDGE_STATE": str(folder / "state"),
            "BRIDGE_DATABASE_URL": database_url,
            "BRIDGE_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "BRIDGE_SECRET_KEY": "k" * 32,
            "BRIDGE_BASE_URL_HUBSPOT_MAIN": crm_url,
            "BRIDGE_BASE_URL_WAZZUP_MAIN": chat_url,
            "HUBSPOT_TOKEN": SECRETS[CRM]["access_token"][0],
            "HUBSPOT_CLIENT_SECRET": SECRETS[CRM]["client_secret"][0],
            "WAZZUP_API_KEY": SECRETS[CHAT]["api_key"][0],
            "WAZZUP_WEBHOOK_KEY": SECRETS[CHAT]["webhook_key"][0],
        }
        yield Installation(environ, crm_url, engine)


@contextmanager
def opened(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def _seed(crm_url: str, engine: Engine) -> None:
    """People, clients, and the one entry that was written though its answer got lost."""
    contacts = [client(number)[1] for number in range(KNOWN)]
    records = {"owners": OWNERS, "contacts": contacts}
    _post(f"{crm_url}/_sandbox/seed", records)
    with engine.connect() as db:
        stored = db.scalar(
            text("SELECT message FROM outbox WHERE state = 'unknown' ORDER BY id DESC LIMIT 1")
        )
    if stored is None:
        return
    body = {
        "properties": {
            "hs_communication_channel_type": "WHATS_APP",
            "hs_communication_logged_from": "CRM",
            "hs_communication_body": f"stored but not answered {mark(stored)}",
            "hs_timestamp": "1700000000000",
        },
        "associations": [
            {
                "to": {"id": str(100_000 + STORED)},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 81}],
            }
        ],
    }
    _post(f"{crm_url}/crm/objects/2026-09/communications/batch/create", {"inputs": [body]})


def _post(url: str, body: Any) -> None:
    headers = {"Authorization": f"Bearer {SECRETS[CRM]['access_token'][0]}"}
    requests.post(url, json=body, headers=headers, timeout=60).raise_for_status()


def states(engine: Engine) -> Counter[str]:
    found: Counter[str] = Counter()
    with engine.connect() as db:
        for box, table in (("inbox", INBOX), ("outbox", OUTBOX)):
            found.update(f"{box} {state}" for (state,) in db.execute(select(table.c.state)))
    return found


def revision_of(engine: Engine) -> str | None:
    with engine.connect() as db:
        return MigrationContext.configure(db).get_current_revision()
