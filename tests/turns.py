"""Which files of tests begin first: the long ones, so that no process is left alone with one."""

from collections.abc import Sequence

import pytest

LONG: Sequence[str] = (
    "browser/test_stories.py",
    "resilience/test_stopping.py",
    "resilience/test_store_trouble.py",
    "chaos/test_controls.py",
    "chaos/test_crash.py",
    "chaos/test_asked.py",
    "resilience/test_upgrade.py",
    "cli/test_up.py",
    "resilience/test_poison.py",
    "resilience/test_clocks.py",
    "resilience/test_migrating.py",
    "resilience/",
    "chaos/",
    "browser/",
    "hostile/test_canary.py",
    "connectors/matrix/test_synapse.py",
    "cli/",
    "contract/",
    "stories/",
    "hostile/",
    "access/",
    "bench/",
    "connectors/",
)


def in_turn(items: list[pytest.Item]) -> None:
    """Within a file nothing moves."""
    items.sort(key=lambda item: _turn(item.nodeid.removeprefix("tests/")))


def _turn(name: str) -> int:
    return next((n for n, begins in enumerate(LONG) if name.startswith(begins)), len(LONG))
