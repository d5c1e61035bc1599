"""`python -m tests.browser.picture`: the README's picture of the activity feed, from the demo."""

import sys
import tempfile
import time
from pathlib import Path

import click
from playwright.sync_api import ViewportSize

from tests.browser.demo import running_demo
from tests.browser.eyes import Eyes, chromium, eyes_on

FEED = Path(__file__).parents[2] / "docs" / "images" / "feed.png"
ROUND_SECONDS = 34  # known clients, strangers and answers stand in the feed then
_SIZE: ViewportSize = {"width": 1280, "height": 800}


def main() -> int:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_demo(Path(folder)) as demo,
        chromium() as browser,
        eyes_on(browser, demo.url) as eyes,
    ):
        time.sleep(ROUND_SECONDS)
        eyes.sign_in(demo.links["manager"])
        eyes.page.set_viewport_size(_SIZE)
        _take(eyes)
        demo.interrupt()
    click.echo(f"{FEED}: {FEED.stat().st_size // 1024} KB")
    return 0


def _take(eyes: Eyes) -> None:
    eyes.open("/feed")
    eyes.page.evaluate("document.fonts.ready")
    eyes.page.screenshot(path=FEED)


if __name__ == "__main__":
    sys.exit(main())
