"""The whole of it on one host: a real Kannel, the bridge's own processes, and the CRM's sandbox.

R1: an SMS that comes while the bridge is down is there when it is up. R4, R7: a call that comes
twice makes one message, one contact and one entry.
"""

import json
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any, TypeVar

import pytest
from flask import Flask

from bridge.cli.calls import call
from bridge.pipeline.mirror import sync
from bridge.settings import Settings
from bridge.store.engine import writing
from bridge.store.keys import Scope, create_key
from bridge.wiring import built, prepare
from connectors.hubspot.sandbox import sandbox
from tests.chaos.processes import without_settings
from tests.cli.running import kill_tree
from tests.connectors.kannel.building import CLIENT, NUMBER, PASSWORD, PATH_SECRET
from tests.connectors.kannel.gateway import SENDSMS, Centre, gateway, until
from tests.resilience.hosts import Host, bridge, hosts, running, serving

pytestmark = [pytest.mark.kannel, pytest.mark.netns]

T = TypeVar("T")
NETWORK, PORT = "10.207.33", 8000
HERE = f"http://127.0.0.1:{PORT}"
WRITER = "luis@acme.example"
SECRETS = {
    "HUBSPOT_TOKEN": "token-of-the-gateway-test",
    "HUBSPOT_CLIENT_SECRET": "secret-of-the-gateway-test",
    "KANNEL_PASSWORD": PASSWORD,
    "KANNEL_PATH_SECRET": PATH_SECRET,
}
CONFIG = f"""
crm: hubspot-main
accounts:
  hubspot-main:
    connector: hubspot
    secrets: {{access_token: HUBSPOT_TOKEN, client_secret: HUBSPOT_CLIENT_SECRET}}
  sms-main:
    connector: kannel
    secrets: {{password: KANNEL_PASSWORD, path_secret: KANNEL_PATH_SECRET}}
    options: {{numbers: "{NUMBER}", call_timeout_seconds: "2", look_up_after_seconds: "1"}}
channels:
  sms-sales: {{account: sms-main, messenger: sms, id: "{NUMBER}", label: SMS}}
employees:
  ana@acme.example: {{role: salesperson, gets_new_clients: true}}
  {WRITER}: {{role: manager}}
new_clients: {{create: deal, pipeline: default, stage: appointmentscheduled}}
ownership: {{fallback: {WRITER}}}
default: {{employee: {WRITER}}}
"""
OWNERS = [
    {"id": "101", "email": "ana@acme.example", "firstName": "Ana", "lastName": "Acme"},
    {"id": "102", "email": WRITER, "firstName": "Luis", "lastName": "Acme"},
]


@dataclass
class Town:
    """`start` brings the bridge up, `kill` ends all of it without a warning; its processes are no
    group."""

    host: Host
    centre: Centre
    crm_app: Flask
    up: Callable[[], "subprocess.Popen[bytes]"]
    key: str
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        self.process = self.up()

    def kill(self) -> None:
        assert self.process is not None
        kill_tree(self.process.pid)
        self.process.wait()

    def api(self, method: str, path: str, body: object = None) -> Any:
        url = f"{HERE}/api/v1/{path}"
        return json.loads(self.host.inside(lambda: call(method, url, body, bearer=self.key)))

    def messages(self) -> list[Mapping[str, Any]]:
        """Of all chats, the oldest first within each."""
        chats = self.api("GET", "conversations?limit=100")["items"]
        pages = [self.api("GET", f"conversations/{chat['id']}/messages") for chat in chats]
        return [message for page in pages for message in reversed(page["items"])]

    def said(self) -> list[tuple[str, str]]:
        return [(message["text"], message["status"]) for message in self.messages()]

    def crm(self) -> Any:
        return self.crm_app.test_client().get("/_sandbox/state").get_json()

    def entries(self) -> list[str]:
        found = sorted(self.crm()["communications"], key=lambda entry: int(entry["seq"]))
        return [str(entry["properties"]["hs_communication_body"]) for entry in found]


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="bridge-sms-"))
    yield path
    rmtree(path, ignore_errors=True)


@pytest.fixture
def kannel(folder: Path) -> Iterator[Town]:
    """Kannel and the CRM are up, the bridge is not yet."""
    crm = sandbox(
        {
            "access_token": SECRETS["HUBSPOT_TOKEN"],
            "client_secret": SECRETS["HUBSPOT_CLIENT_SECRET"],
        }
    )
    assert crm.test_client().post("/_sandbox/seed", json={"owners": OWNERS}).status_code == 200
    with ExitStack() as stack:
        (host,) = stack.enter_context(hosts(NETWORK, 1))
        at_home = replace(host, address="127.0.0.1")
        environ = _environ(folder, stack.enter_context(serving(at_home, crm)))
        hook = f"{HERE}/hooks/sms-main"
        centre = stack.enter_context(gateway(host, folder, hook, PASSWORD, PATH_SECRET))
        settings = Settings.of(environ)
        prepare(settings, environ)
        key = host.inside(partial(_key, settings, environ))
        command = host.command(*bridge("up", "--port", str(PORT)))
        log, given = folder / "bridge.log", {**os.environ, **environ}
        yield Town(
            host, centre, crm, lambda: stack.enter_context(running(command, log, given)), key
        )


