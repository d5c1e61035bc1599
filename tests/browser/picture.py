"""`python -m tests.browser.picture`: the pictures of docs/images, from the demo as it looks now."""

import sys
import tempfile
import time
from pathlib import Path

import click
from playwright.sync_api import Browser, ViewportSize

from bridge.domain.principals import PersonKind
from tests.browser.demo import RunningDemo, running_demo
from tests.browser.eyes import Eyes, chromium, eyes_on

IMAGES = Path(__file__).parents[2] / "docs" / "images"
ROUND_SECONDS = 34  # known clients, strangers and answers stand in the feed then
LARGEST_BYTES = 150 * 1024
_SIZE: ViewportSize = {"width": 1280, "height": 800}
_MIDDLE: ViewportSize = {"width": 1280, "height": 720}
_LOW: ViewportSize = {"width": 1280, "height": 580}
_PHONE: ViewportSize = {"width": 390, "height": 780}
_CLIENT = "Marta Ruiz"
_OTHERS = {
    "inbox": (PersonKind.PARTNER_USER, "petra@north.example", "/inbox"),
    "clients": (PersonKind.RESELLER_USER, "rita@norte.example", "/clients"),
}


def main() -> int:
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        running_demo(Path(folder)) as demo,
    ):
        time.sleep(ROUND_SECONDS)
        with eyes_on(browser, demo.url) as eyes:
            eyes.sign_in(demo.links["manager"])
            _of_the_house(eyes)
        for name, (kind, who, path) in _OTHERS.items():
            _of_others(browser, demo, name, path, demo.login(who, kind))
        demo.interrupt()
    sizes = {path.name: path.stat().st_size for path in sorted(IMAGES.glob("*.png"))}
    for name, size in sizes.items():
        click.echo(f"{name}: {size // 1024} KB")
    return 1 if max(sizes.values()) > LARGEST_BYTES else 0


def _of_the_house(eyes: Eyes) -> None:
    eyes.page.set_viewport_size(_MIDDLE)  # much text weighs much
    _take(eyes, "feed", "/feed")
    eyes.page.set_viewport_size(_SIZE)
    why = eyes.page.get_by_role("link", name="Why?").first.get_attribute("href")
    _take(eyes, "why", str(why))
    _take(eyes, "settings", "/settings/rules")
    _take(eyes, "people", "/settings/people")
    _take(eyes, "operations", "/operations")
    eyes.open("/conversations")
    chat = eyes.page.locator("a.chat").filter(has_text=_CLIENT).first.get_attribute("href")
    eyes.page.set_viewport_size(_LOW)
    _take(eyes, "conversation", str(chat))
    eyes.page.set_viewport_size(_PHONE)
    eyes.page.emulate_media(color_scheme="dark")
    eyes.open("/conversations")
    _take(eyes, "phone", str(chat).partition("#")[0])


def _of_others(browser: Browser, demo: RunningDemo, name: str, path: str, link: str) -> None:
    with eyes_on(browser, demo.url) as eyes:
        eyes.page.set_viewport_size(_SIZE)
        eyes.page.goto(link)
        eyes.page.get_by_role("button", name="Sign in").click()
        eyes.page.wait_for_load_state()
        _take(eyes, name, path)


def _take(eyes: Eyes, name: str, path: str) -> None:
    eyes.open(path)
    eyes.page.evaluate("document.fonts.ready")
    eyes.page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
