"""An open page hears what comes: a notification with its link, and the counters (NOT-01, WS-07)."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from bridge.store.engine import open_engine, writing
from bridge.store.sessions import open_session
from tests.browser.eyes import Eyes, eyes_on
from tests.web.test_streams_served import serving
from tests.web.world import ANA, World

MARTA = "+34600111222"
PATIENCE = 120_000


@pytest.fixture
def house(sqlite_url: str) -> Iterator[World]:
    engine = open_engine(sqlite_url)
    world = World(engine)
    world.now = datetime.now(UTC)
    world.client("Marta", MARTA, ANA)
    yield world
    engine.dispose()


@pytest.fixture
def ana(house: World, sqlite_url: str, browser: Browser) -> Iterator[Eyes]:
    with writing(house.engine) as db:
        token = open_session(db, f"employee:{ANA}", house.now)
    with serving(sqlite_url) as (port, _):
        url = f"http://127.0.0.1:{port}"
        with eyes_on(browser, url) as eyes:
            eyes.page.context.add_cookies([{"name": "bridge_session", "value": token, "url": url}])
            eyes.page.goto(f"{url}/conversations")
            yield eyes


def test_a_message_shows_on_the_open_page_by_itself(house: World, ana: Eyes) -> None:
    """Without a reload: the notice, the number, and the chat in the list."""
    red = ana.page.locator('[data-count="red"]')
    expect(red).to_be_hidden(timeout=PATIENCE)
    where = house.writes(MARTA, "hello there")
    notice = ana.page.locator("a.news")
    expect(notice).to_contain_text("Your client wrote", timeout=PATIENCE)
    expect(red).to_contain_text("1", timeout=PATIENCE)
    expect(ana.page.locator("#chats")).to_contain_text("hello there", timeout=PATIENCE)
    assert notice.first.get_attribute("href") == f"/conversations/{where}#latest"
    assert ana.take_trouble() == []
