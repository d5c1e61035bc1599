"""The reference system on loopback, and an account that leads to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from bridge.ports import Account
from connectors.webhook.sandbox import sandbox
from tests.connectors.webhook.building import SECRET, account
from tests.serving import served


@dataclass(frozen=True, slots=True)
class System:
    url: str

    def tell(self, verb: str, **body: object) -> Any:
        answer = requests.post(f"{self.url}/_sandbox/{verb}", json=body, timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def state(self) -> Any:
        return requests.get(f"{self.url}/_sandbox/state", timeout=60).json()

    def fail(self, fault: str, **more: object) -> None:
        self.tell("faults", rules=[{"match": "^POST /$", "fault": fault, **more}])


@pytest.fixture
def system() -> Iterator[System]:
    """It knows a channel, two people, a pipeline, and a contact with a deal and a lead."""
    with served(sandbox({"signing_secret": SECRET})) as url:
        made = System(url)
        made.tell("seed", **SEED)
        yield made


@pytest.fixture
def at_system(system: System) -> Account:
    return account(system.url)


SEED: dict[str, Any] = {
    "channels": [{"channel_id": "line-1", "messenger": "whatsapp", "state": "active"}],
    "employees": [
        {"crm_id": "7", "email": "Ana@acme.example", "name": "Ana", "active": True},
        {"crm_id": "8", "email": "luis@acme.example", "name": "Luis", "active": False},
    ],
    "pipelines": [
        {
            "id": "p",
            "kind": "deal",
            "label": "Sales",
            "stages": [{"id": "s", "label": "New", "is_open": True}],
        }
    ],
    "contacts": [
        {"crm_id": "c1", "name": "Eva", "owner": "7", "phones": ["+5215512345678"]},
        {"crm_id": "c2", "name": "Eva's twin", "owner": None, "usernames": ["eva"]},
    ],
    "deals": [
        {
            "crm_id": "d1",
            "name": "Eva",
            "pipeline": "p",
            "stage": "s",
            "is_open": True,
            "owner": "7",
            "contacts": ["c1"],
        }
    ],
    "companies": [{"crm_id": "co1", "name": "Acme", "is_partner": True, "owner": "7"}],
    "organisation": [{"id": "o1", "name": "Acme", "is_sandbox": True, "has_partners": True}],
    "partner_users": [
        {
            "email": "pia@norte.example",
            "name": "Pía",
            "company": "co1",
            "crm_id": "9",
            "active": True,
            "has_signed_in": True,
        }
    ],
    "sharing": [{"kind": "folder", "name": "Prices", "about": "files", "open_to": "everybody"}],
    "partner_leads": [
        {
            "crm_id": "l1",
            "name": "Eva",
            "owner": None,
            "country": "MX",
            "more": [{"name": "tier", "value": "gold"}],
        }
    ],
    "renewals": [
        {
            "kind": "company",
            "crm_id": "co1",
            "name": "Acme",
            "due": "2026-12-24",
            "people": [{"role": "billing", "email": "bills@acme.example"}],
            "changed_at": "2026-06-01T10:00:00Z",
        }
    ],
    "leads": [{"crm_id": "l1", "name": "Eva", "is_open": True, "owner": None, "contacts": ["c1"]}],
}
