"""One demo and one browser for all; they end with the last test here."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.browser.demo import RunningDemo, running_demo
from tests.browser.eyes import Eyes, chromium, eyes_on

SeenBy = Callable[[str], Eyes]


# Of the package, not of the session: the event loop that Playwright keeps would be in the way of
# other tests that run one.
@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="package")
def windows(demo: RunningDemo, browser: Browser) -> Iterator[SeenBy]:
    """One window per employee, signed in when first asked for."""
    opened: dict[str, Eyes] = {}

    def window(employee: str) -> Eyes:
        if employee not in opened:
            eyes = stack.enter_context(eyes_on(browser, demo.url))
            eyes.sign_in(demo.login(employee))
            opened[employee] = eyes
        return opened[employee]

    with ExitStack() as stack:
        yield window


@pytest.fixture
def seen_by(windows: SeenBy) -> Iterator[SeenBy]:
    """The window of an employee. What its console said, or an answer of 400 and above that the
    test did not take away, fails the test."""
    used: list[Eyes] = []

    def window(employee: str) -> Eyes:
        used.append(windows(employee))
        return used[-1]

    yield window
    assert [eyes.take_trouble() for eyes in used] == [[] for _ in used]
    assert [eyes.take_refused() for eyes in used] == [[] for _ in used]
