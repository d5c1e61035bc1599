"""A web process with two accounts of each vendor, each with an old and a new secret."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.settings import Settings
from bridge.wiring import prepare
from connectors.hubspot.signature import sign_v3
from tests.cli.running import MESSAGE, House, make_house
from tests.wire import Answer, Wire, post

PUBLIC_URL = "https://bridge.example/b"
MAX_BODY_BYTES = 100_000
SECRETS = {
    f"{kind}_{tenant}_{age}": f"{kind.lower()}-of-{tenant.lower()}-{age.lower()}-5f2c"
    for kind in ("TOKEN", "CLIENT", "API", "HOOK")
    for tenant in ("A", "B")
    for age in ("NEW", "OLD")
}
_ACCOUNT = """
  hubspot-{a}:
    connector: hubspot
    max_body_bytes: {limit}
    secrets: {{access_token: TOKEN_{b}_NEW, client_secret: [CLIENT_{b}_NEW, CLIENT_{b}_OLD]}}
  wazzup-{a}:
    connector: wazzup
    max_body_bytes: {limit}
    secrets: {{api_key: API_{b}_NEW, webhook_key: [HOOK_{b}_NEW, HOOK_{b}_OLD]}}"""
CONFIG = f"""
crm: hubspot-a
accounts:{"".join(_ACCOUNT.format(a=t, b=t.upper(), limit=MAX_BODY_BYTES) for t in ("a", "b"))}
channels:
  wa: {{account: wazzup-a, messenger: whatsapp, id: ch1, label: Sales}}
employees:
  luis@acme.example: {{role: manager}}
new_clients: {{pipeline: default, stage: new}}
ownership: {{fallback: luis@acme.example}}
default: {{employee: luis@acme.example}}
"""
CHANGED = (
    b'[{"eventId": 1, "subscriptionId": 2, "portalId": 3, "appId": 4, "occurredAt": 1772600000000,'
    b' "subscriptionType": "contact.propertyChange", "attemptNumber": 0, "objectId": 5,'
    b' "propertyName": "hubspot_owner_id", "propertyValue": "6", "changeSource": "CRM"}]'
)
WRITTEN = json.dumps({"messages": [MESSAGE]}).encode()


@dataclass(frozen=True, slots=True)
class Town:
    """What stands behind the door, and the door."""

    house: House
    wire: Wire

    def rows(self) -> list[Any]:
        return self.house.query("SELECT account, url, headers, body FROM inbox ORDER BY id")

    def count(self) -> int:
        return int(self.house.query("SELECT count(*) FROM inbox")[0][0])

    def log(self) -> str:
        return self.house.log("web")

    def ask(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return self.wire.ask(post(path, body, [f"{k}: {v}" for k, v in headers.items()]))

    def refuses(self, path: str, body: bytes, headers: Mapping[str, str]) -> bool:
        """401, and nothing was stored."""
        before = self.count()
        answer = self.ask(path, body, headers)
        assert self.count() == before
        return answer.status == 401

    def takes(self, path: str, body: bytes, headers: Mapping[str, str]) -> bool:
        """200, and exactly these bytes were stored."""
        before = self.count()
        answer = self.ask(path, body, headers)
        rows = self.rows()[before:]
        assert [row[3] for row in rows] == ([body] if answer.status == 200 else [])
        return answer.status == 200


def signed(
    body: bytes = CHANGED,
    path: str = "/hooks/hubspot-a",
    *,
    secret: str = "CLIENT_A_NEW",
    seconds: float = 0.0,
) -> dict[str, str]:
    """HubSpot's headers, signed so many seconds from now."""
    timestamp = str(int((datetime.now(UTC).timestamp() + seconds) * 1000))
    signature = sign_v3(SECRETS[secret], "POST", f"{PUBLIC_URL}{path}", body, timestamp)
    return {
        "X-HubSpot-Signature-v3": signature.decode(),
        "X-HubSpot-Request-Timestamp": timestamp,
        "Content-Type": "application/json",
    }


def bearer(secret: str = "HOOK_A_NEW") -> dict[str, str]:
    return {"Authorization": f"Bearer {SECRETS[secret]}", "Content-Type": "application/json"}


@contextmanager
def town(folder: Path) -> Iterator[Town]:
    house = make_house(folder, BRIDGE_PUBLIC_URL=PUBLIC_URL, **SECRETS)
    house.config.write_text(CONFIG)
    prepare(Settings.of(house.environ()), house.environ())
    with house.web():
        yield Town(house, Wire(house.port))
