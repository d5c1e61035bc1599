"""A browser, and a page that remembers everything that went wrong in it."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.lanes import BY_NAME

WAIT_MILLISECONDS = 120_000
_UNNAMED = """() => [...document.querySelectorAll('input, select, textarea, button, a, summary')]
  .filter(one => one.type !== 'hidden')
  .filter(one => !(one.labels && [...one.labels].some(label => label.textContent.trim())))
  .filter(one => !one.getAttribute('aria-label') && !one.textContent.trim())
  .map(one => one.outerHTML)"""
_FOCUSED = "() => document.activeElement.name || document.activeElement.textContent.trim()"
_BEGINNING = re.compile(r"/(conversations|welcome)$")
_OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass(slots=True)
class Eyes:
    """One person's browser window. `trouble` is what the console said, violations of the page's
    Content-Security-Policy among it; `refused` are the answers of 400 and above, in order."""

    page: Page
    url: str
    trouble: list[str] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self._hear(message))
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("response", lambda answer: self._note(answer.status, answer.url))

    def open(self, path: str) -> int:
        """The status of the answer."""
        answer = self.page.goto(self.url + path)
        assert answer is not None
        return answer.status

    def unnamed(self) -> list[str]:
        """What can be used but has no name that a screen reader could say."""
        found: list[str] = self.page.evaluate(_UNNAMED)
        return found

    def overflow(self) -> int:
        """How many pixels the page is wider than the window."""
        return int(self.page.evaluate(_OVERFLOW))

    def sign_in(self, link: str) -> None:
        self.page.goto(link)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(_BEGINNING)

    def look(self, scheme: str, width: int) -> None:
        """At light or dark colours, in a window of this width."""
        self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        self.page.set_viewport_size({"width": width, "height": 900})

    def is_dark(self) -> bool:
        ground = str(self.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        return sum(map(int, re.findall(r"\d+", ground)[:3])) < 3 * 128

    def focused(self) -> str:
        """The name attribute of what has the focus, or else its text."""
        return str(self.page.evaluate(_FOCUSED))

    def take_trouble(self) -> list[str]:
        """What was collected so far, which is forgotten then."""
        found, self.trouble = self.trouble, []
        return found

    def take_refused(self) -> list[tuple[int, str]]:
        found, self.refused = self.refused, []
        return found

    def _hear(self, message: ConsoleMessage) -> None:
        # A refused address is told in `refused`; the console only repeats it.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.trouble.append(message.text)

    def _note(self, status: int, url: str) -> None:
        if status >= 400:
            self.refused.append((status, url.removeprefix(self.url)))


@contextmanager
def chromium() -> Iterator[Browser]:
    program = BY_NAME["browser"].program()
    assert program is not None  # tests without it never get here
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses root otherwise
    expect.set_options(timeout=WAIT_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def eyes_on(browser: Browser, url: str) -> Iterator[Eyes]:
    """A window with cookies of its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(WAIT_MILLISECONDS)
    try:
        yield Eyes(context.new_page(), url)
    finally:
        context.close()
