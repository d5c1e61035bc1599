"""Every page that opens to somebody, looked at by axe: wide and light, on a phone and dark."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from werkzeug.routing import Rule

from bridge.store.engine import writing
from bridge.store.sessions import create_login_link
from tests.browser.accessible import complaints
from tests.browser.eyes import Eyes, eyes_on
from tests.domain.partner_building import MARTA, PETRA, Q1, lead, offered, queued
from tests.domain.reselling.building import RITA
from tests.serving import served
from tests.web.conftest import world as world
from tests.web.programme import principal, programme
from tests.web.reselling import add, as_user, with_resellers
from tests.web.world import ANA, LUIS, World

PHONE = "+34600111222"
NO_PAGE = re.compile(
    r"^/(api|hooks|media|static|metrics|healthz|readyz)|export|download|\.(csv|json)$"
)
LOOKS = [("light", 1440), ("dark", 390)]


def addresses(world: World, **named: str) -> list[str]:
    """Of all pages of the URL map whose parts are named here; the others take no part."""
    found = []
    for rule in world.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not NO_PAGE.search(rule.rule):
            found.append(_filled(rule, named))
    return sorted({address for address in found if address and "<" not in address})


def _filled(rule: Rule, named: dict[str, str]) -> str:
    known = {begin: value for begin, value in named.items() if rule.rule.startswith(f"/{begin}/<")}
    value = next(iter(known.values()), "")
    return re.sub(r"<[^>]+>", value, rule.rule, count=1) if value else rule.rule


def sign_in(world: World, eyes: Eyes, who: str) -> None:
    with writing(world.engine) as db:
        token = create_login_link(db, who, world.now)
    eyes.page.goto(f"{eyes.url}/login/{token}")
    eyes.page.get_by_role("button").first.click()
    eyes.page.wait_for_load_state()


def against(browser: Browser, world: World, who: str, pages: list[str]) -> Iterator[str]:
    with served(world.app) as url, eyes_on(browser, url) as eyes:
        sign_in(world, eyes, who)
        looked_at = 0
        for scheme, width in LOOKS:
            eyes.look(scheme, width)
            for address in pages:
                if eyes.open(address) != 200:
                    continue
                looked_at += 1
                yield from (f"{address} {scheme}: {said}" for said in complaints(eyes.page))
                if eyes.overflow() > 0:
                    yield f"{address} {scheme}: is {eyes.overflow()} pixels too wide"
        assert looked_at >= 2 * min(5, len(pages))


def test_the_pages_of_a_manager(browser: Browser, world: World) -> None:
    world.client("Marta", PHONE, ANA, deal_of=ANA)
    chat = world.writes(PHONE, "hello there")
    world.writes("+34600111333", "who is there?")
    event = world.signed_in(LUIS).get("/feed").text
    (name, *_) = re.findall(r'href="/events/([^"?]+)', event)
    pages = addresses(world, conversations=str(chat), events=name)
    assert len(pages) > 20
    assert list(against(browser, world, f"employee:{LUIS}", pages)) == []


def test_the_pages_of_partners(browser: Browser, world: World) -> None:
    programme(world, offered(PETRA, 1), queued(Q1, 2), lead(3))
    inbox = ["/inbox", f"/inbox/{lead(1).id}", "/activity", "/notifications", "/account"]
    assert list(against(browser, world, principal(PETRA), inbox)) == []
    pages = addresses(world)
    ours = [one for one in pages if one.startswith("/partners")]
    found = against(browser, world, principal(MARTA), [*ours, f"/partners/leads/{lead(1).id}"])
    assert list(found) == []


def test_the_pages_of_a_reseller(browser: Browser, world: World) -> None:
    with_resellers(world)
    client = add(as_user(world), legal_name="Papeles & Co")["id"]
    pages = ["/clients", "/clients/new", "/clients/import", f"/clients/{client}", "/activity"]
    assert list(against(browser, world, f"reseller:{RITA}", pages)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_who_is_signed_out(browser: Browser, world: World, scheme: str) -> None:
    with served(world.app) as url, eyes_on(browser, url) as eyes:
        eyes.look(scheme, 390)
        for address in ("/login", "/nowhere"):
            eyes.open(address)
            assert (complaints(eyes.page), eyes.overflow()) == ([], 0), address
