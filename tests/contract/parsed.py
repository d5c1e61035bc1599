"""What holds of everything that a connector's `parse` gives, however odd the body."""

import re
from datetime import timedelta
from typing import get_args

from bridge.domain.events import Event
from bridge.ports import Connector, Parsed
from tests.contract.vendors import secrets

REASON = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
WORD = re.compile(r"[A-Za-z0-9_.: -]{1,80}")


def check_parsed(connector: Connector, parsed: Parsed) -> None:
    """Raises AssertionError or UnicodeEncodeError."""
    for event in parsed.events:
        assert isinstance(event, get_args(Event))
        assert event.event_key
        assert event.occurred_at.utcoffset() == timedelta(0)
        repr(event).encode("utf-8")
    for refused in parsed.rejected:
        assert REASON.fullmatch(refused.reason)
        assert refused.path.startswith("$")
        repr(refused).encode("utf-8")
    for word in parsed.ignored:
        assert WORD.fullmatch(word)
    assert tells_no_secret(connector, parsed)


def tells_no_secret(connector: Connector, shown: object) -> bool:
    text = f"{shown!r} {shown}"
    return not any(secret in text for secret in secrets(connector).values())
