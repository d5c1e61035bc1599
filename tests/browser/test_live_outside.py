"""A partner's open page: what is offered shows by itself, also what came while the server was dead
(PRM-24)."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from bridge.store.engine import open_engine, writing
from bridge.store.sessions import open_session
from tests.browser.eyes import eyes_on
from tests.domain.partner_building import MARTA, PABLO, PETRA, lead
from tests.ports import free_port
from tests.web.programme import api, programme
from tests.web.test_streams_served import serving
from tests.web.world import World

PATIENCE = 120_000
_LISTENS = """() => {
  window.told = [];
  const note = (one) => window.told.push(`${one.textContent} ${one.getAttribute("href")}`);
  new MutationObserver((all) => all.forEach((each) => each.addedNodes.forEach(note)))
    .observe(document.getElementById("news"), { childList: true });
}"""
"""What was told vanishes after a while: this page remembers it, and that it was never reloaded."""


@pytest.fixture
def house(sqlite_url: str) -> Iterator[World]:
    engine = open_engine(sqlite_url)
    world = World(engine)
    world.now = datetime.now(UTC)
    programme(world, lead(1), lead(2))
    yield world
    engine.dispose()


def give(world: World, number: int, to: str = PETRA) -> None:
    where = f"/partners/leads/{lead(number).id}/assign"
    assert api(world, MARTA).post(where, {"to": {"user": to}}).status == 200


def test_a_page_goes_on_after_a_crash_with_what_came_between(
    house: World, sqlite_url: str, browser: Browser
) -> None:
    """Nothing is reloaded: the lead in its place, the number in the menu and in the tab. What was
    told of a lead that is his no longer counts no more."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with writing(house.engine) as db:
        token = open_session(db, f"partner:{PETRA}", house.now)
    with eyes_on(browser, url) as eyes:
        page = eyes.page
        page.context.add_cookies([{"name": "bridge_session", "value": token, "url": url}])
        with serving(sqlite_url, "programme", port=port) as (_, process):
            page.goto(f"{url}/inbox")
            page.evaluate(_LISTENS)
            give(house, 1)
            expect(page.locator("#offered")).to_contain_text("Lea 1", timeout=PATIENCE)
            expect(page.locator('[data-count="offered"]')).to_contain_text("1", timeout=PATIENCE)
            expect(page).to_have_title("(1) Inbox · bridge", timeout=PATIENCE)
            process.kill()
            process.wait()
        give(house, 2)
        give(house, 1, PABLO)
        with serving(sqlite_url, "programme", port=port):
            expect(page.locator("#offered")).to_contain_text("Lea 2", timeout=PATIENCE)
            expect(page.locator("#offered")).not_to_contain_text("Lea 1", timeout=PATIENCE)
            expect(page).to_have_title("(2) Inbox · bridge", timeout=PATIENCE)
            page.wait_for_function("() => window.told.length === 3", timeout=PATIENCE)
            assert page.evaluate("() => window.told") == [
                f"A lead is offered to you · Lea 1 /inbox/{lead(1).id}",
                f"A lead is offered to you · Lea 2 /inbox/{lead(2).id}",
                "A lead of yours was given to somebody else /inbox",
            ]
        eyes.take_trouble()  # the connections that were refused meanwhile
