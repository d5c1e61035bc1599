"""Recorded transactions, and the events that they must become."""

import json
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from connectors.matrix.inbound import MatrixInbound
from tests.connectors.matrix.building import account, request

FIXTURES = Path(__file__).parents[2] / "fixtures" / "matrix"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.json") if ".expected" not in path.name)


def found(name: str) -> dict[str, Any]:
    parsed = MatrixInbound(account()).parse(request((FIXTURES / f"{name}.json").read_bytes()))
    return {
        "events": [{"event": type(e).__name__} | _told(e) for e in parsed.events],
        "rejected": [{"reason": r.reason, "path": r.path} for r in parsed.rejected],
        "ignored": list(parsed.ignored),
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_transaction_becomes_the_expected_events(name: str) -> None:
    assert found(name) == json.loads((FIXTURES / f"{name}.expected.json").read_text())


def test_there_are_fixtures() -> None:
    assert len(NAMES) >= 15


def _told(value: Any) -> dict[str, Any]:
    """What differs from the defaults; `account` and `raw` are the same everywhere."""
    return {
        field.name: _plain(given)
        for field in fields(value)
        if field.name not in ("account", "raw")
        and ((given := getattr(value, field.name)) != field.default or field.default is MISSING)
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
