"""Webhook bodies as Meta posts them, and the events that they must become."""

import json
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from connectors.whatsapp.inbound import WhatsAppInbound
from tests.connectors.whatsapp.building import account, request

FIXTURES = Path(__file__).parents[2] / "fixtures" / "whatsapp"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.json") if ".expected" not in path.name)


def found_in(body: bytes) -> dict[str, Any]:
    parsed = WhatsAppInbound(account()).parse(request(body))
    return {
        "events": [{"event": type(e).__name__} | _told(e) for e in parsed.events],
        "rejected": [{"reason": r.reason, "path": r.path} for r in parsed.rejected],
        "ignored": list(parsed.ignored),
    }


@pytest.mark.parametrize("name", NAMES)
def test_body_becomes_the_expected_events(name: str) -> None:
    expected = json.loads((FIXTURES / f"{name}.expected.json").read_text())
    assert found_in((FIXTURES / f"{name}.json").read_bytes()) == expected


def test_there_are_fixtures() -> None:
    assert len(NAMES) >= 30


def _told(value: Any) -> dict[str, Any]:
    """What differs from the defaults; `account` and `raw` are the same everywhere."""
    return {
        field.name: _plain(found)
        for field in fields(value)
        if field.name not in ("account", "raw")
        and ((found := getattr(value, field.name)) != field.default or field.default is MISSING)
    }


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case tuple():
            return [_plain(item) for item in value]
    return _told(value) if is_dataclass(value) else value
