"""The feed in a browser: new entries are announced and do not push; why? opens beside it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from bridge.store.engine import open_engine, writing
from bridge.store.sessions import open_session
from tests.browser.eyes import Eyes, eyes_on
from tests.web.test_streams_served import serving
from tests.web.world import ANA, LUIS, World

MARTA = "+34600111222"


@pytest.fixture
def house(sqlite_url: str) -> Iterator[World]:
    engine = open_engine(sqlite_url)
    world = World(engine)
    world.now = datetime.now(UTC)
    world.client("Marta", MARTA, ANA)
    world.writes(MARTA, "hello there")
    yield world
    engine.dispose()


@pytest.fixture
def luis(house: World, sqlite_url: str, browser: Browser) -> Iterator[Eyes]:
    with writing(house.engine) as db:
        token = open_session(db, f"employee:{LUIS}", house.now)
    with serving(sqlite_url) as (port, _):
        url = f"http://127.0.0.1:{port}"
        with eyes_on(browser, url) as eyes:
            eyes.page.context.add_cookies([{"name": "bridge_session", "value": token, "url": url}])
            yield eyes


def test_new_entries_are_announced_and_come_when_asked_for(house: World, luis: Eyes) -> None:
    luis.open("/feed")
    entries = luis.page.locator("#entries")
    expect(entries).to_contain_text("hello there")
    house.writes(MARTA, "and one more thing")
    news = luis.page.locator("#feed-new a")
    expect(news).to_have_text("1 new entry")
    expect(entries).not_to_contain_text("and one more thing")
    news.click()
    expect(entries).to_contain_text("and one more thing")
    expect(news).to_have_count(0)
    assert luis.take_trouble() == []


@pytest.mark.parametrize("width", [390, 1440])
def test_why_opens_in_place_and_closes_again(luis: Eyes, width: int) -> None:
    luis.open("/feed")
    luis.look("dark" if width < 1000 else "light", width)
    why = luis.page.get_by_role("link", name="Why?")
    why.focus()
    luis.page.keyboard.press("Enter")
    drawer = luis.page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", level=1)).to_contain_text("Ana Ruiz")
    drawer.get_by_label("Colleague").select_option("bruno@acme.example")
    drawer.get_by_role("button", name="Ask").click()
    expect(drawer.locator(".answer")).to_contain_text("Bruno Paz")
    assert luis.overflow() == 0
    assert luis.unnamed() == []
    luis.page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    assert luis.page.url.endswith("/feed")
    assert "Why?" in luis.focused()
    assert luis.take_trouble() == []


def test_who_is_signed_out_meanwhile_is_told_so_where_he_is(luis: Eyes) -> None:
    luis.open("/feed")
    luis.page.get_by_role("link", name="Why?").click()
    expect(luis.page.get_by_role("dialog")).to_be_visible()
    luis.page.context.clear_cookies()
    luis.page.get_by_role("dialog").get_by_role("button", name="Ask").click()
    expect(luis.page.locator("#session-over")).to_be_visible()
    expect(luis.page.get_by_role("dialog")).to_have_count(0)
    assert luis.take_trouble() == []
