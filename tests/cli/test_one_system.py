"""One system that is CRM and messenger at once, by the generic webhook, through the whole house."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bridge.domain.names import ChannelName, EmployeeId, conversation_id
from bridge.pipeline.send import SendRequest, Sent, send
from tests.cli.commands import Installation
from tests.cli.one_system import ERP, KNOWN, STRANGER, one_system
from tests.connectors.webhook.building import event, message

ANA = EmployeeId("ana@acme.example")


@pytest.fixture
def house(tmp_path: Path, sqlite_url: str, silent: None) -> Iterator[Installation]:
    with one_system(tmp_path, sqlite_url) as made:
        yield made


def state(house: Installation) -> Any:
    return requests.get(f"{house.crm_url}/_sandbox/state", timeout=60).json()


def test_its_channels_are_read_though_it_is_a_crm(house: Installation) -> None:
    assert house.json("sync")["channels"] == 1
    house.tell(house.crm_url, "channel", {"channel_id": "line-1", "state": "unpaid"})
    points = house.json("doctor", code=1)["points"]
    assert any(p["check"] == "channels of erp" and p["health"] == "wrong" for p in points)
    assert any(p["check"] == "set-up of erp" and p["health"] == "ok" for p in points)


def test_a_client_whom_it_knows_is_written_into_its_timeline(house: Installation) -> None:
    house.receive({"events": [message("m-1", chat=KNOWN)]}, ERP)
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
