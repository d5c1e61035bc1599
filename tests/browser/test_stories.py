"""Readers at their work in a browser: each in other languages, on a phone and at a desk."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from bridge.domain.names import EmployeeId
from bridge.store.engine import writing
from bridge.store.sessions import create_login_link
from bridge.web.languages import LANGUAGE_COOKIE, catalogue
from tests.browser.eyes import Eyes, eyes_on
from tests.domain.reselling.building import RITA
from tests.serving import served
from tests.web.conftest import world as world
from tests.web.reselling import with_resellers
from tests.web.world import ANA, World

PHONE = "+34600111222"
Said = Callable[[str], str]


def signs_in(world: World, eyes: Eyes, kind: str, who: EmployeeId, language: str) -> Said:
    """He reads in this language from the first page on; the answer looks up what it says."""
    eyes.page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": eyes.url}])
    with writing(world.engine) as db:
        token = create_login_link(db, f"{kind}:{who}", world.now)
    said: Said = catalogue(language).gettext
    eyes.page.goto(f"{eyes.url}/login/{token}")
    expect(eyes.page.locator("html")).to_have_attribute("lang", language)
    eyes.page.get_by_role("button", name=said("Sign in"), exact=True).click()
    return said


def at_a_glance(eyes: Eyes, language: str) -> None:
    """Each page: in his language, within the window, everything with a name."""
    expect(eyes.page.locator("html")).to_have_attribute("lang", language)
    assert (eyes.unnamed(), eyes.overflow()) == ([], 0), eyes.page.url


def goes_to(page: Page, said: Said, label: str, width: int) -> None:
    """By the menu, which a phone keeps behind a button."""
    if width < 1000:
        page.get_by_role("link", name=said("Menu"), exact=True).click()
    page.get_by_role("navigation").get_by_role("link", name=said(label)).first.click()


WIDTHS = pytest.mark.parametrize("width", [390, 1440])
LANGUAGES = pytest.mark.parametrize("language", ["es", "de"])


@WIDTHS
@LANGUAGES
def test_support_answers_and_reads_why(
    browser: Browser, world: World, language: str, width: int
) -> None:
    """From the list to the conversation, the answer, the activity and the reasons of it."""
    world.client("Marta Ruiz", PHONE, ANA, deal_of=ANA)
    world.writes(PHONE, "Is the offer still valid?")
    with served(world.app) as url, eyes_on(browser, url) as eyes:
        page = eyes.page
        eyes.look("light", width)
        said = signs_in(world, eyes, "employee", ANA, language)
        page.wait_for_url("**/conversations")
        at_a_glance(eyes, language)
        page.locator("a.chat").filter(has_text="Marta Ruiz").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Marta Ruiz")
        page.get_by_label(said("Your answer"), exact=True).fill("Yes, until Friday.")
        page.get_by_role("button", name=said("Send"), exact=True).click()
        expect(page.locator(".bubble.out")).to_contain_text("Yes, until Friday.")
        at_a_glance(eyes, language)
        page.goto(f"{url}/feed")
        at_a_glance(eyes, language)
        entry = page.locator("li.entry").filter(has_text="Is the offer still valid?")
        entry.get_by_role("link", name=said("Why?"), exact=True).click()
        drawer = page.get_by_role("dialog", name=said("Why it went so"), exact=True)
        expect(drawer.get_by_role("heading", level=1)).to_contain_text("Ana Ruiz")
        at_a_glance(eyes, language)
        drawer.get_by_role("button", name=said("Close"), exact=True).click()
        expect(drawer).to_have_count(0)
        assert (eyes.take_trouble(), eyes.take_refused()) == ([], [])


@WIDTHS
@LANGUAGES
def test_a_reseller_adds_a_client_and_suspends_him(
    browser: Browser, world: World, language: str, width: int
) -> None:
    """RSL-01, RSL-09: the list, a new client, his page, and back by the menu."""
    with_resellers(world)
    with served(world.app) as url, eyes_on(browser, url) as eyes:
        page = eyes.page
        eyes.look("dark", width)
        said = signs_in(world, eyes, "reseller", RITA, language)
        page.wait_for_url("**/clients")
        at_a_glance(eyes, language)
        page.get_by_role("link", name=said("Add a client"), exact=True).first.click()
        page.get_by_label(said("Legal name"), exact=True).fill("Papeles del Norte SA")
        at_a_glance(eyes, language)
        page.get_by_role("button", name=said("Add"), exact=True).click()
        title = page.get_by_role("heading", level=1)
        expect(title).to_contain_text("Papeles del Norte SA")
        expect(title).to_contain_text(said("active"))
        at_a_glance(eyes, language)
        page.get_by_role("button", name=said("Suspend"), exact=True).click()
        expect(title).to_contain_text(said("suspended"))
        goes_to(page, said, "Clients", width)
        expect(page.get_by_role("row", name="Papeles del Norte SA")).to_contain_text(
            said("suspended")
        )
        at_a_glance(eyes, language)
        assert (eyes.take_trouble(), eyes.take_refused()) == ([], [])
