"""The sandbox on loopback, told what to hold, and what stands in it afterwards."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from bridge.ports import Account
from connectors.hubspot.outbound import HubSpotOutbound
from connectors.hubspot.reader import HubSpotReader
from connectors.hubspot.sandbox import sandbox
from tests.connectors.hubspot.building import (
    ANA,
    LUIS,
    SECRETS,
    TOKEN,
    account,
    delivery,
    ids_of,
    new_contact,
    new_deal,
    new_lead,
)
from tests.serving import served

OWNERS = [
    {"id": ANA, "email": "Ana@acme.example", "firstName": "Ana", "lastName": "Ruiz"},
    {"id": LUIS, "email": "luis@acme.example", "firstName": "Luis", "lastName": "Paz"},
    {"id": "13", "email": "old@acme.example", "archived": True},
    {"id": "14", "email": "queue@acme.example", "type": "QUEUE"},
]

CONTACTS = [
    {
        "id": "1",
        "properties": {
            "firstname": "Luz",
            "lastname": "Vega",
            "phone": "+52 55 1234 5678",
            "hubspot_owner_id": ANA,
            "telegram_username": "@LuzVega",
        },
    },
    {"id": "2", "properties": {"firstname": "Eva", "mobilephone": "+5255123456789"}},
    {"id": "3", "properties": {"hs_whatsapp_phone_number": "+34600000001"}},
    {"id": "4", "properties": {"phone": "34600000001"}},
]


@dataclass(frozen=True)
class HubSpotSandbox:
    url: str

    def post(self, path: str, body: Any) -> Any:
        answer = requests.post(f"{self.url}/_sandbox/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def told(self, fault: str, match: str, times: int | None = None, **more: Any) -> None:
        rule = {"fault": fault, "match": match, "times": times, **more}
        self.post("faults", {"rules": [rule]})

    def call(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> Any:
        headers = {"authorization": f"Bearer {token}"}
        return requests.request(method, self.url + path, json=body, headers=headers, timeout=60)

    def state(self) -> Any:
        return requests.get(f"{self.url}/_sandbox/state", timeout=60).json()

    def held(self, kind: str) -> Sequence[Any]:
        held: Sequence[Any] = self.state()[kind]
        return held

    def calls(self, ending: str) -> int:
        found: dict[str, int] = self.state()["calls"]
        return sum(number for line, number in found.items() if line.endswith(ending))


@pytest.fixture
def hubspot() -> Iterator[HubSpotSandbox]:
    with served(sandbox(SECRETS)) as url:
        told = HubSpotSandbox(url)
        told.post("seed", {"owners": OWNERS})
        yield told


@pytest.fixture
def at_sandbox(hubspot: HubSpotSandbox) -> Account:
    return account(hubspot.url, {"telegram_username_property": "telegram_username"})


@pytest.fixture
def outbound(hubspot: HubSpotSandbox) -> HubSpotOutbound:
    """With the bridge's properties in place."""
    made = HubSpotOutbound(account(hubspot.url))
    made.ensure_schema()
    return made


@pytest.fixture
def reader(at_sandbox: Account) -> HubSpotReader:
    return HubSpotReader(at_sandbox)


@pytest.fixture
def client(outbound: HubSpotOutbound) -> dict[str, str]:
    """Vendor ids of a contact r1, his deal d1 and his lead l1."""
    run = [delivery(new_contact()), delivery(new_deal(), "d"), delivery(new_lead(), "l")]
    return dict(zip(("r1", "d1", "l1"), ids_of(outbound.deliver(run)), strict=True))
