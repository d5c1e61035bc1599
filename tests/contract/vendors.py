"""The connectors under contract, accounts of theirs, and what each finds in its fixtures."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bridge.ports import Account, Connector, RawRequest
from connectors import CONNECTORS

ROOT = Path(__file__).parents[2]
NAMES = [connector.name for connector in CONNECTORS]
WITH_DOORS = [connector.name for connector in CONNECTORS if connector.methods]
SILENT = [connector.name for connector in CONNECTORS if not connector.methods]
CONTENT_TYPES = {
    ".json": "application/json",
    ".xml": "text/xml; charset=utf-8",
    ".form": "application/x-www-form-urlencoded",
}
# Secrets that are refused where they are not of the form that their standard has.
_SHAPES = {"signing_secret": "whsec_{}"}
NOW = datetime(2025, 11, 22, 9, 30, tzinfo=UTC)


def connector_named(name: str) -> Connector:
    return next(connector for connector in CONNECTORS if connector.name == name)


def secrets(connector: Connector) -> dict[str, str]:
    """A value per secret that nothing else looks like."""
    either = sorted(connector.needs_one_of)[:1]
    return {need: _secret(need) for need in (*connector.needs, *either)}


def _secret(need: str) -> str:
    plain = f"kept-{need.replace('_', '-')}-0f9e8d7c"
    shape = _SHAPES.get(need)
    return plain if shape is None else shape.format(base64.b64encode(plain.encode()).decode())


def account(connector: Connector, base_url: str | None = None) -> Account:
    return Account(
        name="main",
        connector=connector.name,
        base_url=base_url,
        secrets={need: (value,) for need, value in secrets(connector).items()},
        options=dict(connector.options),
    )


def without(connector: Connector, need: str, values: tuple[str, ...]) -> Account:
    """An account whose secret `need` is as given."""
    whole = account(connector)
    return replace(whole, secrets={**whole.secrets, need: values})


def request(body: bytes, received_at: datetime = NOW, **headers: str) -> RawRequest:
    return RawRequest(
        method="POST",
        url="https://bridge.example/hooks/main",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=body,
        received_at=received_at,
    )


def fixtures(name: str) -> list[Path]:
    """The recorded bodies: files directly in the connector's folder, told by their endings."""
    found = (ROOT / "tests" / "fixtures" / name).glob("*.*")
    recorded = [path for path in found if path.suffix in CONTENT_TYPES]
    return sorted(path for path in recorded if not path.name.endswith(".expected.json"))


def recorded(name: str, received_at: datetime = NOW) -> list[RawRequest]:
    """The recorded bodies as they come."""
    return [
        request(path.read_bytes(), received_at, content_type=CONTENT_TYPES[path.suffix])
        for path in fixtures(name)
    ]


def bodies(name: str) -> list[bytes]:
    return [told.body for told in recorded(name)]
