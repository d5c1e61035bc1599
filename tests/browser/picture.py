"""`python -m tests.browser.picture`: the pictures of docs/images, from demo and test house."""

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from playwright.sync_api import Browser, ViewportSize

from bridge.store.engine import open_engine, writing
from bridge.store.migrations import migrate
from bridge.store.sessions import create_login_link
from tests.browser.demo import running_demo
from tests.browser.eyes import Eyes, chromium, eyes_on
from tests.domain.reselling.building import RITA
from tests.serving import served
from tests.web.reselling import add, as_user, with_resellers
from tests.web.world import World

IMAGES = Path(__file__).parents[2] / "docs" / "images"
ROUND_SECONDS = 34  # known clients, strangers and answers stand in the feed then
LARGEST_BYTES = 150 * 1024
_SIZE: ViewportSize = {"width": 1280, "height": 800}
_LOW: ViewportSize = {"width": 1280, "height": 600}
_CLIENTS = {
    "Papeles del Norte SA": "basic",
    "Muebles Pérez SA de CV": "pro",
    "Café Sol y Luna": "forever",
    "Ferretería Robles": "basic",
    "Imprenta Río Verde": "pro",
}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        _of_the_demo(browser, Path(folder))
        _of_clients(browser, Path(folder))
    sizes = {path.name: path.stat().st_size for path in sorted(IMAGES.glob("*.png"))}
    for name, size in sizes.items():
        click.echo(f"{name}: {size // 1024} KB")
    return 1 if max(sizes.values()) > LARGEST_BYTES else 0


def _of_the_demo(browser: Browser, folder: Path) -> None:
    with running_demo(folder) as demo, eyes_on(browser, demo.url) as eyes:
        time.sleep(ROUND_SECONDS)
        eyes.sign_in(demo.links["manager"])
        eyes.page.set_viewport_size(_SIZE)
        _take(eyes, "feed", "/feed")
        why = eyes.page.get_by_role("link", name="Why?").first.get_attribute("href")
        _take(eyes, "why", str(why))
        eyes.open("/conversations")
        chat = eyes.page.locator("a.chat").filter(has_text="Marta Ruiz").get_attribute("href")
        eyes.page.set_viewport_size(_LOW)  # three columns of text weigh much
        _take(eyes, "conversation", str(chat))
        eyes.page.set_viewport_size(_SIZE)
        _take(eyes, "settings", "/settings/rules")
        _take(eyes, "operations", "/operations")
        demo.interrupt()


def _of_clients(browser: Browser, folder: Path) -> None:
    url = f"sqlite:///{folder / 'clients.sqlite3'}"
    migrate(url)
    engine = open_engine(url)

    world = with_resellers(World(engine))
    world.now = datetime.now(UTC)
    rita = as_user(world)
    for name, plan in _CLIENTS.items():
        add(rita, legal_name=name, plan=plan)
    with writing(engine) as db:
        token = create_login_link(db, f"reseller:{RITA}", world.now)
    with served(world.app) as address, eyes_on(browser, address) as eyes:
        eyes.page.goto(f"{address}/login/{token}")
        eyes.page.get_by_role("button", name="Sign in").click()
        eyes.page.wait_for_url("**/clients")
        eyes.page.set_viewport_size(_SIZE)
        _take(eyes, "clients", "/clients")
    engine.dispose()


def _take(eyes: Eyes, name: str, path: str) -> None:
    eyes.open(path)
    eyes.page.evaluate("document.fonts.ready")
    eyes.page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
