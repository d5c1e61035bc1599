"""The fields that Kannel calls with, and the events that they must become."""

import json
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import pytest

from connectors.kannel.inbound import KannelInbound
from tests.connectors.kannel.building import account
from tests.contract.vendors import fixtures, recorded

RECORDED = {
    path.name: (path, told)
    for path, told in zip(fixtures("kannel"), recorded("kannel"), strict=True)
}


@pytest.mark.parametrize("name", RECORDED)
def test_body_becomes_the_expected_events(name: str) -> None:
    path, told = RECORDED[name]
    parsed = KannelInbound(account()).parse(told)
    found = {
        "events": [{"event": type(e).__name__} | _told(e) for e in parsed.events],
        "rejected": [{"reason": r.reason, "path": r.path} for r in parsed.rejected],
        "ignored": list(parsed.ignored),
    }
    assert found == json.loads(path.with_suffix(".expected.json").read_text())


def test_there_are_fixtures() -> None:
    assert len(RECORDED) >= 7


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
