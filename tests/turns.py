"""Which files of tests begin first: the long ones, so that no process is left alone with one."""

from collections.abc import Sequence

import pytest

LONG: Sequence[str] = (
    "resilience/test_upgrade.py",
    "resilience/test_stopping.py",
    "chaos/test_crash.py",
    "resilience/test_poison.py",
    "cli/test_processes.py",
    "resilience/test_clocks.py",
    "resilience/test_migrating.py",
    "resilience/",
    "chaos/",
    "cli/test_up.py",
    "cli/test_new_connector.py",
    "browser/",
    "hostile/test_canary.py",
    "domain/test_properties.py",
    "contract/",
    "cli/",
    "hostile/",
    "connectors/",
)


def in_turn(items: list[pytest.Item]) -> None:
    """Within a file nothing moves."""
    items.sort(key=lambda item: _turn(item.nodeid.removeprefix("tests/")))


def _turn(name: str) -> int:
    return next((n for n, begins in enumerate(LONG) if name.startswith(begins)), len(LONG))
