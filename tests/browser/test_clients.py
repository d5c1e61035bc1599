"""Resellers' clients in a real browser: added, helped along, suspended, imported from a table."""

import os
from pathlib import Path

from playwright.sync_api import Browser, expect

from bridge.store.engine import writing
from bridge.store.sessions import create_login_link
from tests.browser.eyes import Eyes, eyes_on
from tests.domain.reselling.building import RITA
from tests.serving import served
from tests.web.conftest import world as world
from tests.web.reselling import with_resellers
from tests.web.world import World

SHOTS = os.environ.get("BRIDGE_TEST_SHOTS", "")


def shot(eyes: Eyes, name: str) -> None:
    if SHOTS:
        eyes.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def test_a_resellers_user_looks_after_his_clients(
    browser: Browser, world: World, tmp_path: Path
) -> None:
    """RSL-01, RSL-08, RSL-09, RSL-12, RSL-19, RSL-24."""
    with_resellers(world)
    with writing(world.engine) as db:
        token = create_login_link(db, f"reseller:{RITA}", world.now)
    with served(world.app) as url, eyes_on(browser, url) as eyes:
        page = eyes.page
        page.goto(f"{url}/login/{token}")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/clients")
        page.get_by_role("link", name="Add a client").first.click()
        page.get_by_label("Legal name").fill("Papeles del Norte SA")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Papeles del Norte SA active")
        page.get_by_label("Units to add").fill("50")
        page.get_by_role("button", name="Add units").dblclick()
        expect(page.get_by_role("row", name="Units left 150")).to_have_count(1)
        shot(eyes, "client")
        assert (eyes.unnamed(), eyes.overflow()) == ([], 0)
        page.get_by_role("button", name="Suspend").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("suspended")
        expect(page.get_by_role("button", name="Add units")).to_have_count(0)
        file = tmp_path / "clients.csv"
        file.write_text("legal_name,plan\nUno SA,basic\nDos SA,unknown\n")
        page.goto(f"{url}/clients/import")
        page.get_by_label("File").set_input_files(file)
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_role("status").last).to_contain_text("1 would be added, 1 can't be")
        shot(eyes, "import")
        page.get_by_label("Import the right rows").check()
        page.get_by_role("button", name="Import").click()
        expect(page.get_by_role("status").last).to_contain_text("1 added")
        page.goto(f"{url}/clients")
        expect(page.get_by_role("row", name="Uno SA")).to_contain_text("active")
        shot(eyes, "clients")
        assert eyes.unnamed() == []
        eyes.look("light", 390)
        assert eyes.overflow() == 0
        assert eyes.take_trouble() == []
        assert eyes.take_refused() == []