def _environ(folder: Path, crm_url: str) -> dict[str, str]:
    (folder / "config").mkdir()
    (folder / "state").mkdir()
    (folder / "config" / "bridge.yaml").write_text(CONFIG)
    return {
        **without_settings(),
        **SECRETS,
        "BRIDGE_CONFIG": str(folder / "config"),
        "BRIDGE_STATE": str(folder / "state"),
        "BRIDGE_PUBLIC_URL": HERE,
        "BRIDGE_SECRET_KEY": "k" * 32,
        "BRIDGE_LEASE_SECONDS": "3",
        "BRIDGE_BASE_URL_HUBSPOT_MAIN": crm_url,
        "BRIDGE_BASE_URL_SMS_MAIN": SENDSMS,
    }


def _key(settings: Settings, environ: Mapping[str, str]) -> str:
    """Opens the API for the writer; and the CRM's people are read."""
    with built(settings, environ) as parts:
        sync(parts)
        with writing(parts.engine) as db:
            scopes = [Scope.READ, Scope.SEND]
            who, now = f"employee:{WRITER}", datetime.now(UTC)
            _, key = create_key(db, name="sms", principal=who, scopes=scopes, now=now)
    return key


def test_an_sms_from_while_the_bridge_was_down_is_answered_and_its_report_comes(
    kannel: Town,
) -> None:
    kannel.centre.says(CLIENT, NUMBER, "Hola ¿precio?")
    kannel.start()
    until(partial(_is_there, kannel, ("Hola ¿precio?", "received")), "the SMS does not come")
    (chat,) = kannel.api("GET", "conversations?limit=100")["items"]
    answer = {"employee": WRITER, "text": "Buenas, 99 €"}
    kannel.api("POST", f"conversations/{chat['id']}/messages", answer)
    until(lambda: kannel.centre.got, "the answer does not reach the phone")
    until(partial(_is_there, kannel, ("Buenas, 99 €", "delivered")), "the report does not come")
    until(lambda: len(kannel.entries()) == 2, "the CRM is not told")
    kannel.centre.catch_up()
    (sent,) = kannel.centre.got
    assert (sent.sender, sent.receiver, sent.text) == (NUMBER, CLIENT, "Buenas, 99 €")
    assert kannel.said() == [("Hola ¿precio?", "received"), ("Buenas, 99 €", "delivered")]
    (contact,) = kannel.crm()["contacts"]
    assert contact["properties"]["phone"] == CLIENT
    first, second = kannel.entries()
    assert "Hola ¿precio?" in first
    assert "Buenas, 99 €" in second


def test_killed_while_clients_write_it_loses_nothing_and_doubles_nothing(kannel: Town) -> None:
    """R1, R4, R7: each SMS once in its chat and once in the CRM, one contact and one deal for each
    client; of an answer that was on its way a person is asked, it never goes twice."""
    clients = [f"+3460000000{n}" for n in range(3)]
    kannel.start()
    for client in clients:
        kannel.centre.says(client, NUMBER, f"uno {client}")
    until(lambda: len(_said(kannel)) == 3, "the first ones do not come")
    for chat in kannel.api("GET", "conversations?limit=100")["items"]:
        answer = {"employee": WRITER, "text": f"respuesta a {chat['id']}"}
        kannel.api("POST", f"conversations/{chat['id']}/messages", answer)
    for client in clients:
        kannel.centre.says(client, NUMBER, f"dos {client}")
    kannel.kill()
    for client in clients:
        kannel.centre.says(client, NUMBER, f"tres {client}")
    kannel.start()

    wanted = Counter(f"{word} {client}" for word in ("uno", "dos", "tres") for client in clients)
    until(lambda: set(_said(kannel)) >= set(wanted), "not all come")
    until(lambda: _settled(kannel), "the answers do not come to an end")
    until(lambda: _entered(kannel, wanted) >= wanted, "the CRM is not told of all")
    assert Counter(text for text in _said(kannel) if text in wanted) == wanted
    _answers_went_once_at_most(kannel)
    assert len(kannel.crm()["contacts"]) == len(kannel.crm()["deals"]) == 3
    assert _entered(kannel, wanted) == wanted


def _said(town: Town) -> list[str]:
    """The texts of all chats; none while it is not up."""
    try:
        return [text for text, _ in town.said()]
    except (OSError, ValueError, KeyError):
        return []


def _entered(town: Town, texts: Iterable[str]) -> Counter[str]:
    """How often each stands in the CRM's timeline."""
    return Counter(text for entry in town.entries() for text in texts if text in entry)


def _answers(town: Town) -> dict[str, str]:
    return {text: status for text, status in town.said() if text.startswith("respuesta")}


def _settled(town: Town) -> bool:
    """Each went and was reported, or waits for a person."""
    return set(_answers(town).values()) <= {"delivered", "unknown"}


def _answers_went_once_at_most(town: Town) -> None:
    answers = _answers(town)
    town.centre.catch_up()  # with what is reported as delivered by now
    went = Counter(sms.text for sms in town.centre.got)
    assert max(went.values(), default=1) == 1
    for text, status in answers.items():
        assert status == "unknown" or went[text] == 1


def _is_there(town: Town, message: tuple[str, str]) -> bool:
    try:
        return message in town.said()
    except (OSError, ValueError, KeyError):
        return False  # not up yet
