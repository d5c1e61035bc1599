"""A real browser looks at what clients wrote, admins configured and visitors asked for: nothing of
it runs (S14)."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest
from playwright.sync_api import Dialog

from bridge.domain.events import MessageReceived
from bridge.domain.messaging import Media, MediaKind
from bridge.domain.names import EventKey
from bridge.domain.policy import ClientCondition, Rule, Target, When
from bridge.store.engine import writing
from bridge.store.sessions import open_session
from tests.browser.eyes import Eyes, chromium, eyes_on
from tests.serving import served
from tests.web.asking import api
from tests.web.world import LUIS, SALES, WA, World

PHONE, OTHER = "+34600111222", "+34600111333"
# What would run where markup, an attribute, a template, a style, an address or a comment is meant.
EVILS = (
    "<script>alert(1);window.hacked=1</script>",
    '"><img src=x onerror="alert(2);window.hacked=2">',
    "'><svg onload='alert(3);window.hacked=3'>",
    "{{7*7}}{% print(7*7) %}${7*7}<%= 7*7 %>",
    "</textarea></title></style></script><iframe srcdoc='<script>parent.hacked=4</script>'>",
    "--><details open ontoggle=alert(5)>",
    "\u2028\u202e<math><mtext></form><form><mglyph><style></math><img src onerror=alert(6)>",
)
EVIL = " ".join(EVILS)
_SCRIPTS = """() => [...document.scripts].map(one => one.getAttribute('src'))"""
_ALIEN = """() => [...document.querySelectorAll('iframe, object, embed, svg, math, img, base, meta,'
  + '[onerror], [onload], [ontoggle], [onclick], a[href^="javascript" i], [style], [srcdoc]')]
  .filter(one => !(one.tagName === 'META' && !one.httpEquiv))
  .filter(one => !one.matches('section.talk')
    || !/^--composer: \\d+px;$/.test(one.getAttribute('style')))
  .filter(one => !(one.tagName === 'IMG' && one.getAttribute('src').startsWith('/static/')))
  .filter(one => !one.matches('svg.icon:not([onload]):not([style])') || one.children.length !== 1
    || !one.firstElementChild.matches('use[href^="/static/icons.svg"]'))
  .map(one => one.outerHTML)"""


@pytest.fixture
def infested(world: World) -> World:
    """Evil in each place that somebody else fills."""
    sales = replace(world.policy.channels[SALES], label=EVIL)
    to = (Target(employee=LUIS),)
    rule = Rule(id="r1", label=EVIL, when=When(client=ClientCondition.NEW), to=to)
    channels = {**world.policy.channels, SALES: sales}
    world.policy = replace(world.policy, channels=channels, rules=(rule,))
    world.client(EVIL, PHONE, LUIS, deal_of=LUIS)
    for evil in EVILS:
        world.writes(OTHER, evil)
    files = [
        Media(kind=MediaKind.DOCUMENT, url="javascript:alert(7)", name=EVIL),
        Media(kind=MediaKind.IMAGE, url="data:text/html,<script>alert(8)</script>", name=EVIL),
        Media(kind=MediaKind.IMAGE, url=f"https://x.example/{EVIL}", name=EVIL),
    ]
    world.happens(
        MessageReceived(
            event_key=EventKey("evil"),
            occurred_at=world.now,
            account=WA,
            chat=replace(world.chat(PHONE), name=EVIL, username=EVIL),
            message_id="evil",
            text=EVIL,
            media=tuple(files),
        )
    )
    return world


def pages(world: World) -> Iterator[str]:
    luis = api(world, LUIS)
    yield from ("/conversations", "/feed", "/feed?all=1", "/notifications", "/dead-letters")
    for chat in luis.all("/conversations"):
        yield f"/conversations/{chat['id']}"
        yield f"/conversations/new?contact={quote(EVIL)}"
    for entry in luis.all("/timeline")[:3]:
        yield f"/events/{entry['event']}?why_not={quote(EVIL)}"
    for evil in EVILS:
        odd = quote(evil, safe="")
        yield from (f"/conversations?q={odd}", f"/conversations/{odd}", f"/{odd}", f"/login/{odd}")


@pytest.mark.browser
def test_s14_nothing_that_somebody_else_wrote_runs(infested: World) -> None:
    with writing(infested.engine) as db:
        token = open_session(db, f"employee:{LUIS}", infested.now)
    seen = 0
    with served(infested.app) as url, chromium() as browser, eyes_on(browser, url) as eyes:
        dialogs = heard(eyes)
        eyes.page.context.add_cookies([{"name": "bridge_session", "value": token, "url": url}])
        for page in pages(infested):
            assert eyes.open(page) in (200, 400, 404), page
            check(eyes, page)
            seen += EVILS[0] in eyes.page.inner_text("body")
    assert dialogs == []
    assert seen >= 5  # what was written stood there, as the text that it is


def heard(eyes: Eyes) -> list[str]:
    """What dialogs say, from now on."""
    said: list[str] = []

    def hear(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    eyes.page.on("dialog", hear)
    return said


def check(eyes: Eyes, page: str) -> None:
    assert eyes.page.evaluate("() => window.hacked") is None, page
    sources = eyes.page.evaluate(_SCRIPTS)
    assert [source for source in sources if not (source or "").startswith("/static/")] == [], page
    assert eyes.page.evaluate(_ALIEN) == [], page
    assert eyes.take_trouble() == [], page


@pytest.mark.browser
def test_s14_the_browser_would_have_told(world: World) -> None:
    """The control: where a page does hold such markup, every one of these looks sees it."""
    with chromium() as browser, eyes_on(browser, "") as eyes:
        dialogs = heard(eyes)
        eyes.page.set_content(f"<body>{''.join(EVILS[:3])}</body>")
        assert dialogs != []
        assert eyes.page.evaluate("() => window.hacked") is not None
        assert None in eyes.page.evaluate(_SCRIPTS)
        assert len(eyes.page.evaluate(_ALIEN)) >= 2
