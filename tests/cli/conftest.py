"""Installations for the commands: with or without a store, with or without vendors."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from connectors import installed as connectors
from tests.cli.commands import CHANNELS, SECRETS, Installation, installed
from tests.serving import served

PEOPLE = ("ana", "bruno", "luis", "qa")


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands in process set up no log of their own, which would outlive them."""
    monkeypatch.setattr("bridge.logs.set_up", lambda *_, **__: None)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield
    structlog.reset_defaults()


@pytest.fixture
def folder(tmp_path: Path, silent: None) -> Installation:
    """A configuration folder; there is no store."""
    return installed(tmp_path, f"sqlite:///{tmp_path}/state/bridge.sqlite")


@pytest.fixture
def house(tmp_path: Path, sqlite_url: str, silent: None) -> Installation:
    """With a store in which the configuration is active; vendors don't answer."""
    made = installed(tmp_path, sqlite_url)
    made.run("migrate")
    return made


@pytest.fixture
def store_url(request: pytest.FixtureRequest) -> str:
    """SQLite, or what `both_stores` asks for."""
    return str(request.getfixturevalue(getattr(request, "param", "sqlite_url")))


@pytest.fixture
def town(tmp_path: Path, store_url: str, silent: None) -> Iterator[Installation]:
    """With both vendors' stand-ins; people, pipelines and channels are read."""
    known = connectors()
    crm = {"access_token": "HUBSPOT_TOKEN", "client_secret": "HUBSPOT_CLIENT_SECRET"}
    chat = {"api_key": "WAZZUP_API_KEY", "webhook_key": "WAZZUP_WEBHOOK_KEY"}
    with (
        served(known["hubspot"].sandbox({k: SECRETS[v] for k, v in crm.items()})) as crm_url,
        served(known["wazzup"].sandbox({k: SECRETS[v] for k, v in chat.items()})) as chat_url,
    ):
        made = installed(
            tmp_path,
            store_url,
            BRIDGE_BASE_URL_HUBSPOT_MAIN=crm_url,
            BRIDGE_BASE_URL_WAZZUP_MAIN=chat_url,
        )
        made.crm_url, made.chat_url = crm_url, chat_url
        made.tell(crm_url, "seed", {"owners": [_owner(n, who) for n, who in enumerate(PEOPLE)]})
        made.tell(chat_url, "seed", {"channels": [_channel(name) for name in CHANNELS]})
        made.run("migrate")
        made.run("sync")
        yield made


def _owner(number: int, who: str) -> dict[str, object]:
    return {"id": f"10{number}", "email": f"{who}@acme.example", "firstName": who.title()}


def _channel(name: str) -> dict[str, str]:
    transport = "tgapi" if name.startswith("tg") else "whatsapp"
    return {"channelId": CHANNELS[name], "transport": transport, "name": name}
