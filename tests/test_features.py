"""Every promised feature is named by a test: its ID stands in a test's name or docstring."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PROMISED = {
    "ROL": 18,  # roles and access to chats
    "NEW": 9,  # new clients
    "FEED": 7,  # the timeline in the CRM and the activity feed
    "NOT": 7,  # notifications
    "CHN": 7,  # priority channel and API keys
    "WZ": 17,  # Wazzup's webhooks
    "WS": 9,  # sending, counters, readers
    "PRM": 25,  # partner leads
    "PX": 10,  # what the real systems do beyond the seeds, on the partners' side
    "REN": 18,  # who owns renewal notices
    "RSL": 27,  # resellers' clients
}
_ID = re.compile(
    r"\b([A-Z]{2,4})[-_](\d{2})((?:\s*(?:,|to|and|/|…|\.\.)\s*(?:[A-Z]{2,4}-)?\d{2})*)"
)


def _named() -> frozenset[str]:
    """IDs as tests write them: `ROL-05`, `NOT-03 to NOT-05`, `ROL-05/06`."""
    found: set[str] = set()
    for path in TESTS.rglob("test_*.py"):
        if path == Path(__file__):
            continue
        for kind, first, more in _ID.findall(_with_names_spelled_out(path.read_text())):
            numbers = [int(first), *(int(n) for n in re.findall(r"(\d{2})", more))]
            if " to " in more or "…" in more or ".." in more:
                numbers = list(range(min(numbers), max(numbers) + 1))
            found.update(f"{kind}-{n:02}" for n in numbers)
    return frozenset(found)


def _with_names_spelled_out(text: str) -> str:
    """`test_ws_01_…` names WS-01 as well."""
    return re.sub(r"\btest_([a-z]{2,4})_(\d{2})_", lambda m: f"test {m[1].upper()}-{m[2]} ", text)


NAMED = _named()


@pytest.mark.parametrize(
    "feature", [f"{kind}-{n:02}" for kind, most in PROMISED.items() for n in range(1, most + 1)]
)
def test_a_test_names_the_feature(feature: str) -> None:
    assert feature in NAMED, f"{feature} is promised and no test names it"
