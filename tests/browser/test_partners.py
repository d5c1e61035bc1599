"""The partner programme in a browser: a partner takes and answers, a manager gives leads out."""

import os
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from bridge.domain.partner_leads import LeadState
from bridge.store.engine import writing
from bridge.store.sessions import create_login_link
from tests.browser.eyes import Eyes, eyes_on
from tests.domain.partner_building import MARTA, PETRA, Q1, lead, offered, queued
from tests.serving import served
from tests.web.conftest import world as world
from tests.web.programme import principal, programme, stored
from tests.web.world import World

SHOTS = os.environ.get("BRIDGE_TEST_SHOTS", "")


def shot(eyes: Eyes, name: str) -> None:
    if SHOTS:
        eyes.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def sign_in(world: World, page: Page, url: str, who: str) -> None:
    with writing(world.engine) as db:
        token = create_login_link(db, who, world.now)
    page.goto(f"{url}/login/{token}")
    page.get_by_role("button", name="Sign in").click()


def test_a_partner_takes_accepts_and_declines(browser: Browser, world: World) -> None:
    """PRM-13, PRM-24: each button pressed twice does it once."""
    programme(world, offered(PETRA, 1), offered(PETRA, 2), queued(Q1, 3))
    with served(world.app) as url, eyes_on(browser, url) as eyes:
        page = eyes.page
        sign_in(world, page, url, principal(PETRA))
        page.wait_for_url("**/inbox")
        shot(eyes, "inbox")
        assert (eyes.unnamed(), eyes.overflow()) == ([], 0)
        page.get_by_role("button", name="Take").dblclick()
        expect(page.get_by_role("button", name="Take")).to_have_count(0)
        page.goto(f"{url}/inbox/{lead(1).id}")
        page.get_by_role("button", name="Accept").dblclick()
        expect(page.get_by_role("button", name="Accept")).to_have_count(0)
        page.goto(f"{url}/inbox/{lead(2).id}")
        page.get_by_label("Why you decline it").fill("outside of our region")
        shot(eyes, "lead")
        page.get_by_role("button", name="Decline").dblclick()
        expect(page.get_by_role("button", name="Decline")).to_have_count(0)
        page.goto(f"{url}/inbox")
        expect(page.locator("#offered")).to_contain_text("Nothing is offered to you")
        expect(page.locator("#accepted li.lead")).to_have_count(2)
        eyes.look("light", 390)
        shot(eyes, "inbox-phone")
        assert eyes.overflow() == 0
        assert eyes.take_trouble() == []
    assert [stored(world, lead(n)).holder.is_user(PETRA) for n in (1, 2, 3)] == [True, False, True]
    assert stored(world, lead(1)).state is LeadState.ACCEPTED


def test_a_manager_gives_leads_out_in_bulk(browser: Browser, world: World) -> None:
    """PRM-16, PRM-17, PRM-25: tried first, then done, then undone."""
    programme(world, queued(Q1, 1), queued(Q1, 2), queued(Q1, 3))
    with served(world.app) as url, eyes_on(browser, url) as eyes:
        page = eyes.page
        sign_in(world, page, url, principal(MARTA))
        page.goto(f"{url}/partners/leads")
        shot(eyes, "leads")
        assert (eyes.unnamed(), eyes.overflow()) == ([], 0)
        for box in page.locator("input[name=lead]").all()[:2]:
            box.check()
        page.get_by_label("Kind of new owner").select_option("partner_user")
        page.get_by_role("button", name="Go on…").click()
        page.locator("select[name=to]").select_option(PETRA)
        shot(eyes, "bulk")
        page.get_by_role("button", name="Say what would happen").click()
        expect(page.get_by_role("button", name="Give them out")).to_be_visible()
        shot(eyes, "tried")
        assert not stored(world, lead(1)).holder.is_user(PETRA)
        page.get_by_role("button", name="Give them out").dblclick()
        expect(page.get_by_role("button", name="Undo")).to_be_visible()
        shot(eyes, "done")
        held = [stored(world, lead(n)).holder.is_user(PETRA) for n in (1, 2, 3)]
        assert sum(held) == 2
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("button", name="Undo")).to_have_count(0)
        for name in ("report", "queues", "accounts", "programme"):
            page.goto(f"{url}/partners/{name}")
            shot(eyes, name)
            assert (eyes.unnamed(), eyes.overflow()) == ([], 0)
        assert eyes.take_trouble() == []
    assert not any(stored(world, lead(n)).holder.is_user(PETRA) for n in (1, 2, 3))
