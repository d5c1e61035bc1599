"""One installation for a test: its own configuration folder and store, commands run in process."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select

from bridge.cli import main
from bridge.domain.names import AccountName
from bridge.pipeline.drain import drain, due_lanes
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.parts import Parts
from bridge.settings import Settings
from bridge.store import inbox
from bridge.store.engine import open_engine, writing
from bridge.store.schema import METADATA
from bridge.wiring import built

EXAMPLE = Path(__file__).parents[2] / "config"
PUBLIC_URL = "https://bridge.acme.example"
CRM, CHAT = AccountName("hubspot-main"), AccountName("wazzup-main")
SECRETS = {
    "HUBSPOT_TOKEN": "token-of-hubspot",
    "HUBSPOT_CLIENT_SECRET": "secret-of-hubspot",
    "WAZZUP_API_KEY": "key-of-wazzup",
    "WAZZUP_WEBHOOK_KEY": "hook-of-wazzup",
}
CHANNELS = {
    "wa-sales": "8c1d7a52-0f3e-4f0b-9a51-2f0c2a7f6b11",
    "wa-north": "3b9e2c74-6d18-4a5f-8e07-91d4c5b6a722",
    "tg-sales": "f47a60c1-25b8-4c9d-b3e6-0a8d7f1e5c33",
}
PHONE = "34600111222"

both_stores = pytest.mark.parametrize(
    "store_url",
    ["sqlite_url", pytest.param("postgres_url", marks=pytest.mark.postgres)],
    indirect=True,
)


@dataclass
class Installation:
    """`environ` is what the commands find in their environment."""

    config: Path
    environ: dict[str, str]
    crm_url: str = ""
    chat_url: str = ""
    _numbers: list[int] = field(default_factory=list)

    def run(self, *words: str, code: int = 0) -> Result:
        """Runs the command and holds it to its exit code."""
        result = CliRunner().invoke(main, words, env=self.environ)
        assert result.exit_code == code, (result.output, result.exception)
        return result

    def json(self, *words: str, code: int = 0) -> Any:
        return json.loads(self.run(*words, "--json", code=code).stdout)

    @contextmanager
    def parts(self) -> Iterator[Parts]:
        with built(Settings.of(self.environ), self.environ) as parts:
            yield parts

    def engine(self) -> Engine:
        return open_engine(self.environ["BRIDGE_DATABASE_URL"])

    def rewrite(self, file: str, old: str, new: str) -> None:
        path = self.config / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def message(self, text: str = "hello", phone: str = PHONE, **more: Any) -> dict[str, Any]:
        """A webhook body of the messenger: this client writes."""
        self._numbers.append(len(self._numbers))
        message = {
            "messageId": f"m-{len(self._numbers)}",
            "channelId": CHANNELS["wa-sales"],
            "chatType": "whatsapp",
            "chatId": phone,
            "dateTime": datetime.now(UTC).isoformat(),
            "type": "text",
            "isEcho": False,
            "contact": {"name": "Clara Client"},
            "text": text,
            "status": "inbound",
        }
        return {"messages": [message | more]}

    def receive(self, body: Any, account: AccountName = CHAT) -> None:
        """A webhook that the front door has accepted, and all that follows from it."""
        self.store(body, account)
        self.settle()

    def store(self, body: Any, account: AccountName = CHAT) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        row = inbox.NewRow(
            lane=lane(Way.IN, account),
            account=account,
            received_at=datetime.now(UTC),
            method="POST",
            url=f"{PUBLIC_URL}/hooks/{account}",
            headers=b"{}",
            body=raw,
        )
        with self.parts() as parts, writing(parts.engine) as db:
            inbox.append(db, [row])

    def settle(self, seconds: float = 120.0) -> None:
        end = time.monotonic() + seconds
        with self.parts() as parts:
            while names := due_lanes(parts):
                assert time.monotonic() < end, f"lanes never came to rest: {names}"
                for name in names:
                    drain(parts, name, over=lambda: time.monotonic() >= end)

    def everything(self) -> dict[str, list[Any]]:
        """All rows of all tables."""
        engine = self.engine()
        try:
            with engine.connect() as db:
                return {
                    table.name: [tuple(row) for row in db.execute(select(table))]
                    for table in METADATA.sorted_tables
                }
        finally:
            engine.dispose()

    def decisions(self) -> list[Any]:
        return self.everything()["decisions"]

    def crm_state(self) -> dict[str, Any]:
        """What stands in the CRM's stand-in, its count of calls left out."""
        found: dict[str, Any] = requests.get(f"{self.crm_url}/_sandbox/state", timeout=60).json()
        return {key: value for key, value in found.items() if key != "calls"}

    def crm_records(self) -> list[Any]:
        return list(self.crm_state()["contacts"])

    def tell(self, base: str, verb: str, body: Any) -> None:
        """Steers a sandbox."""
        answer = requests.post(f"{base}/_sandbox/{verb}", json=body, timeout=60)
        assert answer.ok, answer.text

    def fail(self, base: str, match: str, fault: str, **more: Any) -> None:
        self.tell(base, "faults", {"rules": [{"match": match, "fault": fault, **more}]})

    def mend(self, base: str) -> None:
        requests.delete(f"{base}/_sandbox/faults", timeout=60).raise_for_status()


def installed(folder: Path, database_url: str, **environ: str) -> Installation:
    """The example configuration; nothing is migrated, no vendor is there."""
    config = folder / "config"
    config.mkdir()
    for path in EXAMPLE.glob("*.yaml"):
        shutil.copy(path, config)
    variables = {
        "BRIDGE_CONFIG": str(config),
        "BRIDGE_STATE": str(folder / "state"),
        "BRIDGE_DATABASE_URL": database_url,
        "BRIDGE_PUBLIC_URL": PUBLIC_URL,
        "BRIDGE_BASE_URL_HUBSPOT_MAIN": "http://127.0.0.1:9",  # nothing listens there
        "BRIDGE_BASE_URL_WAZZUP_MAIN": "http://127.0.0.1:9",
    }
    return Installation(config=config, environ=variables | SECRETS | environ)
