"""Bodies as Salesforce posts them, and the events that they must become."""

import json
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.salesforce.telling import inbound, request

FIXTURES = Path(__file__).parents[2] / "fixtures" / "salesforce"
BODIES = sorted(
    path
    for path in FIXTURES.iterdir()
    if path.suffix in (".json", ".xml") and not path.name.endswith(".expected.json")
)


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_body_becomes_the_expected_events(path: Path) -> None:
    parsed = inbound().parse(request(path.read_bytes()))
    found = {
        "events": [{"event": type(e).__name__} | _told(e) for e in parsed.events],
        "rejected": [{"reason": r.reason, "path": r.path} for r in parsed.rejected],
        "ignored": list(parsed.ignored),
    }
    assert found == json.loads(path.with_suffix(".expected.json").read_text())


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_body_is_let_in(path: Path) -> None:
    kind = "text/xml; charset=utf-8" if path.suffix == ".xml" else "application/json"
    inbound().verify(request(path.read_bytes(), kind))


def test_there_are_fixtures() -> None:
    assert len(BODIES) >= 8


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
            return [_plain(one) for one in value]
    return _told(value) if is_dataclass(value) else value
