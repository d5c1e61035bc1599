"""One system that is CRM and messenger at once, by the generic webhook, through the whole house."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bridge.domain.names import AccountName, ChannelName, EmployeeId, conversation_id
from bridge.pipeline.send import SendRequest, Sent, send
from connectors.webhook.sandbox import sandbox
from tests.cli.commands import PUBLIC_URL, Installation
from tests.connectors.webhook.building import SECRET, event, message
from tests.connectors.webhook.conftest import SEED
from tests.serving import served

ERP = AccountName("erp")
ANA = EmployeeId("ana@acme.example")
CONFIG = """
crm: erp
accounts:
  erp: {connector: webhook, secrets: {signing_secret: ERP_SIGNING_SECRET}}
channels:
  line: {account: erp, messenger: whatsapp, id: line-1, label: Line}
employees:
  ana@acme.example: {role: salesperson, gets_new_clients: true}
new_clients: {create: deal, pipeline: p, stage: s, distribution: in_turn}
"""
STRANGER = {"channel_id": "line-1", "messenger": "whatsapp", "chat_id": "34600111222"}


@pytest.fixture
def house(tmp_path: Path, sqlite_url: str, silent: None) -> Iterator[Installation]:
    config = tmp_path / "config"
    config.mkdir()
    (config / "all.yaml").write_text(CONFIG)
    with served(sandbox({"signing_secret": SECRET})) as url:
        environ = {
            "BRIDGE_CONFIG": str(config),
            "BRIDGE_STATE": str(tmp_path / "state"),
            "BRIDGE_DATABASE_URL": sqlite_url,
            "BRIDGE_PUBLIC_URL": PUBLIC_URL,
            "BRIDGE_BASE_URL_ERP": url,
            "ERP_SIGNING_SECRET": SECRET,
        }
        made = Installation(config=config, environ=environ, crm_url=url)
        made.tell(url, "seed", SEED)
        made.run("migrate")
        made.run("sync")
        yield made


def state(house: Installation) -> Any:
    return requests.get(f"{house.crm_url}/_sandbox/state", timeout=10).json()


def test_its_channels_are_read_though_it_is_a_crm(house: Installation) -> None:
    assert house.json("sync")["channels"] == 1
    house.tell(house.crm_url, "channel", {"channel_id": "line-1", "state": "unpaid"})
    points = house.json("doctor", code=1)["points"]
    assert any(p["check"] == "channels of erp" and p["health"] == "wrong" for p in points)
    assert any(p["check"] == "set-up of erp" and p["health"] == "ok" for p in points)


def test_a_client_whom_it_knows_is_written_into_its_timeline(house: Installation) -> None:
    known = STRANGER | {"chat_id": "5215512345678", "phone": "+5215512345678"}
    house.receive({"events": [message("m-1", chat=known)]}, ERP)
    found = state(house)
    assert [entry["text"] for entry in found["entries"]] == ["Hola"]
    assert {record["kind"] for record in found["entries"][0]["records"]} == {
        "contact",
        "deal",
        "lead",
    }
    assert len(found["records"]["contact"]) == 2


def test_a_stranger_becomes_contact_and_deal_and_is_answered(house: Installation) -> None:
    told = {"events": [message("m-1", chat=STRANGER | {"phone": "+34600111222", "name": "Leo"})]}
    house.receive(told, ERP)
    house.receive(told, ERP)
    chat = conversation_id(ERP, "line-1", "34600111222")
    with house.parts() as parts:
        sent = send(parts, SendRequest(employee=ANA, conversation=chat, text="Buenas", key="k-1"))
    assert isinstance(sent, Sent)
    assert sent.channel == ChannelName("line")
    house.settle()
    found = state(house)
    leo, deal = found["records"]["contact"][-1], found["records"]["deal"][-1]
    assert (leo["name"], leo["owner"], deal["contacts"]) == ("Leo", "7", [leo["crm_id"]])
    assert [one["text"] for one in found["sent"]] == ["Buenas"]
    assert [entry["text"] for entry in found["entries"]] == ["Hola", "Buenas"]
    status = event("message.status", message_id=found["sent"][0]["id"], status="read")
    house.receive({"events": [status]}, ERP)
    assert house.json("dead")["letters"] == []
