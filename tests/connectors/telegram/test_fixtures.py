"""Updates as Telegram posts them, and the events that they must become.

Those in `official` are the samples of the vendor's own page, word for word.
"""

import json
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from connectors.telegram.inbound import TelegramInbound
from tests.connectors.telegram.bot_api import check_update
from tests.connectors.telegram.building import account, request

FIXTURES = Path(__file__).parents[2] / "fixtures" / "telegram"
PLACES = (FIXTURES, FIXTURES / "official")
BODIES = sorted(
    path for place in PLACES for path in place.glob("*.json") if ".expected" not in path.name
)

# What is wrong, from the future, or in a shape that the vendor has left behind.
UNREAL = frozenset(
    """
    broken_message business_deleted_half_broken kind_of_tomorrow update_of_tomorrow group_service
    group_moved business_connection
    """.split()
)
REAL = [path for path in BODIES if path.parent == FIXTURES and path.stem not in UNREAL]


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_body_becomes_the_expected_events(path: Path) -> None:
    parsed = TelegramInbound(account()).parse(request(path.read_bytes()))
    found = {
        "events": [{"event": type(e).__name__} | _told(e) for e in parsed.events],
        "rejected": [{"reason": r.reason, "path": r.path} for r in parsed.rejected],
        "ignored": list(parsed.ignored),
    }
    assert found == json.loads(path.with_suffix(".expected.json").read_text())


def test_there_are_fixtures() -> None:
    assert len(BODIES) >= 50
    assert len([path for path in BODIES if path.parent.name == "official"]) == 13


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_what_was_written_by_hand_is_what_telegram_could_post(path: Path) -> None:
    check_update(json.loads(path.read_text()))


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
