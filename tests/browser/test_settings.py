"""Settings in a browser: a rule moved, reviewed, saved and in the history; forms on every width."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bridge.store.engine import open_engine, writing
from bridge.store.sessions import create_login_link
from tests.browser.eyes import eyes_on
from tests.serving import served
from tests.web.settings_house import Configured, configured
from tests.web.world import LUIS, NORA

PAGES = ("people", "channels", "new-clients", "rules", "rules/mx", "pools", "notifications")


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[Configured]:
    opened = open_engine(sqlite_url)
    yield configured(opened, tmp_path / "config")
    opened.dispose()


def sign_in(house: Configured, page: Page, url: str) -> None:
    with writing(house.world.engine) as db:
        token = create_login_link(db, f"employee:{LUIS}", house.world.now)
    page.goto(f"{url}/login/{token}")
    page.get_by_role("button", name="Sign in").click()


def test_a_rule_is_moved_reviewed_saved_and_in_the_history(
    browser: Browser, house: Configured
) -> None:
    with served(house.world.app) as url, eyes_on(browser, url) as eyes:
        page = eyes.page
        sign_in(house, page, url)
        page.wait_for_url("**/welcome")  # nothing was ever said: a manager begins here
        page.get_by_role("link", name="Rules", exact=True).click()
        page.get_by_role("button", name="Move tg up").click()
        expect(page.locator(".rule h2").first).to_contain_text("tg")
        page.get_by_role("button", name="Review the change").click()
        page.wait_for_url("**/settings/review/*")
        expect(page.locator("main")).to_contain_text("Telegram is Ana's.")
        assert "- {id: tg" not in (house.path / "routing.yaml").read_text().partition("id: mx")[0]
        page.get_by_role("button", name="Save").first.click()
        page.wait_for_url("**/settings/changes/*")
        text = (house.path / "routing.yaml").read_text()
        assert text.index("id: tg") < text.index("id: mx")
        page.goto(f"{url}/settings/changes")
        expect(page.locator("main")).to_contain_text("Luis Gil")
        page.goto(f"{url}/settings/rules")
        expect(page.locator(".rule h2").first).to_contain_text("tg")
        assert eyes.take_trouble() == []


def test_a_rule_is_dragged_where_scripts_run(browser: Browser, house: Configured) -> None:
    with served(house.world.app) as url, eyes_on(browser, url) as eyes:
        page = eyes.page
        sign_in(house, page, url)
        page.goto(f"{url}/settings/rules")
        page.locator(".rule").nth(1).drag_to(
            page.locator(".rule").nth(0), target_position={"x": 60, "y": 4}
        )
        expect(page.locator(".rule h2").first).to_contain_text("tg")
        page.get_by_role("button", name="Review the change").click()
        page.wait_for_url("**/settings/review/*")
        assert eyes.take_trouble() == []


def test_every_field_has_a_name_and_nothing_is_wider_than_a_phone(
    browser: Browser, house: Configured
) -> None:
    with served(house.world.app) as url, eyes_on(browser, url) as eyes:
        sign_in(house, eyes.page, url)
        for width in (1440, 390):
            eyes.look("dark", width)
            for name in (*PAGES, "new-rule"):
                eyes.page.goto(f"{url}/settings/{name}")
                assert (name, eyes.unnamed(), eyes.overflow()) == (name, [], 0)
            eyes.page.goto(f"{url}/welcome")
            assert (eyes.unnamed(), eyes.overflow()) == ([], 0)
        assert eyes.take_trouble() == []


def test_without_a_script_a_preset_is_tried_on_and_reviewed(
    browser: Browser, house: Configured
) -> None:
    with (
        served(house.world.app) as url,
        browser.new_context(java_script_enabled=False) as context,
    ):
        page = context.new_page()
        sign_in(house, page, url)
        page.goto(f"{url}/settings/people")
        page.get_by_text("Begin with a typical team").click()
        page.get_by_role("button", name="Try on Classic sales").click()
        expect(page.locator(f'select[name="role:{NORA}"]')).to_have_value("salesperson")
        page.get_by_role("button", name="Review the change").click()
        expect(page.locator("main")).to_contain_text(NORA)
        assert NORA not in (house.path / "roles.yaml").read_text()
