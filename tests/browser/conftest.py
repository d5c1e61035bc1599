"""One demo and one browser for all; they end with the last test here. A house of one's own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page

from bridge.store.engine import open_engine, writing
from bridge.store.sessions import open_session
from tests.browser.demo import RunningDemo, running_demo
from tests.browser.eyes import WAIT_MILLISECONDS, Eyes, chromium, eyes_on
from tests.web.test_streams_served import serving
from tests.web.world import ANA, World

SeenBy = Callable[[str], Eyes]
Window = Callable[..., Page]
MARTA, KENJI = "+34600111222", "+34600111333"


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


@pytest.fixture
def house(sqlite_url: str) -> Iterator[World]:
    engine = open_engine(sqlite_url)
    world = World(engine)
    # Nothing of it may be later than what is done in the browser, by the real clock.
    world.now = datetime.now(UTC) - timedelta(minutes=2)
    for phone, name in ((MARTA, "Marta"), (KENJI, "Kenji")):
        world.client(name, phone, ANA)
    yield world
    engine.dispose()


@pytest.fixture
def window(house: World, sqlite_url: str, browser: Browser) -> Iterator[Window]:
    """Opens an address as Ana sees it; what a page's console says fails the test."""
    troubles: list[str] = []

    def opened(path: str, *, scripts: bool = True, width: int = 1440) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=scripts, locale="en-GB"
        )
        stack.callback(context.close)
        context.set_default_timeout(WAIT_MILLISECONDS)
        context.add_cookies([{"name": "bridge_session", "value": token, "url": url}])
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(url + path)
        return page

    with writing(house.engine) as db:
        token = open_session(db, f"employee:{ANA}", house.now)
    with serving(sqlite_url) as (port, _), ExitStack() as stack:
        url = f"http://127.0.0.1:{port}"
        yield opened
    assert troubles == []
