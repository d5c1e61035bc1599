"""A whole town for the real lane: Synapse, the CRM's sandbox, and the bridge's own processes."""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask

from bridge.cli.calls import answers, call
from bridge.pipeline.mirror import sync
from bridge.settings import Settings
from bridge.store.engine import writing
from bridge.store.keys import Scope, create_key
from bridge.wiring import built, prepare
from connectors.email.sandbox import sandbox
from tests.chaos.processes import Fleet, Program, fleet, without_settings
from tests.connectors.matrix.relay import Relay, relaying
from tests.connectors.matrix.synapse import SERVER_NAME, Synapse, synapse_running
from tests.house import ROOT
from tests.ports import free_port

T = TypeVar("T")
PATIENCE_SECONDS = 300.0
LEASE_SECONDS = 3.0
CALL_SECONDS = 15.0
BRIDGE_USER = f"@sales:{SERVER_NAME}"
WRITER = "luis@acme.example"
CRM, CHAT = "hubspot-main", "matrix-main"
SECRETS = {
    "HUBSPOT_TOKEN": "token-of-the-town",
    "HUBSPOT_CLIENT_SECRET": "secret-of-the-town",
    "MATRIX_AS_TOKEN": "as-token-of-the-town",
    "MATRIX_HS_TOKEN": "hs-token-of-the-town",
    "SMTP_PASSWORD": "password-of-the-town",
}
_CONFIG = f"""
crm: {CRM}
accounts:
  {CRM}:
    connector: hubspot
    secrets: {{access_token: HUBSPOT_TOKEN, client_secret: HUBSPOT_CLIENT_SECRET}}
  {CHAT}:
    connector: matrix
    secrets: {{as_token: MATRIX_AS_TOKEN, hs_token: MATRIX_HS_TOKEN}}
    options: {{user: "{BRIDGE_USER}", look_up_after_seconds: "1"}}
    max_body_bytes: 16777216
  mail-main:
    connector: email
    secrets: {{password: SMTP_PASSWORD}}
    options: {{host: mail.acme.example, from: bridge@acme.example}}
notifications: {{email: mail-main}}
channels:
  matrix-sales: {{account: {CHAT}, messenger: matrix, id: "{BRIDGE_USER}", label: Matrix}}
employees:
  ana@acme.example: {{role: salesperson, gets_new_clients: true}}
  {WRITER}: {{role: manager}}
new_clients: {{create: deal, pipeline: default, stage: appointmentscheduled}}
ownership: {{fallback: {WRITER}}}
default: {{employee: {WRITER}}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """`pushes` lies on the way from Synapse to the bridge, `calls` on the way back."""

    synapse: Synapse
    fleet: Fleet
    settings: Settings
    environ: Mapping[str, str] = field(repr=False)
    pushes: Relay
    calls: Relay
    key: str = field(repr=False)
    post: Flask

    def mails(self) -> list[Mapping[str, str]]:
        """What has come to the mailboxes, the latest first."""
        return list(self.post.test_client().get("/_sandbox/state").get_json()["mails"])

    def api(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.settings.public_url}/api/v1/{path}"
        return json.loads(call(method, url, body, bearer=self.key))

    def crm(self) -> Any:
        return json.loads(call("GET", f"{self.settings.base_urls['HUBSPOT_MAIN']}/_sandbox/state"))

    def chat_with(self, name: str) -> str:
        """The conversation with the client of this name, once he has one with a message."""
        found = [c for c in self._chats() if c["title"] == name and c["last_message_at"]]
        return str(found[0]["id"]) if found else ""

    def messages(self, chat: str) -> list[Mapping[str, Any]]:
        """The oldest first."""
        return list(reversed(self.api("GET", f"conversations/{chat}/messages")["items"]))

    def texts(self, chat: str) -> list[str]:
        return [message["text"] for message in self.messages(chat)]

    def answer(self, chat: str, **content: str) -> str:
        """Gives the message's id."""
        sent = self.api("POST", f"conversations/{chat}/messages", {"employee": WRITER, **content})
        return str(sent["message"])

    def message(self, chat: str, message: str) -> Mapping[str, Any]:
        return next(found for found in self.messages(chat) if found["id"] == message)

    def _chats(self) -> list[Mapping[str, Any]]:
        return list(self.api("GET", "conversations?limit=100")["items"])


