"""One who reads the pages in his language, at his width, and keeps a picture of each."""

import os
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from bridge.web.languages import LANGUAGE_COOKIE, LANGUAGES, catalogue
from tests.browser.accessible import complaints
from tests.browser.eyes import Eyes

PICTURES = Path(
    os.environ.get("BRIDGE_TEST_PICTURES") or Path(__file__).parents[2] / "build" / "pictures"
)
PHONE_WIDTH = 390
# axe takes most of a second for a page; German has the longest words.
EXAMINED = "de"


@dataclass(slots=True)
class Reader:
    """`name` is what he is: support, admin, partner or reseller."""

    eyes: Eyes
    name: str
    language: str
    width: int
    taken: int = 0

    @property
    def page(self) -> Page:
        return self.eyes.page

    @property
    def mark(self) -> str:
        """What his own rows bear in their names."""
        return f"{self.language}{self.width}"

    @property
    def number(self) -> int:
        """The same as a number of two digits, for what has no name."""
        return 10 * (1 + list(LANGUAGES).index(self.language)) + (self.width <= PHONE_WIDTH)

    def said(self, text: str, **values: object) -> str:
        """What a page of his says for this English text, by the catalogue."""
        told = catalogue(self.language).gettext(text)
        return told % values if values else told

    def enter(self, link: str) -> None:
        """Signs in, reading in his language from the first page on."""
        self.page.context.add_cookies(
            [{"name": LANGUAGE_COOKIE, "value": self.language, "url": self.eyes.url}]
        )
        self.page.goto(link)
        expect(self.page.locator("html")).to_have_attribute("lang", self.language)
        self.button("Sign in").click()
        expect(self.page.locator("nav#menu")).to_have_count(1)

    def button(self, text: str, within: Locator | None = None, **values: object) -> Locator:
        place = self.page.locator("body") if within is None else within
        return place.get_by_role("button", name=self.said(text, **values), exact=True)

    def link(self, text: str, within: Locator | None = None, **values: object) -> Locator:
        place = self.page.locator("body") if within is None else within
        return place.get_by_role("link", name=self.said(text, **values), exact=True)

    def field(self, text: str, within: Locator | None = None, **values: object) -> Locator:
        place = self.page.locator("body") if within is None else within
        return place.get_by_label(self.said(text, **values), exact=True)

    def go_to(self, entry: str) -> None:
        """By the menu, which a phone keeps behind a button."""
        if self.width <= PHONE_WIDTH:
            self.link("Menu").click()
        menu = self.page.get_by_role("navigation", name=self.said("Main"), exact=True)
        menu.get_by_role("link", name=self.said(entry)).first.click()

    def looks(self, name: str) -> None:
        """At the page as it is: in his language, within the window, everything with a name and
        nothing in the way of anybody; a picture of it is kept."""
        expect(self.page.locator("html")).to_have_attribute("lang", self.language)
        self.page.evaluate("document.fonts.ready")
        self.taken += 1
        folder = PICTURES / f"{self.name}-{self.language}-{self.width}"
        folder.mkdir(parents=True, exist_ok=True)
        # Hiding the caret leaves a style attribute behind, which the page's policy does not take.
        path = folder / f"{self.taken:02}-{name}.png"
        self.page.screenshot(path=path, full_page=True, caret="initial")
        where = f"{name}, {self.page.url}"
        assert (self.eyes.unnamed(), self.eyes.overflow()) == ([], 0), where
        if self.language == EXAMINED:
            found = complaints(self.page)
            assert found == [], f"{where}: {found}"

    def was_refused(self, status: int) -> None:
        """As it should be; anything else that is refused fails the story."""
        assert [found for found, _ in self.eyes.take_refused()] == [status]

    def leaves(self) -> None:
        assert (self.eyes.take_trouble(), self.eyes.take_refused()) == ([], [])
