"""The frame of all pages: language, zone, colours, the menu, the files that browsers keep."""

import re

import pytest

from bridge.domain.names import ConversationId
from bridge.web import static_files
from bridge.web.addresses import own_page
from tests.web.browsing import csrf
from tests.web.icons import names
from tests.web.world import ANA, LUIS, QA, World

TEMPLATES = static_files.FOLDER.parent / "templates"
PAGES = "/conversations"


@pytest.fixture
def chat(world: World) -> ConversationId:
    world.client("Marta", "+34600111222", ANA)
    return world.writes("+34600111222", "hello there")


def test_a_page_speaks_the_browsers_language_until_the_reader_chooses(world: World) -> None:
    browser = world.signed_in(LUIS)
    for asked, shown in (
        ("de-AT,de;q=0.9", "de"),
        ("fr, es;q=0.4", "es"),
        ("fr", "en"),
        ("", "en"),
    ):
        page = browser.get(PAGES, headers={"Accept-Language": asked}).text
        assert f'<html lang="{shown}"' in page
    form = {"csrf": csrf(browser.get(PAGES).text), "language": "es", "next": PAGES}
    assert browser.post("/look", data=form).headers["Location"] == PAGES
    page = browser.get(PAGES, headers={"Accept-Language": "de"}).text
    assert '<html lang="es"' in page


@pytest.mark.parametrize("sent", [{"language": "xx"}, {"scheme": "pink"}, {"zone": "Mars/Base"}])
def test_what_is_not_known_is_not_kept(world: World, sent: dict[str, str]) -> None:
    browser = world.signed_in(LUIS)
    form = {"csrf": csrf(browser.get(PAGES).text), **sent}
    answer = browser.post("/look", data=form)
    assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (303, [])
    browser.set_cookie(f"bridge_{next(iter(sent))}", next(iter(sent.values())))
    page = browser.get(PAGES).text
    assert '<html lang="en" data-zone="UTC" data-me=' in page


def test_how_pages_look_is_changed_by_nobody_else(world: World) -> None:
    browser = world.signed_in(LUIS)
    assert browser.post("/look", data={"csrf": "0" * 64, "language": "es"}).status_code == 403
    assert world.signed_in(QA).post("/look", data={"language": "es"}).status_code == 403


@pytest.mark.parametrize(
    "given",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:x",
        "x",
        "",
        "/logout",
        "/feed\r\nX-Other: 1",
        "/" + "x" * 2000,
    ],
)
def test_nobody_is_led_elsewhere(world: World, given: str) -> None:
    assert own_page(given) == ""
    browser = world.signed_in(LUIS)
    form = {"csrf": csrf(browser.get(PAGES).text), "language": "es", "next": given}
    assert browser.post("/look", data=form).headers["Location"] == "/"


@pytest.mark.parametrize("given", ["/feed?source=wazzup&all=1", "/feed?"])
def test_one_is_led_back_with_the_query(world: World, given: str) -> None:
    browser = world.signed_in(LUIS)
    form = {"csrf": csrf(browser.get(PAGES).text), "language": "es", "next": given}
    assert browser.post("/look", data=form).headers["Location"] == given.rstrip("?")


def test_times_are_the_readers(world: World, chat: ConversationId) -> None:
    browser = world.signed_in(LUIS)
    assert ">15:06 UTC</time>" in browser.get(PAGES).text
    browser.set_cookie("bridge_zone", "Asia/Kolkata")
    assert ">20:36</time>" in browser.get(PAGES).text
    world.later(minutes=24 * 60)
    browser = world.signed_in(LUIS)
    browser.set_cookie("bridge_zone", "Asia/Kolkata")
    browser.set_cookie("bridge_language", "de")
    assert ">4. März, 20:36</time>" in browser.get(PAGES).text


def test_the_menu_offers_each_what_opens_to_him(world: World) -> None:
    for who in (LUIS, ANA, QA):
        browser = world.signed_in(who)
        page = browser.get(PAGES).text
        menu = page[page.index('id="menu"') : page.index("</nav>")]
        addresses = re.findall(r'href="(/[^"]*)"', menu)
        assert addresses
        assert [browser.get(address).status_code for address in addresses] == [200] * len(addresses)
        assert menu.count('aria-current="page"') == 1


def test_a_browser_asks_once_for_a_file_and_gets_it_packed(world: World) -> None:
    browser = world.signed_in(LUIS)
    address = static_files.address("bridge.css")
    with browser.get(address, headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "immutable" in packed.headers["Cache-Control"]
        again = {"If-None-Match": packed.headers["ETag"], "Accept-Encoding": "gzip"}
    assert browser.get(address, headers=again).status_code == 304
    with browser.get("/static/bridge.css") as plain:
        assert "Content-Encoding" not in plain.headers
        assert "immutable" not in plain.headers["Cache-Control"]
    for name in ("nothing.css", "../app.py", "..%2fapp.py", "vendor"):
        assert browser.get(f"/static/{name}").status_code == 404


def test_every_icon_of_a_page_is_there() -> None:
    """By its name in the kit's macros, where it is written out."""
    words = "\n".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    shown = set(re.findall(r"icon\('([a-z0-9-]+)'", words))
    assert shown - set(names()) == set()
    assert shown


def test_no_page_is_styled_or_scripted_inline() -> None:
    for path in TEMPLATES.rglob("*.html"):
        said = path.read_text()
        assert not re.search(r'\sstyle="|\son[a-z]+="|<style|<script>|hx-on|javascript:', said), (
            path
        )