def eventually(found: Callable[[], T]) -> T:
    """What it gives as soon as that is not empty or false; fails after a generous while."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (now := found()):
        assert time.monotonic() < end, "nothing came of it"
        time.sleep(0.1)
    return now


@contextmanager
def town_running(folder: Path) -> Iterator[Town]:
    """All of it up, the owners known; nobody has written yet."""
    web, crm, hs = free_port(), free_port(), free_port()
    with relaying(web) as pushes, relaying(hs) as calls, fleet(folder, forked=True) as processes:
        post = sandbox({"password": SECRETS["SMTP_PASSWORD"]})
        mail = str(post.test_client().get("/_sandbox/address").get_json()["address"])
        environ = {
            **_environment(folder, web, crm, calls.port),
            "BRIDGE_BASE_URL_MAIL_MAIN": mail,
        }
        (folder / "config").mkdir()
        (folder / "config" / "bridge.yaml").write_text(_CONFIG)
        settings = Settings.of(environ)
        _start(processes, environ, f"sandbox {CRM}", "sandbox", CRM, "--port", str(crm))
        prepare(settings, environ)
        with synapse_running(folder / "synapse", hs, registration(pushes.port)) as synapse:
            _fill(settings.base_urls["HUBSPOT_MAIN"])
            key = _key(settings, environ)
            _start(processes, environ, "web", "web", "--port", str(web))
            _start(processes, environ, "worker", "worker")
            _start(processes, environ, "clock", "clock")
            eventually(partial(answers, f"{settings.public_url}/healthz"))
            yield Town(
                synapse=synapse,
                fleet=processes,
                settings=settings,
                environ=environ,
                pushes=pushes,
                calls=calls,
                key=key,
                post=post,
            )


def registration(port: int) -> str:
    """The one of the README, with this town's values."""
    readme = (ROOT / "connectors" / "matrix" / "README.md").read_text()
    found = re.search(r"# registration\.yaml\n(.*?)```", readme, re.S)
    assert found is not None
    given = found[1].replace("https://bridge.example.org", f"http://127.0.0.1:{port}")
    given = given.replace("example\\\\.org", SERVER_NAME.replace(".", "\\\\."))
    for name in ("MATRIX_AS_TOKEN", "MATRIX_HS_TOKEN"):
        assert f"the value of {name}" in given
        given = given.replace(f"the value of {name}", SECRETS[name])
    return "\n".join(line.removeprefix("   ") for line in given.splitlines())


def _start(processes: Fleet, environ: Mapping[str, str], name: str, *arguments: str) -> None:
    command = (sys.executable, "-m", "bridge.cli", *arguments)
    processes.start(name, Program(command=command, environ=environ))


def _fill(crm_url: str) -> None:
    eventually(partial(answers, f"{crm_url}/_sandbox/state"))
    owners = [
        {"id": "101", "email": "ana@acme.example", "firstName": "Ana", "lastName": "Acme"},
        {"id": "102", "email": WRITER, "firstName": "Luis", "lastName": "Acme"},
    ]
    call("POST", f"{crm_url}/_sandbox/seed", {"owners": owners})


def _key(settings: Settings, environ: Mapping[str, str]) -> str:
    """Opens the API for the writer; and the CRM's people are read."""
    with built(settings, environ) as parts:
        sync(parts)
        with writing(parts.engine) as db:
            scopes = [Scope.READ, Scope.SEND]
            principal = f"employee:{WRITER}"
            _, key = create_key(
                db, name="town", principal=principal, scopes=scopes, now=datetime.now(UTC)
            )
    return key


def _environment(folder: Path, web: int, crm: int, hs: int) -> dict[str, str]:
    return {
        **without_settings(),
        **SECRETS,
        "BRIDGE_CONFIG": str(folder / "config"),
        "BRIDGE_STATE": str(folder / "state"),
        "BRIDGE_PUBLIC_URL": f"http://127.0.0.1:{web}",
        "BRIDGE_SECRET_KEY": "k" * 32,
        "BRIDGE_LEASE_SECONDS": str(LEASE_SECONDS),
        "BRIDGE_BASE_URL_HUBSPOT_MAIN": f"http://127.0.0.1:{crm}",
        "BRIDGE_BASE_URL_MATRIX_MAIN": f"http://127.0.0.1:{hs}",
    }
