"""The bridge's own processes between both stand-ins: a client writes, is answered, has read it."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from flask import Flask

from bridge.cli.calls import answers, call
from bridge.pipeline.mirror import sync
from bridge.settings import Settings
from bridge.store.engine import writing
from bridge.store.keys import Scope, create_key
from bridge.wiring import built, prepare
from connectors.hubspot.sandbox import sandbox as hubspot
from connectors.twilio.doctor import TwilioDoctor
from connectors.twilio.sandbox import sandbox as twilio
from tests.chaos.processes import without_settings
from tests.connectors.twilio.building import CLIENT, NUMBER, SECRETS, SENDER, account
from tests.connectors.twilio.phone import Phone
from tests.ports import free_port
from tests.resilience.hosts import bridge, running
from tests.resilience.scene import await_that
from tests.serving import served

WRITER = "luis@acme.example"
CRM_SECRETS = {"access_token": "token-of-the-story", "client_secret": "secret-of-the-story"}
CONFIG = f"""
crm: hubspot-main
accounts:
  hubspot-main:
    connector: hubspot
    secrets: {{access_token: HUBSPOT_TOKEN, client_secret: HUBSPOT_CLIENT_SECRET}}
  tw:
    connector: twilio
    secrets: {{account_sid: TWILIO_ACCOUNT_SID, auth_token: TWILIO_AUTH_TOKEN}}
channels:
  wa-sales: {{account: tw, messenger: whatsapp, id: "{SENDER}", label: Sales}}
  sms-sales: {{account: tw, messenger: sms, id: "{NUMBER}", label: SMS}}
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
    url: str
    phone: Phone
    crm_app: Flask
    key: str

    def api(self, method: str, path: str, body: object = None) -> Any:
        return json.loads(call(method, f"{self.url}/api/v1/{path}", body, bearer=self.key))

    def chats(self) -> dict[str, str]:
        """The id of each chat, by its channel."""
        found = self.api("GET", "conversations?limit=100")["items"]
        return {chat["channel"]["name"]: str(chat["id"]) for chat in found}

    def said(self, channel: str) -> list[tuple[str, str]]:
        """The oldest first; nothing while there is no such chat."""
        chat = self.chats().get(channel)
        if chat is None:
            return []
        found = self.api("GET", f"conversations/{chat}/messages")["items"]
        return [(message["text"], message["status"]) for message in reversed(found)]

    def answer(self, channel: str, text: str) -> None:
        path = f"conversations/{self.chats()[channel]}/messages"
        self.api("POST", path, {"employee": WRITER, "text": text})

    def is_blocked(self, channel: str) -> bool:
        return bool(self.api("GET", f"conversations/{self.chats()[channel]}")["blocked"])

    def crm(self) -> Any:
        return self.crm_app.test_client().get("/_sandbox/state").get_json()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    crm = hubspot(CRM_SECRETS)
    crm.test_client().post("/_sandbox/seed", json={"owners": OWNERS})
    with ExitStack() as stack:
        crm_url = stack.enter_context(served(crm))
        phone = Phone(stack.enter_context(served(twilio(SECRETS))))
        url = f"http://127.0.0.1:{free_port()}"
        environ = _environ(tmp_path, url, crm_url, phone.url)
        settings = Settings.of(environ)
        prepare(settings, environ)
        key = _key(settings, environ)
        command = bridge("up", "--port", url.rpartition(":")[2])
        stack.enter_context(running(command, tmp_path / "up.log", {**os.environ, **environ}))
        await_that(lambda: answers(f"{url}/healthz"), "the bridge does not come up")
        TwilioDoctor(account(phone.url)).fix(url, take_over=False)
        yield Town(url, phone, crm, key)


def _environ(folder: Path, url: str, crm_url: str, phone_url: str) -> dict[str, str]:
    for name, text in (("config", CONFIG), ("state", "")):
        (folder / name).mkdir()
        (folder / name / "bridge.yaml").write_text(text)
    return {
        **without_settings(),
        "HUBSPOT_TOKEN": CRM_SECRETS["access_token"],
        "HUBSPOT_CLIENT_SECRET": CRM_SECRETS["client_secret"],
        "TWILIO_ACCOUNT_SID": SECRETS["account_sid"],
        "TWILIO_AUTH_TOKEN": SECRETS["auth_token"],
        "BRIDGE_CONFIG": str(folder / "config"),
        "BRIDGE_STATE": str(folder / "state"),
        "BRIDGE_PUBLIC_URL": url,
        "BRIDGE_SECRET_KEY": "k" * 32,
        "BRIDGE_BASE_URL_HUBSPOT_MAIN": crm_url,
        "BRIDGE_BASE_URL_TW": phone_url,
    }


def _key(settings: Settings, environ: Mapping[str, str]) -> str:
    """Opens the API for the writer; and the CRM's people are read."""
    with built(settings, environ) as parts:
        sync(parts)
        with writing(parts.engine) as db:
            scopes = [Scope.READ, Scope.SEND]
            who, now = f"employee:{WRITER}", datetime.now(UTC)
            _, key = create_key(db, name="story", principal=who, scopes=scopes, now=now)
    return key


def _is_said(town: Town, channel: str, *said: tuple[str, str]) -> Callable[[], bool]:
    return lambda: town.said(channel) == list(said)


def test_a_client_writes_on_both_channels_is_answered_and_has_read_it(town: Town) -> None:
    """The statuses come back to where each message said that the bridge is."""
    user = {"from": f"whatsapp:{CLIENT}", "name": "Eva"}
    town.phone.steer("incoming", to=SENDER, text="Hola 😀", **user)
    await_that(_is_said(town, "wa-sales", ("Hola 😀", "received")), "the message does not come")
    town.answer("wa-sales", "Buenas & días")
    told = (("Hola 😀", "received"), ("Buenas & días", "read"))
    await_that(_is_said(town, "wa-sales", *told), "that he has read it does not come")

    town.phone.steer("incoming", to=NUMBER, **{"from": CLIENT}, text="STOP")
    await_that(lambda: len(town.chats()) == 2, "the SMS does not come")
    await_that(lambda: town.is_blocked("sms-sales"), "that he has opted out is not told")
    with pytest.raises(HTTPError, match="409"):
        town.answer("sms-sales", "Vale")
    assert town.said("sms-sales") == [("STOP", "received")]

    (sent,) = town.phone.sent
    assert (sent["receiver"], sent["body"]) == (f"whatsapp:{CLIENT}", "Buenas & días")
    await_that(lambda: len(town.crm()["contacts"]) == 1, "the CRM is not told")
    (contact,) = town.crm()["contacts"]
    assert contact["properties"]["phone"] == CLIENT
