"""docs/security.md names every promise, and each test that it names is there."""

import re

import pytest

from tests.house import ROOT

DOCUMENT = (ROOT / "docs" / "security.md").read_text()
ROWS = dict(re.findall(r"^\| (S\d+) \| (.+) \|$", DOCUMENT, re.MULTILINE))
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", DOCUMENT)


def test_every_promise_has_its_row() -> None:
    assert list(ROWS) == [f"S{number}" for number in range(1, 32)]


@pytest.mark.parametrize("promise", ROWS)
def test_a_promise_names_its_test_or_what_brings_it(promise: str) -> None:
    assert "`tests/" in ROWS[promise] or "later: " in ROWS[promise]


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED)))
def test_the_test_is_there(path: str, name: str) -> None:
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE)


def test_every_test_that_names_a_promise_is_named() -> None:
    """Tests of this folder whose name starts with a promise's, one per promise at least."""
    told = {name for _, name in NAMED}
    here = {
        match
        for path in (ROOT / "tests" / "hostile").glob("test_*.py")
        for match in re.findall(r"^def (test_s\d+_\w+)\(", path.read_text(), re.MULTILINE)
    }
    numbers = {re.match(r"test_(s\d+)_", name)[1] for name in here}  # type: ignore[index]
    assert {re.match(r"test_(s\d+)_", n)[1] for n in told & here} == numbers  # type: ignore[index]
